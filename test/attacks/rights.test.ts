import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'
import { ask, openWorkplace, sessionOf, taken, until, type Workplace } from '../drills/workplace.ts'
import { readConfig, runFolder } from '../../platform/kernel/config.ts'
import { totpNow, type Answer, type RunningSystem } from '../running-system.ts'
import { invite, joined, type Person } from './people.ts'

type Running = Workplace & { stop(): Promise<void> }

suite('attacks on sign-in and rights', () => {
  let at: Running
  let agent: Person
  let admin: Person

  const code = (answer: Answer): string => (answer.json() as { readonly code: string }).code
  const as = (who: { readonly cookie: string }, route: string, body?: object) =>
    ask(at.system, who.cookie, route, body)
  const password = ({ email, password: typed }: Person) =>
    taken(ask(at.system, '', 'POST /api/access/sign-in', { email, password: typed }))

  before(async () => {
    at = await openWorkplace()
    agent = await joined(at, 'agent@example.com', 'agent')
    admin = await joined(at, 'admin@example.com', 'admin')
  })
  after(() => at.stop())

  test('policy 3.2-d: not even the only administrator gives staff roles without an emergency that everybody hears of', async () => {
    const person = at.administrator
    const give = () => as(person, `POST /api/people/staff/${randomUUID()}`, { role: 'administrator' })
    const wish = { permissions: ['platform.people'], reason: 'A sample emergency of a test' }
    assert.equal((await give()).status, 403)
    const asked = await taken(as(person, 'POST /api/access/elevations', { ...wish, minutes: 5 }))
    const { id } = asked.json() as { readonly id: string }
    assert.equal((await as(person, `POST /api/access/elevations/${id}/approve`, {})).status, 403)
    assert.equal((await as(admin, `POST /api/access/elevations/${id}/approve`, {})).status, 403)
    assert.equal((await as(admin, 'POST /api/access/elevations/break-glass', wish)).status, 403)
    assert.equal((await give()).status, 403)
    const taking = await taken(as(person, 'POST /api/access/elevations/break-glass', wish))
    const emergency = taking.json() as { readonly id: string }
    // Let through, and there is no such account.
    assert.equal((await give()).status, 404)
    await taken(as(person, `POST /api/access/elevations/${emergency.id}/end`, {}))
    assert.equal((await give()).status, 403)
    const listed = (await as(person, 'GET /api/access/elevations')).json() as {
      readonly toReview: readonly { readonly id: string }[]
    }
    assert.deepEqual(
      listed.toReview.map((one) => one.id),
      [emergency.id],
    )
    const own = await as(person, `POST /api/access/elevations/${emergency.id}/review`, { note: wish.reason })
    assert.equal(own.status, 403)
  })

  test('policy 3.1-0: the password alone opens no door of platform or service, and cannot enrol another factor', async () => {
    const cookie = sessionOf(await password(agent))
    for (const [route, body] of [
      ['GET /api/access/sessions'],
      ['GET /api/people'],
      ['GET /inbox/conversations'],
      ['GET /inbox/stream'],
      ['POST /api/access/enrol', { label: 'mine' }],
      ['POST /api/access/enrol/confirm', { factorId: randomUUID(), code: totpNow(agent.secret) }],
      ['POST /api/access/factors', { label: 'mine', code: totpNow(agent.secret) }],
      ['POST /api/access/accept', { token: 'A'.repeat(43) }],
    ] as const) {
      const refused = await ask(at.system, cookie, route, body)
      assert.deepEqual([refused.status, code(refused)], [401, 'access.factor-needed'], route)
    }
  })

  test('policy 3.1-a: of a code that is sent many times at once one opens a session, under another cookie than before', async () => {
    const begun = sessionOf(await password(agent))
    const right = { code: totpNow(agent.secret, 1) }
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => ask(at.system, begun, 'POST /api/access/totp', right)),
    )
    const opened = answers.filter(({ status }) => status === 200)
    assert.equal(opened.length, 1)
    const [won] = opened
    assert.ok(won)
    assert.notEqual(sessionOf(won), begun)
    // A session that somebody planted before sign-in is worth nothing after it.
    assert.equal((await ask(at.system, begun, 'GET /api/access/sessions')).status, 401)
    for (const cookie of won.headers['set-cookie'] ?? [])
      assert.match(
        cookie,
        // What the page sends back in a header is the one that it can read.
        /^__Host-surety(?:(?:-device)?=[\w-]{43};.* Path=\/; HttpOnly|-form=[\w-]{43}; Path=\/); Secure; SameSite=Strict$/,
      )
    assert.equal((await as({ cookie: sessionOf(won) }, 'GET /api/access/sessions')).status, 200)
  })

  test('policy 3.2-0: ids of another workspace name nothing, whoever asks and by whatever way', async () => {
    const { conversation, channel, rule } = await foreignIds(at)
    for (const [route, body] of [
      [`GET /inbox/conversations/${conversation}`],
      [`POST /inbox/conversations/${conversation}/reply`, { key: randomUUID(), text: 'mine' }],
      [`POST /inbox/conversations/${conversation}/takeover`, {}],
      [`POST /inbox/conversations/${conversation}/block`, { blocked: true }],
      [`DELETE /inbox/rules/${rule}`],
      [`PUT /inbox/channels/${channel}`, { enabled: false }],
      [`DELETE /inbox/channels/${channel}`],
      ['POST /inbox/rules', { name: 'x', kind: 'first-message', reply: 'x', channelId: channel }],
    ] as const)
      for (const who of [admin, agent]) {
        const { status } = await as(who, route, body)
        assert.ok(status === 404 || status === 403, `${route}: ${status}`)
      }
  })

  test('policy 4.3-a.2: a key reaches its scopes and nothing of people, keys, sessions or the provider', async () => {
    const wanted = { label: 'Sample', scopes: ['rule.read', 'audit.read'], expiresInDays: 1 }
    const made = (await taken(as(admin, 'POST /api/api-keys', wanted))).json() as { readonly key: string }
    const withKey = async (route: string, body?: object): Promise<number> => {
      const [method = 'GET', path = '/'] = route.split(' ')
      const headers = { authorization: `Bearer ${made.key}` }
      return (await at.system.request(path, { method, headers, ...(body === undefined ? {} : { body }) }))
        .status
    }
    assert.equal(await withKey('GET /inbox/rules'), 200)
    assert.equal(await withKey('GET /api/audit/events'), 200)
    for (const [route, body] of [
      ['GET /api/people'],
      ['POST /api/people/invitations', { email: 'x@example.com', role: 'owner' }],
      ['GET /api/api-keys'],
      ['POST /api/api-keys', wanted],
      ['GET /api/access/sessions'],
      ['POST /api/access/sessions/revoke-all', {}],
      ['GET /api/audit/provider-events'],
      ['GET /inbox/conversations'],
      ['POST /inbox/rules', { name: 'x', kind: 'first-message', reply: 'x' }],
    ] as const)
      assert.equal(await withKey(route, body), 403, route)
    // Its maker lost what the key was made with.
    await taken(as(at.administrator, `POST /api/people/${admin.id}/role`, { role: 'agent' }))
    assert.equal(await withKey('GET /api/audit/events'), 403)
    await taken(as(at.administrator, `POST /api/people/${admin.id}/role`, { role: 'admin' }))
  })

  test('policy 3.2-0: nobody rises by themselves or leaves a way back behind', async () => {
    for (const [route, body] of [
      [`POST /api/people/${admin.id}/role`, { role: 'owner' }],
      [`POST /api/people/${agent.id}/role`, { role: 'owner' }],
      [`POST /api/people/staff/${admin.id}`, { role: 'administrator' }],
      ['POST /api/people/invitations', { email: 'owner@example.com', role: 'owner' }],
    ] as const)
      assert.equal((await as(admin, route, body)).status, 403, route)
    const token = await invite(at.system, admin.cookie, 'way-back@example.com', 'admin')
    await taken(as(at.administrator, `POST /api/people/${admin.id}/remove`, {}))
    assert.equal((await as(admin, 'GET /api/people')).status, 401)
    const welcome = { token, name: 'Sample', password: admin.password }
    assert.equal((await ask(at.system, '', 'POST /api/access/welcome', welcome)).status, 410)
  })

  test('another site, another port and a plain form cannot act in the name of a signed-in person', async () => {
    const { cookie } = at.administrator
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://localhost:1', 'sec-fetch-site': 'same-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
    ]) {
      const refused = await ask(at.system, cookie, 'POST /api/access/sessions/revoke-all', {}, headers)
      assert.equal(refused.status, 403)
    }
    const form = { 'content-type': 'text/plain' }
    assert.equal(
      (await ask(at.system, cookie, 'POST /api/people/invitations', { email: 'x' }, form)).status,
      400,
    )
    assert.equal((await ask(at.system, cookie, 'GET /api/access/sessions')).status, 200)
  })

  test('no answer shows a stack, and no log a secret or an address of a person', async () => {
    const hostile = [
      'GET /api/audit/events?actor=%00',
      "GET /api/audit/events?type='%20or%201=1--",
      'GET /api/policy/clauses/__proto__',
      'GET /inbox/conversations?cursor=eyJhdCI6IngifQ',
    ]
    for (const route of hostile) {
      const answer = await as(at.administrator, route)
      assert.ok(answer.status < 500, `${route}: ${answer.status}`)
      assert.doesNotMatch(answer.text(), /node_modules|\.ts:\d+|select .* from/i, route)
    }
    const log = await readFile(join(at.system.varFolder, 'log/surety.log'), 'utf8').catch(() => '')
    const said = at.system.said() + log
    const { email, password: typed, secret, recoveryCodes, cookie } = at.administrator
    for (const one of [
      email,
      typed,
      secret,
      ...recoveryCodes,
      cookie.split('=')[1] ?? '',
      agent.email,
      agent.password,
    ])
      assert.ok(!said.includes(one))
  })
})

interface Foreign {
  readonly conversation: string
  readonly channel: string
  readonly rule: string
}

/** What another workspace holds: a channel, a rule, and the conversation of a visitor. */
async function foreignIds({ system }: Running): Promise<Foreign> {
  const { key } = (await operator(system, '/demo/workspace')) as { readonly key: string }
  const headers = { authorization: `Bearer ${key}` }
  const made = async (path: string, body: object): Promise<Record<string, string>> =>
    (await taken(system.request(path, { method: 'POST', headers, body }))).json() as Record<string, string>
  const { id: channel = '', publicId = '' } = await made('/inbox/channels', {
    kind: 'webchat',
    name: 'Sample',
    allowedOrigins: [],
  })
  const { id: rule = '' } = await made('/inbox/rules', { name: 'Sample', kind: 'first-message', reply: 'Hi' })
  const from = { origin: system.origin }
  const say = (path: string, body: object, more = {}): Promise<Answer> =>
    system.request(`/w/${publicId}/${path}`, { method: 'POST', headers: { ...from, ...more }, body })
  const { token } = (await taken(say('session', {}))).json() as { readonly token: string }
  const spoken = await say(
    'messages',
    { key: randomUUID(), text: 'hello' },
    { authorization: `Bearer ${token}` },
  )
  assert.equal(spoken.status, 202)
  let conversation = ''
  await until('the conversation is there', async () => {
    const list = (await taken(system.request('/inbox/conversations', { headers }))).json() as {
      readonly conversations: readonly { readonly id: string }[]
    }
    conversation = list.conversations[0]?.id ?? ''
    return conversation !== ''
  })
  return { conversation, channel, rule }
}

/** Asks as the operator does, at the socket. */
async function operator(system: RunningSystem, path: string): Promise<unknown> {
  const socketPath = join(runFolder(readConfig(system.environment)), 'operator.sock')
  const sent = httpRequest({ socketPath, path, method: 'POST' }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal(answer.statusCode, 200)
  return json(answer)
}
