import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { stranger, type Caller } from '../kernel/caller.ts'
import type { Exchange } from './exchange.ts'
import { contentSecurityPolicy } from './headers.ts'
import { ask, askHttp2, testGateway, type TestGateway } from './gateway.fixture.ts'
import { openRateLimiter } from './rate-limit.ts'
import { takeRate } from './route-checks.ts'

const FULL = { cookie: '__Host-surety=full', 'surety-form': 'full' }

describe('the API', () => {
  let at: TestGateway
  before(async () => {
    at = await testGateway(undefined, {
      readiness: [
        { name: 'database', ready: async () => true },
        {
          name: 'policy',
          ready: async () => {
            throw new Error('secret detail')
          },
        },
      ],
      console: {
        'index.html': '<!doctype html><title>Console</title>',
        'assets/index-DZ0Abc12.js': `console.log("${'a'.repeat(2000)}")`,
        'secret.pem': 'private',
      },
    })
  })
  after(() => at.close())

  const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    ask(at, path, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        origin: `https://localhost:${at.port}`,
        ...FULL,
        ...headers,
      },
    })

  test('policy 4.3-a.2: assurance, then permission, decide before anything is read', async () => {
    assert.equal((await ask(at, '/api/sample/staff')).status, 401)
    assert.equal((await ask(at, '/api/sample/staff')).headers['www-authenticate'], 'Bearer realm="surety"')
    const cookie = '__Host-surety=password'
    const half = await ask(at, '/api/sample/staff', { headers: { cookie } })
    assert.match(half.body, /access\.factor-needed/)
    const denied = await ask(at, '/api/sample/staff', { headers: FULL })
    assert.equal(denied.status, 403)
    assert.deepEqual(
      at.events.filter(({ type }) => type === 'access.denied').map(({ target }) => target?.id),
      ['/api/sample/staff', '/api/sample/staff'],
    )
    assert.equal((await post('/api/sample/notes/1', 'no json', { cookie: 'none=1' })).status, 401)
  })

  test('policy 3.1-0: a sensitive route is closed to a stale session and to every key', async () => {
    for (const headers of [{}, { cookie: 'none=1', authorization: 'Bearer sk_sample' }]) {
      const answer = await post('/api/sample/sensitive', '{}', headers)
      assert.equal(answer.status, 401)
      assert.match(answer.body, /access\.step-up-needed/)
    }
  })

  test('policy 4.3-a.3: only what the schema names is let in', async () => {
    const path = '/api/sample/notes/7'
    assert.deepEqual(JSON.parse((await post(path, '{"text":"hello"}')).body), {
      id: '7',
      length: 5,
      who: 'account-sample',
    })
    const cases: readonly (readonly [string | Buffer, number])[] = [
      ['{"text":"a","more":1}', 422],
      ['{"text":"a","__proto__":{"x":1}}', 422],
      ['{"text":7}', 422],
      ['[]', 422],
      ['null', 422],
      ['', 422],
      ['{"text":', 400],
      ['\u0000', 400],
      [Buffer.from([0x22, 0xff, 0x22]), 400],
      [`{"text":"${'x'.repeat(1024 * 1024)}"}`, 413],
      ['['.repeat(100_000), 400],
    ]
    for (const [body, status] of cases)
      assert.equal((await post(path, body)).status, status, body.toString().slice(0, 40))
    assert.equal((await ask(at, '/api/sample/open?page=1')).status, 200)
    assert.equal((await ask(at, '/api/sample/open?page=x')).status, 422)
    assert.equal((await ask(at, '/api/sample/open?other=1')).status, 422)
    assert.equal((await ask(at, '/api/sample/open?page=1&page=2')).status, 400)
    assert.equal((await post(`/api/sample/notes/${'x'.repeat(50)}`, '{"text":"a"}')).status, 422)
  })

  test('a page of ours names its own content security policy, once', async () => {
    for (const page of [
      await ask(at, '/api/sample/page'),
      await askHttp2(at, { ':path': '/api/sample/page' }),
    ])
      assert.equal(page.headers['content-security-policy'], contentSecurityPolicy.page)
  })

  test('a change of a known caller is remembered by its request id', async () => {
    const origin = `https://localhost:${at.port}`
    const reply = await ask(at, '/api/sample/setting', { method: 'PUT', headers: { ...FULL, origin } })
    assert.equal(reply.status, 204)
    const change = { requestId: reply.headers['surety-request-id'], route: 'PUT /api/sample/setting' }
    assert.deepEqual(at.gateway.recentChanges(), [change])
  })

  test('a refusal of the schema repeats no value', async () => {
    const { body } = await post('/api/sample/sign-in', '{"password":{"my":"hunter2"}}')
    assert.match(body, /body\.password: invalid type/)
    assert.doesNotMatch(body, /hunter2/)
  })

  test('another site cannot send JSON, a form or plain text in the name of a signed-in person', async () => {
    const path = '/api/sample/notes/7'
    const body = '{"text":"a"}'
    assert.equal((await post(path, body, { origin: 'https://evil.example' })).status, 403)
    assert.equal((await post(path, body, { 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.equal(
      (await post(path, 'text=a', { 'content-type': 'application/x-www-form-urlencoded' })).status,
      400,
    )
    assert.equal((await post(path, body, { 'content-type': 'text/plain' })).status, 400)
    assert.equal((await post(path, body, { 'content-type': 'application/jsonp' })).status, 400)
    for (const proof of ['', 'password', 'full2']) {
      const answer = await post(path, body, { 'surety-form': proof })
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [403, 'request.cross-site'])
    }
    assert.equal(at.events.filter(({ type }) => type === 'request.cross-site').length, 5)
    const evil = { cookie: 'none=1', origin: 'https://evil.example' }
    assert.equal((await post('/api/sample/sign-in', '{"password":"x"}', evil)).status, 403)
  })

  test('HEAD, OPTIONS, unknown methods and unknown paths are answered sensibly', async () => {
    const head = await ask(at, '/api/sample/open', { method: 'HEAD' })
    assert.deepEqual([head.status, head.body], [200, ''])
    const options = await ask(at, '/api/sample/open', { method: 'OPTIONS' })
    assert.deepEqual([options.status, options.headers['allow']], [204, 'GET, HEAD, OPTIONS'])
    const wrong = await ask(at, '/api/sample/open', { method: 'DELETE' })
    assert.deepEqual([wrong.status, wrong.headers['allow']], [405, 'GET, HEAD, OPTIONS'])
    assert.equal((await ask(at, '/api/sample/open', { method: 'TRACE' })).status, 405)
    const unknown = await ask(at, '/api/nothing/here')
    assert.deepEqual([unknown.status, unknown.headers['content-type']], [404, 'application/problem+json'])
    assert.equal((await ask(at, '/trust/..%2fapi')).status, 400)
  })

  test('health tells nothing, readiness names the part that fails and no more', async () => {
    assert.equal((await ask(at, '/healthz')).body, '{"status":"up"}')
    const ready = await ask(at, '/readyz')
    assert.deepEqual([ready.status, ready.body], [503, '{"status":"not ready","failing":["policy"]}'])
  })

  test('the console is served compressed, cached by its hashes, and nothing else of the folder is', async () => {
    const bare = await ask(at, '/console')
    assert.deepEqual([bare.status, bare.headers['location']], [308, '/console/'])
    for (const path of [
      '/console/',
      '/console/inbox/7?filter=open',
      '/console/policy/clause/3.4-a',
      '/console/policy/clause/8.2-a.3',
    ]) {
      const page = await ask(at, path)
      assert.match(page.body, /<title>Console/)
      assert.equal(page.headers['cache-control'], 'no-cache')
      assert.match(String(page.headers['content-security-policy']), /require-trusted-types-for 'script'/)
    }
    const asset = '/console/assets/index-DZ0Abc12.js'
    const script = await ask(at, asset, { headers: { 'accept-encoding': 'gzip, br' } })
    assert.equal(script.headers['content-encoding'], 'br')
    assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.ok(Number(script.headers['content-length']) < 200)
    const known = { 'accept-encoding': 'br', 'if-none-match': String(script.headers['etag']) }
    assert.equal((await ask(at, asset, { headers: known })).status, 304)
    assert.equal(
      (await ask(at, asset, { headers: { 'accept-encoding': 'br;q=0' } })).headers['content-encoding'],
      undefined,
    )
    for (const path of ['/console/secret.pem', '/console/assets/none.js', '/console/keys/authority.key'])
      assert.equal((await ask(at, path)).status, 404, path)
    for (const path of ['/console/../keys/authority.key', '/console/%2e%2e/x', '/console/..%2fx'])
      assert.equal((await askHttp2(at, { ':path': path })).status, 400, path)
  })

  test('policy 4.3-a.1: a client over its rate is refused until a minute has passed, and nobody else is', async () => {
    at.publish({ 'api.rate': 40 })
    at.clock.advanceSeconds(61)
    const open = (headers = {}) => ask(at, '/api/sample/open', { headers })
    const key = { authorization: 'Bearer sk_busy' }
    const statuses = await Promise.all(Array.from({ length: 45 }, async () => (await open(key)).status))
    assert.equal(statuses.filter((status) => status === 200).length, 40)
    const refused = await open(key)
    assert.equal(refused.status, 429)
    assert.deepEqual(
      [refused.headers['retry-after'], refused.headers['ratelimit-policy']],
      ['61', '"api";q=40;w=60'],
    )
    assert.equal((await open()).status, 200)
    assert.equal((await open({ authorization: 'Bearer sk_other' })).status, 200)
    assert.equal((await ask(at, '/hooks/x', { headers: key })).status, 200)
    assert.equal((await ask(at, '/inbox/x', { headers: key })).status, 429)
    assert.equal(at.events.filter(({ type }) => type === 'request.rate-limited').length, 1)
    at.clock.advanceSeconds(60)
    assert.equal((await open(key)).status, 429)
    at.clock.advanceSeconds(1)
    const free = await open(key)
    assert.deepEqual([free.status, free.headers['ratelimit']], [200, '"api";r=39;t=60'])
  })

  test('policy 4.1-d: a route that costs more is limited by itself, and an account over all of its sessions', async () => {
    at.clock.advanceSeconds(61)
    at.publish({ 'api.rate': 600, 'rate.account': 40 })
    const { pattern, perMinute } = { pattern: '/api/sample/dear', perMinute: 3 }
    const limiter = openRateLimiter(at.clock)
    const door = { limiter, policy: at.reader, record: async () => {} }
    const caller = (session: string): Caller => ({
      ...stranger({ ip: '192.0.2.7', userAgent: '' }),
      kind: 'account',
      id: 'a',
      sessionId: session,
    })
    const exchange = (): Exchange => ({
      requestId: 'r',
      ip: '192.0.2.7',
      userAgent: '',
      pattern,
      replyHeaders: {},
    })
    const dear = { rate: 'api', pattern, perMinute } as const
    for (let tries = 0; tries < 3; tries += 1) await takeRate(door, dear, caller('one'), exchange())
    const refused = exchange()
    await assert.rejects(takeRate(door, dear, caller('one'), refused), /At most 3 requests a minute/)
    assert.match(refused.replyHeaders['ratelimit'] ?? '', /^"route";r=0;t=6[01]$/)
    const plain = { rate: 'api', pattern: '/api/sample/other' } as const
    for (let tries = 0; tries < 37; tries += 1) await takeRate(door, plain, caller(`${tries}`), exchange())
    const crowd = exchange()
    await assert.rejects(takeRate(door, plain, caller('last'), crowd), /At most 40 requests a minute/)
    assert.match(crowd.replyHeaders['ratelimit-policy'] ?? '', /^"account";q=40;w=60$/)
  })

  test('sign-in has a stricter rate of its own, and one network cannot flood the rest', async () => {
    at.publish({ 'api.rate': 600 })
    at.clock.advanceSeconds(61)
    const tries = await Promise.all(
      Array.from({ length: 32 }, async () => {
        const reply = await post('/api/sample/sign-in', '{"password":"x"}', { cookie: 'none=1' })
        return reply.status
      }),
    )
    assert.equal(tries.filter((status) => status === 200).length, 30)
    at.publish({ 'rate.network': 300 })
    at.clock.advanceSeconds(61)
    const flood = await Promise.all(
      Array.from({ length: 310 }, async (_, index) => {
        return (await ask(at, '/api/nothing', { headers: { authorization: `Bearer sk_${index}` } })).status
      }),
    )
    assert.equal(flood.filter((status) => status === 404).length, 300)
    at.clock.advanceSeconds(61)
  })
})
