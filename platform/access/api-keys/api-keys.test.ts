import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Caller } from '../../kernel/caller.ts'
import { firstPerson, testAccess, type TestAccess, type TestPerson } from '../access.fixture.ts'

suite('API keys', () => {
  let it: TestAccess
  let owner: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  after(() => it.close())

  const made = async (body: object): Promise<Response> =>
    it.door.request('/api/api-keys', {
      method: 'POST',
      headers: { cookie: `__Host-surety=${owner.token}` },
      body: JSON.stringify({ label: 'sample', scopes: ['channel.read'], expiresInDays: 1, ...body }),
    })
  const ask = (key: string): Promise<Caller> =>
    it.access.identify(new Request('https://localhost/', { headers: { authorization: `Bearer ${key}` } }), {
      ip: '192.0.2.7',
      userAgent: '',
    })

  test('policy 4.3-a.2: a key is shown once, stored as a hash, and allows its scopes alone', async () => {
    const reply = (await (await made({})).json()) as { key: string; id: string }
    assert.match(reply.key, /^sk_[\w-]{43}$/)
    const caller = await ask(reply.key)
    assert.deepEqual([...caller.permissions].toSorted(), ['channel.read', 'public'])
    const rows = JSON.stringify(await it.db.selectFrom('api_key').selectAll().execute())
    assert.equal(rows.includes(reply.key), false)
    const headers = { authorization: `Bearer ${reply.key}` }
    for (const path of ['/api/people', '/api/access/sessions', '/api/api-keys', '/api/access/me'])
      assert.equal((await it.door.request(path, { headers })).status, 403, path)
  })

  test('policy 4.3-a.2: scopes that no key may have, no expiry and one above a year are refused', async () => {
    for (const body of [
      { scopes: ['people.edit'] },
      { scopes: ['*'] },
      { scopes: [] },
      { expiresInDays: 366 },
      { expiresInDays: undefined },
      { extra: true },
    ])
      assert.equal((await made(body)).status, 422, JSON.stringify(body))
  })

  test('policy 4.3-a.2: a key never allows more than its maker may do now', async () => {
    const reply = (await (await made({ scopes: ['channel.edit', 'channel.read'] })).json()) as { key: string }
    const role = async (to: 'agent' | 'owner') => it.db.updateTable('membership').set({ role: to }).execute()
    await role('agent')
    assert.equal((await ask(reply.key)).permissions.has('channel.edit'), false)
    await role('owner')
    assert.equal((await ask(reply.key)).permissions.has('channel.edit'), true)
    await it.db.updateTable('account').set({ disabled_at: it.clock.now() }).execute()
    assert.equal((await ask(reply.key)).kind, 'anonymous')
    await it.db.updateTable('account').set({ disabled_at: null }).execute()
  })

  test('policy 4.3-a.2: a revoked or expired key is nobody, at once', async () => {
    const one = (await (await made({})).json()) as { key: string; id: string }
    await it.access.apiKeys.revoke(await owner.context(), one.id)
    assert.equal((await ask(one.key)).kind, 'anonymous')
    const two = (await (await made({})).json()) as { key: string }
    it.clock.advanceSeconds(86_400 - 1)
    assert.equal((await ask(two.key)).kind, 'api-key')
    it.clock.advanceSeconds(1)
    assert.equal((await ask(two.key)).kind, 'anonymous')
  })

  test('policy 8.1-b: use is recorded once a minute, refusal every time within reason', async () => {
    const person = await it.access.apiKeys.make(
      { requestId: 'sample', caller: { ...(await ask('sk_none')), workspaceId: owner.workspace } },
      { workspace: owner.workspace, account: owner.id, label: 's', scopes: ['channel.read'], seconds: 3600 },
    )
    const events = async (type: string): Promise<number> =>
      (await it.db.selectFrom('audit_event').select('id').where('type', '=', type).execute()).length
    const used = await events('api-key.used')
    await Promise.all(Array.from({ length: 20 }, () => ask(person.key)))
    assert.equal((await events('api-key.used')) - used, 1)
    const refused = await events('api-key.refused')
    const flood = await Promise.allSettled(Array.from({ length: 50 }, () => ask(`sk_${'a'.repeat(43)}`)))
    assert.ok(flood.some((one) => one.status === 'rejected'))
    assert.ok((await events('api-key.refused')) - refused <= 20)
  })
})
