import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { invitedPerson, type TestPerson } from '../access.fixture.ts'
import { callerByToken, ownToken, registered, testClients, type TestClients } from './clients.fixture.ts'

suite('policy 4.3-a.2: nobody takes over a program that may do more than they may', () => {
  let t: TestClients
  let admin: TestPerson
  before(async () => {
    t = await testClients()
    admin = await invitedPerson(t, t.person, 'admin@example.org', 'admin')
  })
  after(() => t.close())

  const send = (path: string, body: object): Promise<Response> =>
    t.door.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: `__Host-surety=${admin.token}` },
      body: JSON.stringify(body),
    })

  test('a secret of a program with more scopes than the caller holds is not given to the caller', async () => {
    const more = { scopes: ['openid', 'conversation.reply'] }
    const client = await registered(t, t.person, more)
    assert.equal((await admin.context()).caller.permissions.has('conversation.reply'), false)
    const reply = await send(`/api/clients/${client.id}/secret`, { overlapHours: 1 })
    assert.equal(reply.status, 403)
    assert.ok(!(await reply.text()).includes('ss_'))
    const still = await callerByToken(t, await ownToken(t, 'conversation.reply', client))
    assert.equal(still.permissions.has('conversation.reply'), true)
  })

  test('where the answers of such a program go is not changed by the caller either', async () => {
    const client = await registered(t, t.person, { scopes: ['openid', 'conversation.reply'] })
    const change = { name: 'Mine now', redirectUris: ['https://evil.example/return'] }
    assert.equal((await send(`/api/clients/${client.id}`, change)).status, 403)
    const found = (await t.access.clients.list(t.person.workspace)).find(({ id }) => id === client.id)
    assert.ok(!found?.redirectUris.includes('https://evil.example/return'))
  })

  test('a program within the caller’s own rights goes on being looked after', async () => {
    const client = await registered(t, t.person, { scopes: ['openid', 'channel.read'] })
    assert.equal((await send(`/api/clients/${client.id}/secret`, { overlapHours: 1 })).status, 200)
    const change = { name: 'Renamed', redirectUris: ['https://client.example/return'] }
    assert.equal((await send(`/api/clients/${client.id}`, change)).status, 200)
  })
})
