import assert from 'node:assert/strict'
import { once } from 'node:events'
import { stat, readdir } from 'node:fs/promises'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ask, openWorkplace, phoneOf, post, taken, textMessage, type Workplace } from '../drills/workplace.ts'

/** More than one network may have under way. */
const STREAMS = 240
/** A stream of one visitor in so many tabs. */
const STREAMS_OF_VISITOR = 5

suite('attacks with many requests', () => {
  let at: Workplace & { stop(): Promise<void> }
  let chat: string

  before(async () => {
    at = await openWorkplace()
    const wanted = { kind: 'webchat', name: 'Sample <b>chat</b>', allowedOrigins: ['https://shop.example'] }
    const made = await taken(ask(at.system, at.administrator.cookie, 'POST /inbox/channels', wanted))
    chat = `/w/${(made.json() as { readonly publicId: string }).publicId}`
  })
  after(() => at.stop())

  test('a visitor who opens streams without end takes nothing from the people who work', async () => {
    const begun = await taken(
      at.system.request(`${chat}/session`, {
        method: 'POST',
        headers: { origin: at.system.origin },
        body: {},
      }),
    )
    const { token } = begun.json() as { readonly token: string }
    const sessions: ClientHttp2Session[] = Array.from({ length: 3 }, () => {
      const session = connectHttp2(at.system.origin, { ca: at.system.ca })
      session.on('error', () => {})
      return session
    })
    try {
      const statuses = await Promise.all(
        Array.from({ length: STREAMS }, async (_, n) => {
          const headers = { ':path': `${chat}/stream`, authorization: `Bearer ${token}` }
          const stream = sessions[n % sessions.length]?.request(headers)
          assert.ok(stream)
          stream.on('error', () => {})
          const [got] = (await once(stream, 'response')) as [{ ':status': number }]
          return got[':status']
        }),
      )
      assert.equal(statuses.filter((status) => status === 200).length, STREAMS_OF_VISITOR)
      assert.equal(statuses.filter((status) => status === 429).length, STREAMS - STREAMS_OF_VISITOR)
      const { cookie } = at.administrator
      assert.equal((await ask(at.system, cookie, 'GET /inbox/summary')).status, 200)
      assert.equal(await post(at, textMessage(at.channel, phoneOf(1), 'hello')), 200)
    } finally {
      for (const session of sessions) session.destroy()
    }
  })

  test('policy 3.3-b: while twenty people sign in, pages are answered', async () => {
    const flooding = { now: true }
    const flood = Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ask(at.system, '', 'POST /api/access/sign-in', {
          email: `nobody-${n}@example.com`,
          password: 'Wrong-pass-2026',
        }),
      ),
    ).finally(() => {
      flooding.now = false
    })
    const times: number[] = []
    while (flooding.now && times.length < 200) {
      const started = performance.now()
      assert.equal((await at.system.request('/healthz')).status, 200)
      times.push(performance.now() - started)
    }
    const answers = await flood
    const waited = answers.filter(({ status }) => status === 401)
    const later = answers.filter(
      ({ status, headers }) => status === 429 && Number(headers['retry-after']) > 0,
    )
    // One network has a share of the line before the hashing; whoever finds it full is told when to come back.
    assert.ok(waited.length >= 4, `${waited.length} were answered`)
    assert.equal(waited.length + later.length, answers.length)
    const p95 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0
    assert.ok(p95 < 1000, `p95 ${p95.toFixed(0)} ms`)
  })

  test('the frame of the chat is for the listed origins, and its script takes no markup', async () => {
    const frame = await at.system.request(`${chat}/frame`)
    const policy = String(frame.headers['content-security-policy'])
    assert.match(policy, /frame-ancestors https:\/\/shop\.example(?:[;,]|$)/)
    assert.match(policy, /script-src 'self'/)
    assert.doesNotMatch(policy, /unsafe|\*/)
    assert.ok(!frame.text().includes('<b>chat</b>'))
    const stranger = { origin: 'https://shop.example.evil.example' }
    const refused = await at.system.request(`${chat}/session`, {
      method: 'POST',
      headers: stranger,
      body: {},
    })
    assert.deepEqual([refused.status, refused.headers['access-control-allow-origin']], [403, undefined])
  })

  test('keys, sockets and backups are closed to every other user of the machine', async () => {
    const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)
    const { environment, keysFolder, varFolder } = at.system
    const named = (setting: string): string => environment[setting] ?? assert.fail(`${setting} is not set`)
    for (const keys of [keysFolder, named('SURETY_RECOVERY_KEYS')]) {
      assert.equal(await mode(keys), '700', keys)
      const names = await readdir(keys)
      assert.ok(names.length > 0, keys)
      for (const name of names) assert.equal(await mode(join(keys, name)), '600', name)
    }
    const within = ['log', 'run', 'postgres'].map((folder) => join(varFolder, folder))
    for (const folder of [...within, named('SURETY_BACKUPS'), join(named('SURETY_KEYRING'), 'postgres')])
      assert.equal(await mode(folder), '700', folder)
    for (const socket of ['service.sock', 'operator.sock'])
      assert.equal(await mode(join(varFolder, 'run', socket)), '600', socket)
  })
})
