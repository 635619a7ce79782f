import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  callerOf,
  contextOf,
  enrolled,
  firstPerson,
  GOOD_PASSWORD,
  invitedPerson,
  testAccess,
} from '../access.fixture.ts'
import { closeEnrolment } from '../recovery/queries.ts'
import { newSecret, secretHash } from '../../kernel/secret.ts'

test('policy 3.2-c: the link back sets a new password, is good once, and reaches nothing but a new second factor', async () => {
  const it = await testAccess()
  try {
    const owner = await firstPerson(it)
    const person = await invitedPerson(it, owner, 'returning@example.org', 'agent')
    await it.access.leavers.terminate(await owner.context(), person.id)
    await it.access.leavers.letBack(await owner.context(), person.id)
    // The link itself is in a sealed letter; the test puts one of its own in its place.
    const token = newSecret<'link'>()
    await it.db
      .updateTable('link')
      .set({ token_hash: secretHash(token) })
      .where('account_id', '=', person.id)
      .where('kind', '=', 'return')
      .execute()
    assert.equal(await it.access.linkKind(contextOf(), token), 'return')
    await assert.rejects(it.access.accept(await owner.context(), token), /denied/)
    const password = `${GOOD_PASSWORD}-anew`
    const right = await it.access.redeem(contextOf(), { token, name: 'Sample', password })
    assert.deepEqual(right, { account: person.id, workspace: owner.workspace })
    await assert.rejects(it.access.redeem(contextOf(), { token, name: 'Sample', password }), /link-expired/)
    const begun = await it.access.signIn.begin(contextOf(), right.account, right.workspace)
    assert.equal(begun.level, 'enrolling')
    const old = { email: person.email, password: GOOD_PASSWORD, device: null }
    await assert.rejects(it.access.signIn.password(contextOf(), old), /refused/)
  } finally {
    await it.close()
  }
})

test('policy 3.2-c: a link back is worth nothing once the person left again', async () => {
  const it = await testAccess()
  try {
    const owner = await firstPerson(it)
    const person = await invitedPerson(it, owner, 'returning-twice@example.org', 'agent')
    await it.access.leavers.terminate(await owner.context(), person.id)
    await it.access.leavers.letBack(await owner.context(), person.id)
    const done = await it.access.leavers.terminate(await owner.context(), person.id)
    assert.ok(done.steps.some((one) => one.kind === 'link' && one.ended === 1 && one.refused === 1))
  } finally {
    await it.close()
  }
})

test('policy 3.2-c: whoever comes back sets up a second factor, though theirs were reset before they left', async () => {
  const it = await testAccess()
  try {
    const owner = await firstPerson(it)
    const person = await invitedPerson(it, owner, 'reset-before@example.org', 'agent')
    await closeEnrolment(it.db, person.id, it.clock.now())
    await it.access.leavers.terminate(await owner.context(), person.id)
    await it.access.leavers.letBack(await owner.context(), person.id)
    const letter = (await it.messages()).findLast(({ kind }) => kind === 'account-reopened')
    const token = /#(\S+)/.exec(letter?.text ?? '')?.[1] ?? ''
    const password = `${GOOD_PASSWORD}-anew`
    const right = await it.access.redeem(contextOf(), { token, name: 'Sample', password })
    const begun = await it.access.signIn.begin(contextOf(), right.account, right.workspace)
    const back = await enrolled(it, begun.token, person.email)
    assert.equal((await callerOf(it.access, back.token)).level, 'full')
  } finally {
    await it.close()
  }
})
