import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { contextOf, invitedPerson } from '../access.fixture.ts'
import {
  callerByToken,
  codeFor,
  exchange,
  ownToken,
  post,
  registered,
  testClients,
  type TestClients,
} from './clients.fixture.ts'
import { oauthCredential } from './oauth-credential.ts'

async function isActive(t: TestClients, token: string, by = t.client): Promise<unknown> {
  const { body } = await post(t, '/oauth/introspect', { token }, { authorization: by.basic })
  return body['active']
}

suite('policy 4.3-a.2: programs act by OAuth 2.0', () => {
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
    assert.equal(caller.onBehalfOf, null)
    assert.deepEqual([...caller.permissions].sort(), ['channel.read', 'public'])
  })

  test('policy 4.3-a.2: a person allows a program to act in their name', async () => {
    const { status, body } = await exchange(t, await codeFor(t))
    assert.equal(status, 200, JSON.stringify(body))
    const token = String(body['access_token'])
    const caller = await callerByToken(t, token)
    assert.equal(caller.onBehalfOf, t.person.id)
    assert.equal(caller.workspaceId, t.person.workspace)
    assert.equal(await isActive(t, token), true)
  })

  test('policy 4.3-a.2: a token is refused without its scope, and never reaches people, keys or the account', async () => {
    const authorization = `Bearer ${await ownToken(t)}`
    for (const [path, expected] of [
      ['/api/people', 403],
      ['/api/api-keys', 403],
      ['/api/clients', 403],
      ['/api/access/consents', 403],
      ['/api/access/sessions', 403],
    ] as const)
      assert.equal((await t.door.request(path, { headers: { authorization } })).status, expected, path)
    assert.equal((await t.door.request('/api/clients')).status, 401)
  })

  test('policy 4.3-a.2: an access token is good for the time that the policy says, and no longer', async () => {
    const token = await ownToken(t)
    const now = t.clock.now()
    t.clock.advanceSeconds(599)
    assert.equal((await callerByToken(t, token)).kind, 'client')
    t.clock.advanceSeconds(1)
    assert.equal((await callerByToken(t, token)).kind, 'anonymous')
    t.clock.set(now)
  })

  test('a revoked token is refused at once, and another program cannot revoke it', async () => {
    const token = await ownToken(t)
    const other = await registered(t, t.person)
    const foreign = await post(t, '/oauth/revoke', { token }, { authorization: other.basic })
    assert.equal(foreign.status, 200)
    assert.equal((await callerByToken(t, token)).kind, 'client')
    await post(t, '/oauth/revoke', { token }, { authorization: t.client.basic })
    assert.equal((await callerByToken(t, token)).kind, 'anonymous')
    assert.equal(await isActive(t, token), false)
  })

  test('only the program itself, or one registered to look up tokens, learns what a token is worth', async () => {
    const token = await ownToken(t)
    const other = await registered(t, t.person)
    const resource = await registered(t, t.person, { introspects: true })
    assert.equal(await isActive(t, token), true)
    assert.equal(await isActive(t, token, other), false)
    assert.equal(await isActive(t, token, resource), true)
    const nobody = await post(t, '/oauth/introspect', { token })
    assert.equal(nobody.body['active'], undefined)
  })

  test('a wrong secret, and the secret of another program, are refused and recorded', async () => {
    const other = await registered(t, t.person)
    const form = { grant_type: 'client_credentials', scope: 'channel.read' }
    const wrong = `Basic ${Buffer.from(`${t.client.id}:${other.secret}`).toString('base64')}`
    const { status, body } = await post(t, '/oauth/token', form, { authorization: wrong })
    assert.equal(status, 401)
    assert.equal(body['error'], 'invalid_client')
    const rows = await t.db
      .selectFrom('audit_event')
      .select('type')
      .where('type', '=', 'client.refused')
      .execute()
    assert.ok(rows.length > 0)
  })

  test('a secret is replaced without a gap, and the old one ends when it was said', async () => {
    const client = await registered(t, t.person)
    const made = await t.access.clients.rotate(await t.person.context(), t.person.workspace, client.id, 60)
    const form = { grant_type: 'client_credentials', scope: 'channel.read' }
    const fresh = `Basic ${Buffer.from(`${client.id}:${made.secret}`).toString('base64')}`
    for (const authorization of [client.basic, fresh])
      assert.equal((await post(t, '/oauth/token', form, { authorization })).status, 200)
    const now = t.clock.now()
    t.clock.advanceSeconds(60)
    assert.equal((await post(t, '/oauth/token', form, { authorization: client.basic })).status, 401)
    assert.equal((await post(t, '/oauth/token', form, { authorization: fresh })).status, 200)
    t.clock.set(now)
  })

  test('nothing that was issued stands in the database in the clear', async () => {
    const { body } = await exchange(
      t,
      await codeFor(t, t.client.id, { scope: 'openid offline_access channel.read', prompt: 'consent' }),
    )
    const tokens = [body['access_token'], body['refresh_token']].map(String)
    const rows = await t.db.selectFrom('oauth_artifact').selectAll().execute()
    const clients = await t.db.selectFrom('oauth_secret').selectAll().execute()
    const stored = JSON.stringify([rows, clients], (_key, value: unknown) =>
      value instanceof Object && 'data' in value && Array.isArray(value.data)
        ? Buffer.from(value.data as number[]).toString('latin1')
        : value,
    )
    for (const secret of [...tokens, t.client.secret]) {
      assert.ok(secret.length > 40)
      assert.ok(!stored.includes(secret.slice(3)))
    }
  })
})

suite('policy 3.2-c: who leaves loses every token', () => {
  let t: TestClients
  before(async () => {
    t = await testClients()
  })
  after(() => t.close())

  async function tokenOf(person: TestClients['person']): Promise<string> {
    const { body } = await exchange(t, await codeFor({ ...t, person }))
    return String(body['access_token'])
  }

  test('a token in the name of a disabled person is refused at once', async () => {
    const person = await invitedPerson(t, t.person, 'disabled@example.org', 'agent')
    const token = await tokenOf(person)
    assert.equal((await callerByToken(t, token)).kind, 'client')
    await t.db
      .updateTable('account')
      .set({ disabled_at: t.clock.now() })
      .where('id', '=', person.id)
      .execute()
    assert.equal((await callerByToken(t, token)).kind, 'anonymous')
    assert.equal(await isActive(t, token), false)
  })

  test('a token never does more than the person may do now', async () => {
    const person = await invitedPerson(t, t.person, 'changed@example.org', 'admin')
    const { body } = await exchange(
      t,
      await codeFor({ ...t, person }, t.client.id, { scope: 'openid channel.read rule.read' }),
    )
    const token = String(body['access_token'])
    assert.ok((await callerByToken(t, token)).permissions.has('rule.read'))
    await t.db.deleteFrom('membership').where('account_id', '=', person.id).execute()
    assert.equal((await callerByToken(t, token)).kind, 'anonymous')
  })

  test('a token ends with the session in which it was allowed', async () => {
    const person = await invitedPerson(t, t.person, 'session@example.org', 'agent')
    const token = await tokenOf(person)
    await t.access.endSessions(await person.context(), {})
    assert.equal((await callerByToken(t, token)).kind, 'anonymous')
  })

  test('a program in its own name loses what its maker loses', async () => {
    const maker = await invitedPerson(t, t.person, 'maker@example.org', 'admin')
    const client = await registered(t, maker)
    const token = await ownToken(t, 'channel.read', client)
    assert.equal((await callerByToken(t, token)).kind, 'client')
    await t.db.deleteFrom('membership').where('account_id', '=', maker.id).execute()
    assert.equal((await callerByToken(t, token)).kind, 'anonymous')
    const form = { grant_type: 'client_credentials', scope: 'channel.read' }
    const { body } = await post(t, '/oauth/token', form, { authorization: client.basic })
    assert.match(String(body['error_description']), /grant type is not allowed/)
  })

  test('policy 3.2-c: the leaver’s grants and programs end, and each is tried again', async () => {
    const person = await invitedPerson(t, t.person, 'leaver@example.org', 'admin')
    const token = await tokenOf(person)
    const client = await registered(t, person)
    const kind = oauthCredential(t)
    const holder = { account: person.id, workspace: t.person.workspace }
    const ended = await t.db.transaction().execute((tx) => kind.end(tx, contextOf(), holder, 'left'))
    assert.ok(ended.includes(`client ${client.id}`))
    assert.ok(ended.some((id) => id.startsWith('AccessToken ')))
    const trials = await kind.tryAgain(ended)
    assert.equal(trials.length, ended.length)
    assert.ok(trials.every(({ refused }) => refused))
    assert.equal((await callerByToken(t, token)).kind, 'anonymous')
  })

  test('a revoked program, and one of a removed workspace, get and use nothing', async () => {
    const client = await registered(t, t.person)
    const token = await ownToken(t, 'channel.read', client)
    await t.access.clients.revoke(await t.person.context(), t.person.workspace, client.id)
    assert.equal((await callerByToken(t, token)).kind, 'anonymous')
    const form = { grant_type: 'client_credentials', scope: 'channel.read' }
    assert.equal((await post(t, '/oauth/token', form, { authorization: client.basic })).status, 401)
    const last = await ownToken(t)
    await t.db
      .updateTable('workspace')
      .set({ removed_at: t.clock.now() })
      .where('id', '=', t.person.workspace)
      .execute()
    assert.equal((await callerByToken(t, last)).kind, 'anonymous')
    assert.equal((await post(t, '/oauth/token', form, { authorization: t.client.basic })).status, 401)
  })
})
