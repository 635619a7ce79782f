import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { permissions, type Permission } from './permission.ts'
import {
  bitsOf,
  bothOf,
  eitherOf,
  holds,
  namesOf,
  permissionSet,
  samePermissions,
  timedPermissionSet,
} from './permission-set.ts'

const ALL = Object.keys(permissions) as Permission[]
const some = fc.subarray(ALL)

suite('sets of permissions', () => {
  test('a compiled set answers as a plain set does, to every question', () => {
    fc.assert(
      fc.property(some, some, (one, other) => {
        const plain = new Set(one)
        const set = permissionSet(bitsOf(one))
        assert.equal(set.size, plain.size)
        assert.deepEqual(new Set(set), plain)
        for (const permission of ALL) assert.equal(set.has(permission), plain.has(permission))
        assert.deepEqual(new Set(namesOf(eitherOf(bitsOf(one), bitsOf(other)))), plain.union(new Set(other)))
        assert.deepEqual(
          new Set(namesOf(bothOf(bitsOf(one), bitsOf(other)))),
          plain.intersection(new Set(other)),
        )
        assert.equal(
          samePermissions(set, permissionSet(bitsOf(other))),
          plain.symmetricDifference(new Set(other)).size === 0,
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('policy 3.2-a: a name that is no permission allows nothing; there are no wildcards', () => {
    const hostile = ['*', 'conversation.*', '', 'constructor', '__proto__', 'PUBLIC', 'public ', 'toString']
    const bits = bitsOf(hostile)
    assert.deepEqual(namesOf(bits), [])
    for (const name of [...hostile, ...ALL]) assert.equal(holds(bits, name as Permission), false)
    assert.equal(holds(bitsOf(ALL), '*' as Permission), false)
  })

  test('policy 3.2-d: what is held until a moment counts one millisecond before it and never at it', () => {
    let now = 1_000
    const set = timedPermissionSet(
      [
        { bits: bitsOf(['public', 'rule.read']), until: null },
        { bits: bitsOf(['rule.read', 'policy.publish']), until: 2_000 },
      ],
      () => new Date(now),
    )
    now = 1_999
    assert.deepEqual([...set].toSorted(), ['policy.publish', 'public', 'rule.read'])
    assert.equal(set.size, 3)
    now = 2_000
    assert.equal(set.has('policy.publish'), false)
    assert.deepEqual([...set].toSorted(), ['public', 'rule.read'])
    assert.equal(set.size, 2)
  })
})
