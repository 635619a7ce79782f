import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { connect as connectHttp2 } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect as connectTls } from 'node:tls'
import { after, before, beforeEach, describe, test } from 'node:test'
import { ask, askHttp2, sendRaw, testGateway, type TestGateway } from '../gateway.fixture.ts'
import { sampleFirewall } from './guard.fixture.ts'

interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

describe('the firewall in the path of a request', () => {
  let at: TestGateway
  let arrived: Arrived[] = []
  /** Connections with any byte at all at the service. */
  let touched = 0
  const firewall = sampleFirewall()

  const service = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    touched += 1
    let body = ''
    incoming.on('data', (part: Buffer) => (body += part.toString('latin1')))
    incoming.on('end', () => {
      arrived.push({
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body,
      })
      outgoing.end(`served ${body.length}`)
    })
  }

  before(async () => {
    at = await testGateway(service, { firewall, limits: { proxiedBodyBytesMax: 200_000 } })
  })
  beforeEach(() => {
    arrived = []
    touched = 0
    firewall.seen.length = 0
    firewall.loaded = true
  })
  after(() => at.close())

  const open = (
    path = '/hooks/slow',
    headers: Record<string, string> = {},
  ): ReturnType<typeof httpsRequest> =>
    httpsRequest({
      host: '127.0.0.1',
      port: at.port,
      ca: at.ca,
      servername: 'localhost',
      path,
      method: 'POST',
      agent: false,
      headers: { host: `localhost:${at.port}`, ...headers },
    })

  test('policy 4.1-a: no byte reaches the service before the verdict on the body', async () => {
    const sent = open()
    const answer = once(sent, 'response') as Promise<[IncomingMessage]>
    sent.write('first half, ')
    await new Promise((resolve) => setTimeout(resolve, 60))
    assert.equal(touched, 0)
    sent.end('then an attack')
    const [response] = await answer
    assert.equal(response.statusCode, 403)
    response.resume()
    const seen = await firewall.reported('/hooks/slow')
    assert.equal(seen.body, 'first half, then an attack')
    assert.equal(touched, 0)
  })

  test('policy 4.1-a: what is let through arrives as it was sent, with one length', async () => {
    const sent = open('/hooks/whole')
    const answer = once(sent, 'response') as Promise<[IncomingMessage]>
    for (let part = 0; part < 300; part += 1) sent.write(`${part},`)
    sent.end()
    const [response] = await answer
    response.resume()
    const expected = Array.from({ length: 300 }, (_, part) => `${part},`).join('')
    assert.equal(arrived[0]?.body, expected)
    assert.equal(arrived[0]?.headers['content-length'], String(expected.length))
    assert.equal(arrived[0]?.headers['transfer-encoding'], undefined)
    const big = 'b'.repeat(190_000)
    assert.equal((await ask(at, '/hooks/big', { method: 'PUT', body: big })).body, 'served 190000')
    assert.equal((await askHttp2(at, { ':method': 'POST', ':path': '/hooks/h2' }, big)).body, 'served 190000')
    assert.equal(arrived[2]?.headers['content-length'], '190000')
  })

  test('policy 4.1-a: a head is looked at before a refusal of ours, odd ones included', async () => {
    const tries: readonly (readonly [string, number])[] = [
      [`GET /a;b?attack HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 403],
      [`GET /a;b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 400],
      [`TRACE /attack HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 403],
      [`GET /x HTTP/1.1\r\nHost: evil.example\r\nX-Sample: evil-head\r\nConnection: close\r\n\r\n`, 403],
      [`GET /x HTTP/1.1\r\nX-Sample: evil-head\r\nConnection: close\r\n\r\n`, 403],
      [`GET http://localhost/attack HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`, 403],
      [`GET /attack HTTP/1.1\r\nHost: localhost\r\nExpect: nothing\r\nConnection: close\r\n\r\n`, 403],
      [`GET /x HTTP/1.1\r\nHost: localhost\r\nExpect: nothing\r\nConnection: close\r\n\r\n`, 417],
      [`CONNECT attack.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n`, 403],
      [`CONNECT other.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n`, 400],
      [`POST /a;b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nConnection: close\r\n\r\nattack`, 403],
    ]
    for (const [bytes, status] of tries)
      assert.match(await sendRaw(at, bytes), new RegExp(`^HTTP/1\\.1 ${status} `), bytes)
    assert.equal(touched, 0)
    assert.equal(firewall.seen.length, tries.length)
  })

  test('rules see the order and spelling of HTTP/1.1, and the authority of HTTP/2 as its host', async () => {
    await sendRaw(
      at,
      `GET /hooks/raw?q=%20 HTTP/1.1\r\nHOST: localhost\r\nx-B: 1\r\nX-a: \xe9\r\nx-B: 2\r\nConnection: close\r\n\r\n`,
    )
    const host = `localhost:${at.port}`
    await askHttp2(at, { ':path': '/hooks/two?q=1', ':authority': host, 'x-b': '1' })
    const [one, two] = firewall.seen
    assert.deepEqual(one?.head, {
      method: 'GET',
      target: '/hooks/raw?q=%20',
      protocol: 'HTTP/1.1',
      headers: ['HOST', 'localhost', 'x-B', '1', 'X-a', '\xc3\xa9', 'x-B', '2', 'Connection', 'close'],
    })
    assert.deepEqual(two?.head, {
      method: 'GET',
      target: '/hooks/two?q=1',
      protocol: 'HTTP/2',
      headers: ['Host', host, 'x-b', '1'],
    })
    assert.equal(one?.start.client.address, '127.0.0.1')
    assert.equal(two?.start.server.name, 'localhost')
    assert.equal(two?.start.server.port, at.port)
  })

  test('policy 4.1-a: bodies of the API are looked at before anything reads them', async () => {
    const post = (body: string) =>
      ask(at, '/api/sample/notes/1', {
        method: 'POST',
        body,
        headers: {
          cookie: '__Host-surety=full',
          'content-type': 'application/json',
          'sec-fetch-site': 'same-origin',
          'surety-form': 'full',
        },
      })
    assert.equal((await post('{"text":"fine"}')).status, 200)
    const stopped = await post('{"text":"an attack"}')
    assert.equal(stopped.status, 403)
    const { requestId, ...problem } = JSON.parse(stopped.body) as Record<string, unknown>
    assert.equal(problem['code'], 'firewall.blocked')
    assert.equal(requestId, stopped.headers['surety-request-id'])
    assert.doesNotMatch(stopped.body, /secret|\brule\b/)
    // A body that no route reads is looked at as well.
    assert.equal(
      (await ask(at, '/healthz', { body: 'attack', headers: { 'content-length': '6' } })).status,
      403,
    )
    assert.equal((await ask(at, '/api/nowhere', { method: 'POST', body: 'attack' })).status, 403)
  })

  test('a body over the limit is refused and never cut into a pass', async () => {
    const big = `${'a'.repeat(200_001)}attack`
    assert.equal((await ask(at, '/hooks/big', { method: 'POST', body: big })).status, 413)
    const chunked = open('/hooks/chunked')
    const answer = once(chunked, 'response') as Promise<[IncomingMessage]>
    chunked.on('error', () => {})
    chunked.write(big.slice(0, 150_000))
    chunked.end(big.slice(0, 150_000))
    const [response] = await answer
    assert.equal(response.statusCode, 413)
    response.resume()
    assert.equal((await askHttp2(at, { ':method': 'POST', ':path': '/hooks/h2' }, big)).status, 413)
    assert.equal((await ask(at, '/api/x', { method: 'POST', body: 'a'.repeat(1_100_000) })).status, 413)
    assert.equal(touched, 0)
  })

  test('a client that waits to be asked for its body is asked only once somebody wants it', async () => {
    const want = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
      const sent = open(path, { expect: '100-continue', 'content-length': '6', ...headers })
      let asked = ''
      sent.on('continue', () => {
        asked = 'asked, '
        sent.end('attack')
      })
      sent.flushHeaders()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      response.resume()
      sent.on('error', () => {})
      sent.destroy()
      return `${asked}${response.statusCode}`
    }
    assert.equal(await want('/hooks/x'), 'asked, 403')
    assert.equal(await want('/inbox/x'), '401')
    assert.equal(await want('/a;b'), '400')
    assert.equal(await want('/hooks/attack', { 'x-s': 'evil-head' }), '403')
    assert.equal(await want('/api/sample/open'), 'asked, 403')
  })

  test('a person sees a page with the request id, a program a problem; neither learns the rule', async () => {
    const accept = 'text/html,application/xhtml+xml'
    const page = await ask(at, '/hooks/attack', { headers: { accept, 'sec-fetch-mode': 'navigate' } })
    assert.equal(page.status, 403)
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
    assert.match(String(page.headers['content-security-policy']), /script-src 'none'/)
    assert.ok(page.body.includes(String(page.headers['surety-request-id'])))
    assert.doesNotMatch(page.body, /<script|style=|secret|\brule\b|onload/)
    assert.equal(Number(page.headers['content-length']), Buffer.byteLength(page.body))
    const called = await ask(at, '/hooks/attack', { headers: { accept, 'sec-fetch-mode': 'cors' } })
    assert.equal(called.headers['content-type'], 'application/problem+json')
  })

  test('a rule may end the connection, of either HTTP version, or lead away', async () => {
    assert.equal(await sendRaw(at, `GET /hooks/drop-me HTTP/1.1\r\nHost: localhost\r\n\r\n`), '')
    const session = connectHttp2(`https://localhost:${at.port}`, { ca: at.ca, host: '127.0.0.1' } as object)
    session.on('error', () => {})
    const stream = session.request({ ':path': '/hooks/drop-me' })
    stream.on('error', () => {})
    await once(session, 'close')
    const led = await ask(at, '/hooks/lead-away')
    assert.deepEqual([led.status, led.headers['location']], [302, 'https://elsewhere.example/'])
    assert.equal(touched, 0)
  })

  test('policy 4.1-a: when the rules cannot be asked, nothing passes and nobody learns why', async () => {
    for (const phase of [1, 2]) {
      const refused = await ask(at, `/hooks/break-${phase}`)
      assert.equal(refused.status, 503, `phase ${phase}`)
      assert.doesNotMatch(refused.body, /secret/)
    }
    assert.equal(touched, 0)
    const answered = await ask(at, '/hooks/break-3')
    assert.equal(answered.status, 503)
    assert.equal(arrived.length, 1)
    assert.equal((await ask(at, '/hooks/break-5')).status, 200)
    const logged = at.lines.filter(({ message }) => message === 'request failed')
    assert.equal(logged.length, 3)
  })

  test('with no rules at all a request passes unlooked at', async () => {
    firewall.loaded = false
    const passed = await ask(at, '/hooks/attack', { method: 'POST', body: 'attack' })
    assert.equal(passed.body, 'served 6')
    assert.equal(firewall.seen.length, 0)
  })

  test('each request is reported once, with what was answered and who asked', async () => {
    await ask(at, '/hooks/attack')
    await ask(at, '/inbox/known', { headers: { authorization: 'Bearer sk_sample' } })
    const blocked = await firewall.reported('attack')
    assert.deepEqual(
      [blocked.judged?.status, blocked.judged?.pattern, blocked.judged?.client],
      [403, 'service /hooks/', ''],
    )
    assert.equal(blocked.report?.blocked?.rule, 902)
    const known = await firewall.reported('known')
    assert.deepEqual([known.judged?.status, known.judged?.pattern], [200, 'service /*'])
    assert.equal(known.judged?.client, 'sample')
    assert.ok((known.judged?.ms ?? -1) >= 0)
    assert.equal(known.judged?.requestId, known.start.uniqueId)
  })

  test('hostile: pipelined requests after a block are each looked at', async () => {
    const one = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
    const got = await sendRaw(
      at,
      one('/hooks/attack') + one('/hooks/good') + one('/hooks/attack', 'Connection: close\r\n'),
    )
    assert.deepEqual(
      [...got.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1]),
      ['403', '200', '403'],
    )
    assert.deepEqual(
      arrived.map(({ url }) => url),
      ['/hooks/good'],
    )
  })

  test('hostile: what follows a body that was stopped is not taken for a request', async () => {
    const body = 'attack'
    const hidden = 'GET /hooks/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n'
    await sendRaw(
      at,
      `POST /hooks/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length + hidden.length}\r\nConnection: close\r\n\r\n${body}${hidden}`,
    )
    const both = `POST /hooks/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`
    assert.match(await sendRaw(at, both), /^HTTP\/1\.1 400 /)
    const folded = `POST /hooks/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${hidden}`
    await sendRaw(at, `${folded}BROKEN\r\n\r\n`)
    const sized = `POST /hooks/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n6;a=b\r\nattack\r\n0\r\nX-Late: evil\r\n\r\n`
    assert.match(await sendRaw(at, sized), /^HTTP\/1\.1 403 /)
    assert.ok(arrived.every(({ url, body: text }) => url !== '/hooks/hidden' || text === ''))
    assert.equal(arrived.filter(({ body: text }) => text.includes('attack')).length, 0)
  })

  test('hostile: a client that leaves in the middle of its body reaches nobody and leaves a report', async () => {
    const sent = open('/hooks/leaving', { 'content-length': '100' })
    sent.on('error', () => {})
    sent.write('attack')
    while (firewall.seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    sent.destroy()
    const seen = await firewall.reported('leaving')
    assert.equal(seen.judged?.status, 0)
    assert.equal(seen.calls.join(), 'request,end')
    assert.equal(touched, 0)
  })

  test('hostile: many streams of one HTTP/2 connection are each judged by themselves', async () => {
    const session = connectHttp2(`https://localhost:${at.port}`, { ca: at.ca, host: '127.0.0.1' } as object)
    const statuses = await Promise.all(
      Array.from({ length: 80 }, async (_, number) => {
        const stream = session.request({ ':method': 'POST', ':path': `/hooks/${number}` })
        const answer = once(stream, 'response') as Promise<[Record<string, unknown>]>
        stream.write('x'.repeat(1000))
        stream.end(number % 2 === 0 ? 'attack' : 'fine')
        const [headers] = await answer
        stream.resume()
        return headers[':status']
      }),
    )
    session.close()
    assert.ok(statuses.every((status, number) => status === (number % 2 === 0 ? 403 : 200)))
    assert.equal(arrived.length, 40)
  })

  test('bytes that HTTP refuses are looked at by the rules and refused all the same', async () => {
    const answer = await sendRaw(
      at,
      'GET /hooks/refused HTTP/1.1\r\nHost: localhost\r\nbad header line\r\n\r\n',
    )
    assert.match(answer, /^HTTP\/1\.1 400 /)
    const seen = await firewall.reported('refused')
    assert.deepEqual([seen.judged?.status, seen.judged?.pattern], [400, 'malformed'])
    assert.deepEqual(seen.head?.headers.slice(0, 2), ['Host', 'localhost'])
    assert.equal(seen.calls.join(), 'request,bodyEnd,end')
  })

  test('rules see the version that stands in the first line, whatever it is', async () => {
    for (const version of ['0.9', '1.0', '2.0']) {
      await sendRaw(at, `GET /hooks/version-${version} HTTP/${version}\r\nHost: localhost\r\n\r\n`)
      const { head } = await firewall.reported(`version-${version}`)
      assert.deepEqual([head?.protocol, ...(head?.headers ?? [])], [`HTTP/${version}`, 'Host', 'localhost'])
    }
  })

  test('a WebSocket is judged before the service is asked', async () => {
    const upgrade = (path: string): Promise<string> =>
      sendRaw(
        at,
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://localhost\r\n\r\n`,
      )
    assert.match(await upgrade('/hooks/attack'), /^HTTP\/1\.1 403 /)
    assert.equal(await upgrade('/hooks/drop-me'), '')
    assert.equal(touched, 0)
    const seen = await firewall.reported('attack')
    assert.equal(seen.calls.join(), 'request,bodyEnd,end')
  })

  test('slow heads and slow bodies are cut in either HTTP version', async (context) => {
    const limits = { headersMs: 300, requestMs: 600, sweepMs: 50 }
    const short = await testGateway(service, { firewall, limits })
    context.after(() => short.close())
    const where = { host: '127.0.0.1', port: short.port, ca: short.ca, servername: 'localhost' }
    const closed = async (bytes: string): Promise<string> => {
      const socket = connectTls({ ...where, ALPNProtocols: ['http/1.1'] })
      await once(socket, 'secureConnect')
      let got = ''
      const drip = setInterval(() => socket.write('a'), 200)
      socket.on('error', () => {}).on('data', (part) => (got += part.toString('latin1')))
      // Bytes sent after the answer would reset the connection, and the answer could be lost with it.
      socket.once('data', () => clearInterval(drip)).write(bytes)
      await once(socket, 'close')
      clearInterval(drip)
      return got
    }
    const [head, body] = await Promise.all([
      closed('GET /hooks/x HTTP/1.1\r\nHost: localhost\r\nX-Slow: '),
      closed('POST /hooks/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n'),
    ])
    assert.match(head, /^HTTP\/1\.1 408 /)
    assert.match(body, /^HTTP\/1\.1 408 /)
    const session = connectHttp2(`https://localhost:${short.port}`, where as object)
    session.on('error', () => {})
    const stream = session.request({ ':method': 'POST', ':path': '/hooks/slow2' })
    stream.on('error', () => {})
    const drip = setInterval(() => stream.write('a'), 50)
    await once(stream, 'close')
    clearInterval(drip)
    session.destroy()
    assert.equal(touched, 0)
  })
})
