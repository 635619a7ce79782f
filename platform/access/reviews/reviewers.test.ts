import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { assign, reviewersFor } from './reviewers.ts'
import { canonicalJson, comparedWith, isPrivileged, snapshotHash, type Grant } from './snapshot.ts'

const account = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const subject = fc.record({ account, role: fc.constantFrom('owner', 'admin', 'agent', null) })
const reviewer = fc.record({ account, role: fc.constantFrom('owner', 'admin') })
const reviewers = fc.uniqueArray(reviewer, { selector: (one) => one.account, maxLength: 5 })

const grant: Omit<Grant, 'change' | 'before'> = {
  kind: 'membership',
  account: 'a',
  target: 'a',
  role: 'agent',
  permissions: ['rule.read'],
  jobFunction: null,
  grantedBy: 'account b',
  grantedAt: '2026-01-30T12:00:00.000Z',
  expiresAt: null,
  lastUsedAt: null,
}

suite('reviewers and snapshots', () => {
  test('policy 3.2-b: nobody is ever given their own access to review, and nothing waits without need', () => {
    fc.assert(
      fc.property(fc.array(subject, { maxLength: 30 }), reviewers, (subjects, all) => {
        const assigned = assign(subjects, all)
        assert.equal(assigned.length, subjects.length)
        for (const [at, one] of subjects.entries()) {
          const chosen = assigned[at] ?? null
          assert.notEqual(chosen, one.account)
          const able = all.filter((other) => other.account !== one.account)
          assert.equal(chosen === null, able.length === 0)
        }
      }),
    )
  })

  test('policy 3.2-b: an owner is reviewed by another owner as long as there is one', () => {
    fc.assert(
      fc.property(account, reviewers, (who, all) => {
        const able = reviewersFor({ account: who, role: 'owner' }, all)
        const owners = all.filter((one) => one.role === 'owner' && one.account !== who)
        if (owners.length > 0) assert.ok(able.every((one) => one.role === 'owner'))
        assert.ok(able.every((one) => one.account !== who))
      }),
    )
  })

  test('policy 3.2-b: one changed letter of a snapshot changes the hash, the order of names does not', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed())
        assert.equal(canonicalJson(value), canonicalJson(turned))
      }),
    )
    const changed = { ...grant, role: 'owner' }
    assert.equal(snapshotHash([grant]).equals(snapshotHash([{ ...grant }])), true)
    assert.equal(snapshotHash([grant]).equals(snapshotHash([changed])), false)
    assert.equal(snapshotHash([grant]).equals(snapshotHash([grant, grant])), false)
  })

  test('policy 3.2-b: a review says what is new, changed and gone since the one before', () => {
    const first = comparedWith(null, [grant]).grants
    assert.deepEqual(
      first.map((one) => one.change),
      ['first'],
    )
    const raised = comparedWith(first, [
      { ...grant, role: 'admin' },
      { ...grant, target: 'z', account: 'z' },
    ])
    assert.deepEqual(
      raised.grants.map((one) => [one.change, one.before]),
      [
        ['changed', 'agent'],
        ['new', null],
      ],
    )
    assert.deepEqual(
      comparedWith(raised.grants, [grant]).gone.map((one) => one.target),
      ['z'],
    )
  })

  test('trap 13: owners, administrators, staff and keys that edit are privileged, readers are not', () => {
    for (const role of ['owner', 'admin']) assert.equal(isPrivileged({ ...grant, role }), true)
    assert.equal(isPrivileged({ ...grant, kind: 'staff', role: 'staff-auditor' }), true)
    const key = { ...grant, kind: 'api-key', role: null } as const
    assert.equal(isPrivileged({ ...key, permissions: ['rule.edit'] }), true)
    assert.equal(isPrivileged({ ...key, permissions: ['rule.read'] }), false)
    assert.equal(isPrivileged(grant), false)
  })
})
