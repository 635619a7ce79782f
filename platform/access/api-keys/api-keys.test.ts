import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Caller, RequestContext } from '../../kernel/caller.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { asSecret, secretHash } from '../../kernel/secret.ts'
import {
  callerOf,
  codeNow,
  contextOf,
  firstPerson,
  invitedPerson,
  testAccess,
  type TestAccess,
  type TestPerson,
} from '../access.fixture.ts'
import { goodKey, makeKey } from './api-keys.ts'

suite('API keys', () => {
  let it: TestAccess
  let owner: TestPerson

  before(async () => {
    it = await testAccess()
    owner = await firstPerson(it)
  })
  after(() => it.close())

  /** The owner signs in again, so that the second factor was proved a moment ago. */
  async function anew(): Promise<RequestContext> {
    it.clock.advanceSeconds(30)
    const begun = await it.access.signIn.begin(contextOf(), owner.id, owner.workspace)
    const context = contextOf(await callerOf(it.access, begun.token))
    const code = codeNow(it.clock, owner.secret)
    const { token } = await it.access.signIn.code(context, { code, device: null })
    owner = { ...owner, token, context: async () => contextOf(await callerOf(it.access, token)) }
    return owner.context()
  }

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

  const post = async (path: string, body: object): Promise<Response> =>
    it.door.request(path, {
      method: 'POST',
      headers: { cookie: `__Host-surety=${owner.token}` },
      body: JSON.stringify(body),
    })

  test('policy 4.3-a.2: a key is replaced without a gap: both are good for the overlap and listed, then the new one alone', async () => {
    await anew()
    const old = (await (await made({ scopes: ['rule.read'], expiresInDays: 30 })).json()) as {
      key: string
      id: string
    }
    const rotate = (id: string, body: object) => post(`/api/api-keys/${id}/rotate`, body)
    assert.equal((await rotate(old.id, { overlapHours: 169, expiresInDays: 30 })).status, 422)
    const reply = await rotate(old.id, { overlapHours: 1, expiresInDays: 30 })
    assert.equal(reply.status, 200)
    const next = (await reply.json()) as { key: string; id: string; scopes: string[]; replaces: string }
    assert.deepEqual([next.scopes, next.replaces], [['rule.read'], old.id])
    assert.equal((await rotate(old.id, { overlapHours: 1, expiresInDays: 30 })).status, 409)
    const listed = await it.access.apiKeys.list(owner.workspace)
    assert.equal(listed.find((one) => one.id === old.id)?.replacedBy, next.id)
    it.clock.advanceSeconds(3599)
    assert.deepEqual([(await ask(old.key)).kind, (await ask(next.key)).kind], ['api-key', 'api-key'])
    it.clock.advanceSeconds(1)
    assert.deepEqual([(await ask(old.key)).kind, (await ask(next.key)).kind], ['anonymous', 'api-key'])
  })

  test('policy 4.3-a.2: a replaced key is never good for longer than it was made for', async () => {
    const context = await anew()
    const wish = { workspace: owner.workspace, account: owner.id, label: 's', scopes: ['rule.read'] as const }
    const old = await it.access.apiKeys.make(context, { ...wish, seconds: 60 })
    const { id, workspace } = { id: old.id, workspace: owner.workspace }
    const rotated = await it.access.apiKeys.rotate(context, {
      workspace,
      id,
      overlapSeconds: 7 * 86_400,
      seconds: 86_400,
    })
    assert.equal(rotated.oldUntil, old.expiresAt)
    it.clock.advanceSeconds(60)
    assert.equal((await ask(old.key)).kind, 'anonymous')
  })

  test('policy 4.3-a.2: the lifetime of the policy in force counts, also for keys that were made before', async () => {
    const context = await anew()
    const wish = { workspace: owner.workspace, account: owner.id, label: 's', scopes: ['rule.read'] as const }
    const { key } = await it.access.apiKeys.make(context, { ...wish, seconds: 3 * 86_400 })
    const day = policyWith({ 'api-key.lifetime': 86_400 }, it.policy)
    await assert.rejects(makeKey({ ...it, policy: day }, context, { ...wish, seconds: 86_401 }), {
      code: 'request.invalid',
    })
    const shorter = { ...it, policy: day }
    assert.notEqual(await goodKey(shorter, secretHash(asSecret<'API key'>(key))), undefined)
    it.clock.advanceSeconds(86_400)
    assert.equal(await goodKey(shorter, secretHash(asSecret<'API key'>(key))), undefined)
    assert.notEqual(await goodKey(it, secretHash(asSecret<'API key'>(key))), undefined)
  })

  test('policy 4.3-a.2: a suspended maker’s keys are nobody at once; makers end their own keys', async () => {
    const context = await anew()
    const admin = await invitedPerson(
      it,
      { ...owner, context: async () => context },
      'maker@example.org',
      'admin',
    )
    const wish = { workspace: owner.workspace, label: 's', scopes: ['rule.read'] as const, seconds: 3600 }
    const mine = await it.access.apiKeys.make(await admin.context(), { ...wish, account: admin.id })
    const other = await it.access.apiKeys.make(context, { ...wish, account: owner.id })
    const revoke = async (id: string) =>
      it.door.request(`/api/access/api-keys/${id}/revoke`, {
        method: 'POST',
        headers: { cookie: `__Host-surety=${admin.token}` },
      })
    assert.deepEqual(await (await revoke(other.id)).json(), { revoked: 0 })
    assert.equal((await ask(other.key)).kind, 'api-key')
    await it.access.people.suspend(context, admin.id)
    assert.equal((await ask(mine.key)).kind, 'anonymous')
    await it.access.people.resume(context, admin.id)
    assert.equal((await ask(mine.key)).kind, 'anonymous')
    assert.equal((await revoke(mine.id)).status, 401)
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
