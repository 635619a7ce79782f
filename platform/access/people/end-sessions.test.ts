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

suite('administrators end the sessions of others', () => {
  let it: TestAccess
  let owner: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  after(() => it.close())

  const alive = async (person: TestPerson): Promise<boolean> =>
    (await callerOf(it.access, person.token)).kind === 'account'
  const endAll = (person: TestPerson): Promise<Response> =>
    it.door.request('/api/people/end-sessions', {
      method: 'POST',
      headers: { cookie: `__Host-surety=${person.token}` },
    })
  const fresh = async (person: TestPerson): Promise<void> => {
    await it.db
      .updateTable('session')
      .set({ proved_at: it.clock.now(), last_seen_at: it.clock.now() })
      .where('account_id', '=', person.id)
      .execute()
  }

  test('policy 3.4-c: the sessions of one member are ended by whoever may change people, and by nobody else', async () => {
    const admin = await invitedPerson(it, owner, 'one-admin@example.org', 'admin')
    const agent = await invitedPerson(it, owner, 'one-agent@example.org', 'agent')
    const { people } = it.access
    await assert.rejects(people.endSessions(await agent.context(), admin.id), { code: 'access.denied' })
    await assert.rejects(people.endSessions(await admin.context(), owner.id), { code: 'access.denied' })
    assert.equal(await people.endSessions(await admin.context(), agent.id), 1)
    assert.deepEqual([await alive(agent), await alive(admin), await alive(owner)], [false, true, true])
  })

  test('policy 3.4-c: the sessions of everybody else in a workspace end at once, with a fresh factor, and it is recorded', async () => {
    const admin = await invitedPerson(it, owner, 'all-admin@example.org', 'admin')
    const agent = await invitedPerson(it, owner, 'all-agent@example.org', 'agent')
    assert.equal((await endAll(agent)).status, 403)
    it.clock.advanceSeconds(600)
    assert.equal((await endAll(admin)).status, 401)
    assert.deepEqual([await alive(agent), await alive(owner)], [true, true])
    await fresh(admin)
    assert.equal((await endAll(admin)).status, 200)
    assert.deepEqual([await alive(agent), await alive(admin)], [false, true])
    assert.equal(await alive(owner), true, 'no administrator signs an owner out')
    await fresh(owner)
    assert.equal((await endAll(owner)).status, 200)
    assert.deepEqual([await alive(admin), await alive(owner)], [false, true])
    const events = await it.db
      .selectFrom('audit_event')
      .select('actor_id')
      .where('type', '=', 'workspace.signed-out')
      .orderBy('id')
      .execute()
    // Ids of one moment of a clock that stands still have no order.
    assert.deepEqual(events.map((row) => row.actor_id).toSorted(), [admin.id, owner.id].toSorted())
  })
})
