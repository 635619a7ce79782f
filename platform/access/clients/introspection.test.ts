import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { callerOf, contextOf, invitedPerson } from '../access.fixture.ts'
import { anotherProcess, type Hear } from '../another-process.fixture.ts'
import type { Door } from '../direct-door.ts'
import { msUntil } from '../patient-time.fixture.ts'
import {
  basicOf,
  callerByToken,
  codeFor,
  exchange,
  ownToken,
  post,
  registered,
  testClients,
  type TestClient,
  type TestClients,
} from './clients.fixture.ts'

/** Another process that counts its looks. */
type Process = Awaited<ReturnType<typeof startProcess>>

async function startProcess(t: TestClients, how: { readonly hear?: Hear } = {}) {
  let looks = 0
  const onStatement = (text: string): void => {
    if (text.includes('"oauth_artifact" as "token"') || text.includes('"oauth_secret" as "secret"'))
      looks += 1
  }
  return {
    ...(await anotherProcess(t, { ...how, onStatement })),
    /** Statements that looked a token or a client's secrets up. */
    looks: () => looks,
  }
}

async function answer(door: Door, token: string, by: TestClient): Promise<Record<string, unknown>> {
  return (await post({ door }, '/oauth/introspect', { token }, { authorization: by.basic })).body
}

/** What keeps a session out of a token: it stands on the consent alone. */
const KEPT = { scope: 'openid offline_access channel.read', prompt: 'consent' }

suite('introspection beside the library', () => {
  let t: TestClients
  before(async () => {
    t = await testClients()
  })
  after(() => t.close())

  /** What the library itself answers. */
  const byLibrary = async (
    form: Record<string, string>,
    headers: Record<string, string>,
  ): Promise<{ readonly status: number; readonly body: unknown }> => {
    const request = new Request('https://localhost:8443/oauth/introspect', { method: 'POST', headers })
    const reply = await t.access.oauth.serve(contextOf(), request, form)
    return { status: reply.status, body: await reply.json() }
  }
  const ours = (form: Record<string, string>, headers: Record<string, string>) =>
    t.access.introspect(new Headers(headers), form)

  test('the answer is the one that the library gives, for programs and for people', async () => {
    const resource = await registered(t, t.person, { introspects: true })
    const own = await ownToken(t)
    const kept = (await exchange(t, await codeFor(t, t.client.id, KEPT))).body
    for (const token of [own, String(kept['access_token'])])
      for (const by of [t.client, resource]) {
        const headers = { authorization: by.basic }
        const mine = await ours({ token }, headers)
        assert.equal(mine?.active, true)
        assert.deepEqual({ status: 200, body: mine }, await byLibrary({ token }, headers))
      }
  })

  test('policy 4.3-a.2: whoever may not know is told no more than of a token that never was', async () => {
    const stranger = await registered(t, t.person)
    const token = await ownToken(t)
    const headers = { authorization: stranger.basic }
    assert.deepEqual(await ours({ token }, headers), { active: false })
    assert.deepEqual(await ours({ token: `sc_${'A'.repeat(43)}` }, headers), { active: false })
  })

  test('a secret in the form counts as much as one in the header, and both at once are the library’s to refuse', async () => {
    const token = await ownToken(t)
    const form = { token, client_id: t.client.id, client_secret: t.client.secret }
    assert.equal((await ours(form, {}))?.active, true)
    assert.equal(await ours(form, { authorization: t.client.basic }), null)
    assert.equal((await byLibrary(form, { authorization: t.client.basic })).status, 400)
  })

  test('every unusual way of asking is left to the library', async () => {
    const token = await ownToken(t)
    const { basic, id, secret } = t.client
    const kept = (await exchange(t, await codeFor(t, t.client.id, KEPT))).body
    const bound = (await exchange(t, await codeFor(t))).body
    const asked: [Record<string, string>, Record<string, string>][] = [
      [{ token: String(kept['refresh_token']) }, { authorization: basic }],
      [{ token: String(bound['access_token']) }, { authorization: basic }],
      [{ token }, {}],
      [{ token }, { authorization: `Bearer ${token}` }],
      [{ token }, { authorization: basicOf(id, 'ss_wrong') }],
      [{ token }, { authorization: basicOf(id, `ss_${'A'.repeat(43)}`) }],
      [{ token }, { authorization: `${basic}=` }],
      [{ token, client_id: '00000000-0000-7000-8000-000000000000' }, { authorization: basic }],
      [{ token, client_assertion: 'x', client_assertion_type: 'y' }, { authorization: basic }],
      [{ token, client_secret: secret }, {}],
      [{ token }, { authorization: basic, 'oauth-client-attestation': 'x' }],
      [{}, { authorization: basic }],
    ]
    for (const [form, headers] of asked) assert.equal(await ours(form, headers), null)
    const refused = await byLibrary({ token }, { authorization: basicOf(id, `ss_${'A'.repeat(43)}`) })
    assert.equal(refused.status, 401)
    const good = await byLibrary({ token: String(bound['access_token']) }, { authorization: basic })
    assert.equal((good.body as { active: boolean }).active, true)
  })

  test('policy 3.2-0: what is told is what the maker may do now', async () => {
    const maker = await invitedPerson(t, t.person, 'maker@example.org', 'admin')
    const program = await registered(t, { ...maker, workspace: t.person.workspace })
    const token = await ownToken(t, 'channel.read rule.read', program)
    const headers = { authorization: program.basic }
    assert.deepEqual(await ours({ token }, headers), (await byLibrary({ token }, headers)).body)
    await t.access.people.remove(await t.person.context(), maker.id)
    assert.equal((await answer(t.door, token, program))['active'] === true, false)
  })
})

suite('tokens in several processes', () => {
  let t: TestClients
  let one: Process
  let other: Process
  let token: string

  beforeEach(async () => {
    t = await testClients()
    one = await startProcess(t)
    other = await startProcess(t)
    token = await ownToken(t)
  })
  afterEach(async () => {
    await one.close()
    await other.close()
    await t.close()
  })

  const isActive = async (at: Process, by = t.client): Promise<boolean> =>
    (await answer(at.door, token, by))['active'] === true
  const isCaller = async (at: Process): Promise<boolean> => (await callerByToken(at, token)).kind === 'client'

  /** Milliseconds until a process lets neither question pass; at most two seconds. */
  const refusedAfterMs = (at: Process): Promise<number> =>
    msUntil(async () => !(await isActive(at)) && !(await isCaller(at)), 2000)
  const requireWithinASecond = async (isSo: () => Promise<boolean>): Promise<void> =>
    assert.ok((await msUntil(isSo, 1000)) < 1000)
  const warm = async (): Promise<void> => {
    for (const at of [one, other])
      for (let n = 0; n < 5; n += 1) assert.deepEqual([await isActive(at), await isCaller(at)], [true, true])
  }
  const requireRefused = async (): Promise<void> => {
    assert.deepEqual(
      [await isActive(one), await isCaller(one)],
      [false, false],
      'at once in the same process',
    )
    const ms = await refusedAfterMs(other)
    assert.ok(ms < 1000, `the other process refused after ${ms} ms`)
  }

  test('a token and a client are looked up once, and answered from memory then', async () => {
    await warm()
    assert.deepEqual([one.looks(), other.looks()], [2, 2])
  })

  test('policy 4.3-a.2: a token that its program gives back is worth nothing, at once here and within a second elsewhere', async () => {
    await warm()
    await post(one, '/oauth/revoke', { token }, { authorization: t.client.basic })
    await requireRefused()
  })

  test('policy 4.3-a.2: a program that is revoked takes its tokens with it in every process', async () => {
    await warm()
    await one.access.clients.revoke(
      contextOf(await callerOf(one.access, t.person.token)),
      t.person.workspace,
      t.client.id,
    )
    await requireRefused()
  })

  test('policy 3.2-c: the token of a person who withdrew their consent is worth nothing in every process', async () => {
    const given = (await exchange(t, await codeFor(t, t.client.id, KEPT))).body
    token = String(given['access_token'])
    await warm()
    const context = contextOf(await callerOf(one.access, t.person.token))
    const [consent] = await one.access.consents.list(context)
    assert.ok(consent !== undefined)
    await one.access.consents.withdraw(context, consent.id)
    await requireRefused()
  })

  test('policy 3.2-c: a maker who is removed takes the tokens of their programs with them in every process', async () => {
    const maker = await invitedPerson(t, t.person, 'maker@example.org', 'admin')
    const program = await registered(t, { ...maker, workspace: t.person.workspace })
    token = await ownToken(t, 'channel.read', program)
    const active = async (at: Process): Promise<boolean> => isActive(at, program)
    for (const at of [one, other]) assert.deepEqual([await active(at), await isCaller(at)], [true, true])
    await one.access.people.remove(contextOf(await callerOf(one.access, t.person.token)), maker.id)
    assert.equal(await active(one), false)
    await requireWithinASecond(async () => !(await active(other)))
  })

  test('policy 3.4-b: a token that lives with a session ends with it in every process', async () => {
    const given = (await exchange(t, await codeFor(t))).body
    token = String(given['access_token'])
    for (const at of [one, other]) assert.equal(await isCaller(at), true)
    await one.access.signOut(contextOf(await callerOf(one.access, t.person.token)))
    assert.equal(await isCaller(one), false)
    await requireWithinASecond(async () => !(await isCaller(other)))
  })

  test('a secret that was replaced at once is refused in every process, and the new one is good in every process', async () => {
    await warm()
    const context = contextOf(await callerOf(one.access, t.person.token))
    const made = await one.access.clients.rotate(context, t.person.workspace, t.client.id, 0)
    const fresh = { ...t.client, secret: made.secret, basic: basicOf(t.client.id, made.secret) }
    assert.deepEqual([await isActive(one), await isActive(one, fresh)], [false, true])
    await requireWithinASecond(async () => !(await isActive(other)))
    assert.equal(await isActive(other, fresh), true)
  })

  test('policy 4.3-a.2: a token that is remembered ends with its time', async () => {
    await warm()
    t.clock.advanceSeconds(600)
    assert.deepEqual([await isActive(one), await isCaller(one)], [false, false])
  })

  test('policy 4.3-a.2: a process whose listener hears nothing is found out', async () => {
    const deaf = await startProcess(t, { hear: () => {} })
    try {
      assert.deepEqual([await isActive(deaf), await isCaller(deaf)], [true, true])
      await post(one, '/oauth/revoke', { token }, { authorization: t.client.basic })
      assert.equal(await refusedAfterMs(deaf), Infinity)
    } finally {
      await deaf.close()
    }
  })

  test('the use of a program is written once a minute, however often it comes', async () => {
    await t.db.updateTable('oauth_client').set({ last_used_at: null }).execute()
    await warm()
    const used = (): Promise<unknown[]> =>
      t.db.selectFrom('audit_event').select('id').where('type', '=', 'client.used').execute()
    const before = (await used()).length
    t.clock.advanceSeconds(61)
    for (let n = 0; n < 5; n += 1) for (const at of [one, other]) await isCaller(at)
    assert.equal((await used()).length, before + 1)
  })
})
