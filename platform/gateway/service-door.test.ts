import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { connect as connectHttp2 } from 'node:http2'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { connect as connectTls } from 'node:tls'
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { ask, askHttp2, sendRaw, testGateway, type TestGateway } from './gateway.fixture.ts'

const FULL = { cookie: 'theme=dark; __Host-surety=full; __Host-surety-device=known; other=1' }
const SITE = { 'sec-fetch-site': 'same-origin' }

interface Seen {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

describe('the way to the protected service', () => {
  let at: TestGateway
  let seen: Seen[] = []
  let aborted: Promise<unknown> = Promise.resolve()

  const service = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const url = incoming.url ?? ''
    if (url.includes('events')) {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
      outgoing.write('data: first\n\n')
      aborted = once(outgoing, 'close')
      return
    }
    if (url.includes('half')) {
      outgoing.writeHead(200, { 'content-length': '1000' })
      outgoing.write('half')
      setTimeout(() => outgoing.destroy(), 20)
      return
    }
    if (url.includes('silent')) return
    if (url.includes('early')) {
      outgoing.writeHead(422).end('no thanks')
      return
    }
    let body = ''
    incoming.on('data', (chunk) => {
      body += chunk
    })
    incoming.on('end', () => {
      seen.push({ method: incoming.method ?? '', url, headers: incoming.headers, body: body.slice(0, 100) })
      outgoing.setHeader('server', 'secret/1.0')
      outgoing.setHeader('x-powered-by', 'secret')
      outgoing.setHeader('surety-used-permission', 'conversation.read')
      outgoing.setHeader('set-cookie', ['__Host-surety=stolen; Path=/; Secure', 'own=1'])
      outgoing.setHeader('strict-transport-security', 'max-age=0')
      if (url.includes('frame')) {
        outgoing.setHeader(
          'content-security-policy',
          "default-src 'self'; frame-ancestors https://shop.example",
        )
        outgoing.setHeader('cross-origin-resource-policy', 'cross-origin')
      }
      outgoing.end(`served ${body.length}`)
    })
  }

  before(async () => {
    at = await testGateway(service, { limits: { proxiedBodyBytesMax: 5000 } })
  })
  beforeEach(() => {
    seen = []
  })
  after(async () => {
    await at.close()
  })

  test('policy 4.3-a.2: only public paths are open; all else needs a full session or a key', async () => {
    const status = async (path: string, headers: Record<string, string>): Promise<number> =>
      (await ask(at, path, { headers })).status
    assert.equal(await status('/hooks/whatsapp', {}), 200)
    assert.equal(await status('/w/frame', {}), 200)
    assert.equal(await status('/inbox/conversations', {}), 401)
    assert.equal(await status('/hooks', {}), 401)
    assert.equal(await status('/Hooks/x', {}), 401)
    assert.equal(await status('/inbox/x', { cookie: '__Host-surety=password' }), 401)
    assert.equal(await status('/inbox/x', { cookie: '__Host-surety=enrolling' }), 401)
    assert.equal(await status('/inbox/x', FULL), 200)
    assert.equal(await status('/inbox/x', { authorization: 'Bearer sk_sample' }), 200)
    assert.deepEqual(
      seen.map(({ url }) => url),
      ['/hooks/whatsapp', '/w/frame', '/inbox/x', '/inbox/x'],
    )
  })

  test('a browser without a session is led to the sign-in page, a program is refused', async () => {
    const page = await ask(at, '/', { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' } })
    assert.deepEqual([page.status, page.headers['location']], [303, '/console/'])
    assert.ok(page.headers['strict-transport-security'])
    assert.equal(
      (await ask(at, '/', { headers: { accept: 'text/html', 'sec-fetch-mode': 'cors' } })).status,
      401,
    )
    assert.equal((await ask(at, '/', { headers: { accept: 'application/json' } })).status, 401)
  })

  test('the service gets a signed identity and none of the credentials', async () => {
    const forged = {
      'surety-identity': 'forged',
      'surety-anything': 'forged',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=6.6.6.6',
      'x-real-ip': '6.6.6.6',
    }
    await ask(at, '/inbox/x?q=1', { headers: { ...FULL, ...forged } })
    await ask(at, '/inbox/x', { headers: { authorization: 'Bearer sk_sample' } })
    await ask(at, '/hooks/x', { headers: { ...forged, ...FULL } })
    const [first, keyed, open] = seen
    const text = (await ask(at, '/.well-known/jwks.json')).body
    const keys = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)
    const token = String(first?.headers['surety-identity'])
    const { payload } = await jwtVerify(token, keys, {
      audience: 'upstream',
      algorithms: ['EdDSA'],
      currentDate: at.clock.now(),
    })
    assert.deepEqual(
      [
        payload.sub,
        payload['kind'],
        payload['ws'],
        payload['role'],
        payload['level'],
        payload['permissions'],
      ],
      [
        'account-sample',
        'account',
        'workspace-sample',
        'agent',
        'full',
        ['conversation.read', 'self.account'],
      ],
    )
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 60)
    assert.equal(payload['rid'], first?.headers['surety-request-id'])
    assert.equal(first?.headers.cookie, 'theme=dark; other=1')
    assert.equal(first?.headers['x-forwarded-for'], '127.0.0.1')
    assert.equal(first?.headers['x-forwarded-host'], `localhost:${at.port}`)
    for (const name of ['surety-anything', 'forwarded', 'x-real-ip'])
      assert.equal(first?.headers[name], undefined)
    assert.equal(keyed?.headers.authorization, undefined)
    assert.equal(open?.headers['surety-identity'], undefined)
    assert.equal(open?.headers.cookie, 'theme=dark; other=1')
  })

  test('an identity outlives a rotation of its key, and the next one is signed with the new key', async () => {
    await ask(at, '/inbox/x', { headers: FULL })
    await at.gateway.rotateIdentityKey()
    await ask(at, '/inbox/x', { headers: FULL })
    const keySet = JSON.parse((await ask(at, '/.well-known/jwks.json')).body) as JSONWebKeySet
    assert.equal(keySet.keys.length, 2)
    assert.ok(keySet.keys.every((key) => key.d === undefined))
    const kids = await Promise.all(
      seen.map(async ({ headers }) => {
        const options = { audience: 'upstream', currentDate: at.clock.now() }
        const token = String(headers['surety-identity'])
        return (await jwtVerify(token, createLocalJWKSet(keySet), options)).protectedHeader.kid
      }),
    )
    assert.deepEqual(
      kids.toReversed(),
      keySet.keys.map(({ kid }) => kid),
    )
  })

  test('what the service answers loses its banners and cannot set the session cookie', async () => {
    const { headers } = await ask(at, '/hooks/x')
    assert.deepEqual(headers['set-cookie'], ['own=1'])
    assert.equal(headers['server'], undefined)
    assert.equal(headers['x-powered-by'], undefined)
    assert.match(String(headers['content-security-policy']), /script-src 'self'/)
    assert.equal(headers['strict-transport-security'], 'max-age=63072000; includeSubDomains')
  })

  test('policy 3.2-a: what permission the service let somebody use is noted, and never told to the client', async () => {
    at.access.noted.length = 0
    const reply = await ask(at, '/inbox/used', { headers: FULL })
    assert.equal(reply.headers['surety-used-permission'], undefined)
    assert.deepEqual(at.access.noted, ['account-sample conversation.read'])
    await ask(at, '/hooks/used', { headers: FULL })
    assert.equal(at.access.noted.length, 1, 'a public path is nobody’s use')
  })

  test('a page that names its own policy keeps it, with ours beside it', async () => {
    const { headers } = await ask(at, '/w/frame')
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /frame-ancestors https:\/\/shop\.example/)
    assert.match(policy, /object-src 'none'/)
    assert.doesNotMatch(policy, /frame-ancestors 'none'/)
    assert.equal(headers['cross-origin-resource-policy'], 'cross-origin')
  })

  test('paths that two servers could read differently are refused', async () => {
    const tricks = [
      '/hooks/../inbox/x',
      '/hooks/./x',
      '/hooks/..',
      '/hooks/%2e%2e/inbox/x',
      '/hooks/..%2finbox',
      '/hooks/%2E%2E%5Cinbox',
      '/hooks\\..\\inbox',
      '/hooks//inbox',
      '//hooks/x',
      '/hooks/..;/inbox',
      '/hooks/%252e%252e/inbox',
      '/hooks/%00',
      '/hooks/%0d%0aSet-Cookie:x',
      '/hooks/%zz',
      '/hooks/%ff',
      '/%68ooks/x',
      '/hooks/x#y',
      'http://localhost/hooks/x',
      'hooks/x',
      '*',
    ]
    for (const path of tricks) {
      const raw = `GET ${path} HTTP/1.1\r\nHost: localhost:${at.port}\r\nConnection: close\r\n\r\n`
      assert.match(await sendRaw(at, raw), /^HTTP\/1\.1 400 /, path)
    }
    for (const path of ['/hooks/../inbox', '/hooks/%2e%2e/inbox', '//x'])
      assert.equal((await askHttp2(at, { ':path': path })).status, 400, path)
    assert.equal((await ask(at, '/hooks/caf%C3%A9/a.b?u=/../%2e')).status, 200)
    assert.equal(seen.length, 1)
  })

  test('requests that could hide a second one are refused', async () => {
    const head = `POST /hooks/x HTTP/1.1\r\nHost: localhost:${at.port}\r\nConnection: close\r\n`
    const bodies = [
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /inbox/x HTTP/1.1\r\nHost: a\r\n\r\n',
      'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
      'Content-Length: 5, 6\r\n\r\nhello',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n',
      'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
      'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
      'Content-Length: +5\r\n\r\nhello',
      'Content_Length: 5\r\n\r\n',
      `Host: evil.example\r\n\r\n`,
      'Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n',
    ]
    for (const rest of bodies) assert.match(await sendRaw(at, head + rest), /^HTTP\/1\.1 4\d\d /, rest)
    assert.deepEqual(seen, [])
    await assert.rejects(
      askHttp2(at, { ':method': 'POST', ':path': '/hooks/x', 'content-length': '2' }, 'longer'),
    )
  })

  test('a body is limited while it streams, whether its length was told or not', async () => {
    const long = 'x'.repeat(6000)
    assert.equal((await ask(at, '/hooks/x', { method: 'POST', body: long })).status, 413)
    const chunked = { method: 'POST', body: long, headers: { 'transfer-encoding': 'chunked' } }
    assert.equal((await ask(at, '/hooks/x', chunked)).status, 413)
    assert.equal((await askHttp2(at, { ':method': 'POST', ':path': '/hooks/x' }, long)).status, 413)
    assert.equal((await ask(at, '/hooks/x', { method: 'POST', body: 'x'.repeat(4000) })).body, 'served 4000')
    assert.equal((await askHttp2(at, { ':method': 'POST', ':path': '/hooks/x' }, 'abc')).body, 'served 3')
    assert.deepEqual(
      seen.map(({ body }) => body.length),
      [100, 3],
    )
  })

  test('a client that waits for 100-continue gets it only once it is let in', async () => {
    const send = (path: string): Promise<{ continued: boolean; status: number }> =>
      new Promise((resolve, reject) => {
        const headers = { expect: '100-continue', 'content-length': '4' }
        const options = { host: '127.0.0.1', port: at.port, ca: at.ca, servername: 'localhost', agent: false }
        const sent = httpsRequest({
          ...options,
          path,
          method: 'POST',
          headers: { ...headers, host: 'localhost' },
        })
        let continued = false
        sent.on('error', reject)
        sent.on('continue', () => {
          continued = true
          sent.end('body')
        })
        sent.on('response', (got) => {
          got.resume()
          resolve({ continued, status: got.statusCode ?? 0 })
          if (!continued) sent.destroy()
        })
        sent.flushHeaders()
      })
    assert.deepEqual(await send('/hooks/x'), { continued: true, status: 200 })
    assert.deepEqual(await send('/inbox/x'), { continued: false, status: 401 })
  })

  /** A gateway that waits for nobody; only what must run into its limits is asked of it. */
  const impatient = async (context: TestContext): Promise<TestGateway> => {
    const limits = { upstreamResponseMs: 150, requestMs: 400, headersMs: 300, sweepMs: 50 }
    const short = await testGateway(service, { limits })
    context.after(() => short.close())
    return short
  }

  test('a slow body and slow headers are cut off', async (context) => {
    const short = await impatient(context)
    const head = `POST /hooks/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n`
    assert.match(await sendRaw(short, head), /^HTTP\/1\.1 408 /)
    assert.match(await sendRaw(short, `${head}\r\nslow`), /^(?:HTTP\/1\.1 408 |$)/)
    const session = connectHttp2(`https://localhost:${short.port}`, { ca: short.ca })
    const stream = session.request({ ':method': 'POST', ':path': '/hooks/x' }, { endStream: false })
    stream.on('error', () => {})
    stream.write('slow')
    await once(stream, 'close')
    session.close()
  })

  test('a service that is slow, gone or breaks off gives a clear answer or a cut connection, never half an answer', async (context) => {
    assert.equal((await ask(await impatient(context), '/hooks/silent')).status, 504)
    await assert.rejects(ask(at, '/hooks/half'))
    await assert.rejects(askHttp2(at, { ':path': '/hooks/half' }))
    const early = await ask(at, '/hooks/early', { method: 'POST', body: 'x'.repeat(4000) })
    assert.deepEqual([early.status, early.body], [422, 'no thanks'])
  })

  test('an event stream opens at once, and a client that leaves ends it at the service', async () => {
    const session = connectHttp2(`https://localhost:${at.port}`, { ca: at.ca })
    const stream = session.request({ ':path': '/inbox/events', cookie: '__Host-surety=full' })
    const [chunk] = (await once(stream, 'data')) as [Buffer]
    assert.equal(chunk.toString(), 'data: first\n\n')
    stream.close()
    await aborted
    session.close()
  })

  test('policy 3.4-c: an event stream ends when its session was ended', async () => {
    const short = await testGateway(service, { limits: { standingMs: 20 } })
    const session = connectHttp2(`https://localhost:${short.port}`, { ca: short.ca })
    session.on('error', () => {})
    const stream = session.request({ ':path': '/inbox/events', cookie: '__Host-surety=full' })
    stream.on('error', () => {})
    await once(stream, 'data')
    short.access.ended.add('full')
    await once(stream, 'close')
    session.destroy()
    await short.close()
  })

  test('another site cannot act in the name of a signed-in person', async () => {
    const post = async (headers: Record<string, string>): Promise<number> =>
      (await ask(at, '/inbox/x', { method: 'POST', body: '{}', headers })).status
    const origin = `https://localhost:${at.port}`
    assert.equal(await post({ ...FULL, origin, ...SITE }), 200)
    assert.equal(await post({ ...FULL, origin }), 200)
    assert.equal(await post(FULL), 403)
    assert.equal(await post({ ...FULL, origin: 'https://evil.example' }), 403)
    assert.equal(await post({ ...FULL, origin: 'null' }), 403)
    assert.equal(await post({ ...FULL, origin, 'sec-fetch-site': 'cross-site' }), 403)
    assert.equal(await post({ ...FULL, 'sec-fetch-site': 'same-site' }), 403)
    assert.equal(await post({ authorization: 'Bearer sk_sample' }), 200)
    assert.ok(at.events.some(({ type }) => type === 'request.cross-site'))
  })

  test('a connection that ends in the middle of a request is ended at the service too', async () => {
    const socket = connectTls({ host: '127.0.0.1', port: at.port, ca: at.ca, servername: 'localhost' })
    await once(socket, 'secureConnect')
    socket.write(`POST /hooks/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc`)
    await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    assert.equal((await ask(at, '/hooks/after')).status, 200)
    assert.deepEqual(
      seen.map(({ url }) => url),
      ['/hooks/after'],
    )
  })
})

test('a service that is not there gives 502, in both HTTP versions', async () => {
  const at = await testGateway()
  const gone = await testGateway((incoming, outgoing) => {
    incoming.socket.destroy()
    outgoing.destroy()
  })
  assert.equal((await ask(gone, '/hooks/x')).status, 502)
  assert.equal((await askHttp2(gone, { ':path': '/hooks/x', ':method': 'POST' }, 'x')).status, 502)
  await Promise.all([at.close(), gone.close()])
})
