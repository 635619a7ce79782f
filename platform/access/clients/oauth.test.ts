import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  callerByToken,
  codeFor,
  exchange,
  ownToken,
  post,
  testClients,
  type TestClients,
} from './clients.fixture.ts'

suite('OAuth 2.0', () => {
  let t: TestClients
  before(async () => {
    t = await testClients()
  })
  after(() => t.close())

  test('policy 4.3-a.2: a program gets a token by its own credentials, and may do what its scopes say', async () => {
    const token = await ownToken(t)
    const caller = await callerByToken(t, token)
    assert.equal(caller.kind, 'client')
    assert.equal(caller.id, t.client.id)
    assert.deepEqual([...caller.permissions].sort(), ['channel.read', 'public'])
  })

  test('policy 4.3-a.2: a person allows a program to act in their name', async () => {
    const { status, body } = await exchange(t, await codeFor(t))
    assert.equal(status, 200, JSON.stringify(body))
    const caller = await callerByToken(t, String(body['access_token']))
    assert.equal(caller.onBehalfOf, t.person.id)
    const introspected = await post(
      t,
      '/oauth/introspect',
      { token: String(body['access_token']) },
      { authorization: t.client.basic },
    )
    assert.equal(introspected.body['active'], true)
  })
})
