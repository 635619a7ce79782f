import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { listenFor } from '../../db/index.ts'
import {
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'

suite('policy 3.2-0: an id means the same person however it is written', () => {
  let it: TestAccess
  let owner: TestPerson
  let admin: TestPerson
  let agent: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
    admin = await invitedPerson(it, owner, 'admin@example.org', 'admin')
    agent = await invitedPerson(it, owner, 'agent@example.org', 'agent')
  })
  after(() => it.close())

  const send = async (person: TestPerson, path: string, body: object = {}): Promise<number> => {
    const reply = await it.door.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: `__Host-surety=${person.token}` },
      body: JSON.stringify(body),
    })
    return reply.status
  }
  const roleOf = async (account: string): Promise<string | undefined> =>
    (await it.db.selectFrom('membership').select('role').where('account_id', '=', account).executeTakeFirst())
      ?.role

  test('nobody changes their own role, in capitals neither', async () => {
    const wish = { role: 'agent', jobFunction: 'customer service' }
    for (const id of [admin.id, admin.id.toUpperCase()])
      assert.equal(await send(admin, `/api/people/${id}/role`, wish), 403)
    assert.equal(await roleOf(admin.id), 'admin')
    for (const id of [owner.id, owner.id.toUpperCase()]) {
      assert.equal(await send(owner, `/api/people/${id}/suspend`), 403)
      assert.equal(await send(owner, `/api/people/${id}/job`, { jobFunction: 'audit' }), 403)
      assert.equal(await send(owner, `/api/access/people/${id}/terminate`), 403)
    }
  })

  test('a change is told to every process by the name that sessions are remembered by', async () => {
    let tell = (_payload: string): void => {}
    const told = new Promise<string>((resolve) => {
      tell = resolve
    })
    const events = { reconnected: () => {}, lost: () => {} }
    const stop = await listenFor(it.url, { access_changed: (payload) => tell(payload) }, events)
    const body = { role: 'auditor', jobFunction: 'audit' }
    assert.equal(await send(owner, `/api/people/${agent.id.toUpperCase()}/role`, body), 200)
    assert.equal(await told, `account ${agent.id}`)
    assert.equal(await roleOf(agent.id), 'auditor')
    await stop()
  })
})
