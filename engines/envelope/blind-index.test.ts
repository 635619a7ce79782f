import assert from 'node:assert/strict'
import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { blindIndex, indexVersion, versionedIndex } from './blind-index.ts'
import { canonicalContext } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'
import { generateDataKey } from './keys.ts'

const key = generateDataKey()
const scope = { tenant: 'tenant-1', purpose: 'contact.phone' }
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })

test('equal values have equal indexes of 32 bytes, different values different ones', () => {
  const index = blindIndex(key, scope)
  fc.assert(
    fc.property(name, name, (left, right) => {
      assert.equal(index(left).length, 32)
      assert.deepEqual(index(left), blindIndex(key, scope)(Buffer.from(left)))
      assert.equal(index(left).equals(index(right)), left === right)
    }),
  )
})

test('the same value has unrelated indexes under another tenant, purpose or key', () => {
  fc.assert(
    fc.property(fc.record({ tenant: name, purpose: name }), (other) => {
      fc.pre(other.tenant !== scope.tenant || other.purpose !== scope.purpose)
      assert.notDeepEqual(blindIndex(key, other)('sample'), blindIndex(key, scope)('sample'))
    }),
  )
  assert.notDeepEqual(blindIndex(generateDataKey(), scope)('sample'), blindIndex(key, scope)('sample'))
})

test('characters moved between tenant and purpose give another index', () => {
  const left = blindIndex(key, { tenant: 'ab', purpose: 'c' })
  const right = blindIndex(key, { tenant: 'a', purpose: 'bc' })
  assert.notDeepEqual(left('sample'), right('sample'))
})

test('an index is what the README says, computed here without this engine', () => {
  const raw = Buffer.alloc(32, 9)
  const info = canonicalContext(['surety.envelope/blind-index/1', scope.tenant, scope.purpose])
  const derived = Buffer.from(hkdfSync('sha256', raw, '', info, 32))
  const expected = createHmac('sha256', derived).update('sample').digest()
  assert.deepEqual(blindIndex(createSecretKey(raw), scope)('sample'), expected)
  assert.equal(expected.toString('hex'), 'aa2100662d9b8c323aad3dab6570069476cc6a600746365d00453af4d424b091')
})

test('ill-formed text, empty scopes and overlong scopes are refused', () => {
  assert.throws(() => blindIndex(key, scope)('\ud800'), new EnvelopeError('invalid-text'))
  for (const purpose of ['', 'p'.repeat(256)]) {
    assert.throws(() => blindIndex(key, { ...scope, purpose }), new EnvelopeError('invalid-context'))
  }
  const longest = blindIndex(key, { tenant: 't'.repeat(255), purpose: 'p'.repeat(255) })
  assert.equal(longest('sample').length, 32)
})

suite('an index under several versions of a key', () => {
  const moment = (seconds: number): Date => new Date(seconds * 1000)
  const version = fc.record({
    version: fc.integer({ min: 1, max: 65_535 }),
    from: fc.integer({ min: 0, max: 1000 }),
  })
  const several = fc.uniqueArray(version, { minLength: 1, maxLength: 5, selector: (one) => one.version })

  test('is stored under the newest version whose time has come, and looked up under every one', () => {
    fc.assert(
      fc.property(several, fc.integer({ min: 0, max: 1000 }), name, (given, at, value) => {
        const versions = given.map(({ version: number, from }) => ({
          version: number,
          key: generateDataKey(),
          writesFrom: moment(from),
        }))
        const lookUp = versionedIndex(versions, scope)(value, moment(at))
        const numbers = given.map((one) => one.version)
        const ripe = given.filter(({ from }) => from <= at).map((one) => one.version)
        assert.equal(indexVersion(lookUp[0]), ripe.length === 0 ? Math.min(...numbers) : Math.max(...ripe))
        assert.deepEqual(new Set(lookUp.map(indexVersion)), new Set(numbers))
        for (const one of lookUp) {
          const made = versions.find(({ version: number }) => number === indexVersion(one))
          assert.ok(made !== undefined && one.subarray(-32).equals(blindIndex(made.key, scope)(value)))
        }
      }),
    )
  })

  test('of one first version is the plain one, so that what was stored before versions is found', () => {
    const only = [{ version: 1, key, writesFrom: moment(0) }]
    assert.deepEqual(versionedIndex(only, scope)('sample', moment(0)), [blindIndex(key, scope)('sample')])
    assert.throws(() => versionedIndex([], scope), new EnvelopeError('invalid-keyring'))
  })

  test('bytes of another length have no version', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        assert.equal(indexVersion(bytes) !== null, bytes.length === 32 || bytes.length === 34)
      }),
    )
  })
})
