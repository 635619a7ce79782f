import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  callerOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { openFace } from './accounts.ts'
import { accountRow, erasuresOf } from './erasure.fixture.ts'

suite('erasing accounts', () => {
  let it: TestAccess
  let owner: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  after(() => it.close())

  test('GDPR article 17: whoever erases their own account is nobody afterwards: sessions and credentials end, and no copy opens', async () => {
    const person = await invitedPerson(it, owner, 'self@sample.invalid', 'agent')
    const before = await accountRow(it.db, person.id)
    assert.ok(before !== undefined)
    assert.equal((await openFace(it, before)).email, 'self@sample.invalid')
    const erased = await it.access.erasure.eraseOwn(await person.context())
    assert.equal(erased.stillLive, 0)
    assert.ok(erased.credentialsEnded > 0)
    assert.equal(await accountRow(it.db, person.id), undefined)
    assert.equal((await callerOf(it.access, person.token)).kind, 'anonymous')
    await it.keys.carryOut()
    it.keys.forget()
    await assert.rejects(openFace(it, before), { code: 'encryption.key-missing' })
    assert.equal(await erasuresOf(it.db, person.id), 1)
    // The address is free for somebody new, who is somebody else.
    const again = await invitedPerson(it, owner, 'self@sample.invalid', 'agent')
    assert.notEqual(again.id, person.id)
  })

  test('the last owner of a workspace is not erased without a successor, nor is somebody of the staff', async () => {
    await assert.rejects(it.access.erasure.eraseOwn(await owner.context()), { code: 'resource.conflict' })
    const second = await invitedPerson(it, owner, 'second@sample.invalid', 'owner')
    await it.db
      .updateTable('membership')
      .set({ suspended_at: it.clock.now() })
      .where('account_id', '=', owner.id)
      .execute()
    const alone = await second.context()
    await assert.rejects(it.access.erasure.eraseOwn(alone), { code: 'access.last-owner' })
    assert.equal((await accountRow(it.db, second.id))?.disabled_at, null)
    await it.db
      .updateTable('membership')
      .set({ suspended_at: null })
      .where('account_id', '=', owner.id)
      .execute()
    assert.equal((await it.access.erasure.eraseOwn(await second.context())).id, second.id)
  })

  test('policy 3.2-0: an owner erases a member who belongs here alone; roles and other workspaces keep everybody else', async () => {
    const admin = await invitedPerson(it, owner, 'admin@sample.invalid', 'admin')
    const other = await invitedPerson(it, owner, 'owner@sample.invalid', 'owner')
    const agent = await invitedPerson(it, owner, 'agent@sample.invalid', 'agent')
    const { erasure } = it.access
    await assert.rejects(erasure.eraseMember(await agent.context(), admin.id), { code: 'access.denied' })
    await assert.rejects(erasure.eraseMember(await admin.context(), other.id), { code: 'access.denied' })
    await assert.rejects(erasure.eraseMember(await admin.context(), admin.id), { code: 'access.denied' })
    await assert.rejects(erasure.eraseMember(await other.context(), owner.id), { code: 'resource.conflict' })
    const nobody = '01890000-0000-7000-8000-000000000000'
    await assert.rejects(erasure.eraseMember(await owner.context(), nobody), { code: 'resource.unknown' })
    const gone = await erasure.eraseMember(await admin.context(), agent.id)
    assert.equal(gone.stillLive, 0)
    assert.equal(await accountRow(it.db, agent.id), undefined)
    await assert.rejects(erasure.eraseMember(await admin.context(), agent.id), { code: 'resource.unknown' })
  })

  test('an account that a restore brought back although its key was destroyed since is removed again', async () => {
    const person = await invitedPerson(it, owner, 'back@sample.invalid', 'agent')
    const row = await accountRow(it.db, person.id)
    assert.ok(row !== undefined)
    await it.access.erasure.eraseOwn(await person.context())
    assert.equal(await it.access.erasure.removeErased(), 0)
    await it.db.insertInto('account').values(row).execute()
    assert.equal(await it.access.erasure.removeErased(), 1)
    assert.equal(await accountRow(it.db, person.id), undefined)
    assert.equal(await erasuresOf(it.db, person.id), 2)
  })
})
