import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { ask, askHttp2, sendRaw, testGateway, type Reply, type TestGateway } from './gateway.fixture.ts'

const FULL = { cookie: '__Host-surety=full' }

function handshake(at: TestGateway, options: object): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls(
      { host: '127.0.0.1', port: at.port, ca: at.ca, servername: 'localhost', ...options },
      () => {
        const group = socket.getEphemeralKeyInfo() as { name?: string }
        resolve(`${socket.getProtocol()} ${group.name ?? 'static'}`)
        socket.destroy()
      },
    )
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'failed'))
  })
}

/** What an HTTP/2 client gets that asks to be led on to another host. */
async function tunnelHttp2(at: TestGateway): Promise<Pick<Reply, 'status' | 'headers'>> {
  const session = connectHttp2(`https://localhost:${at.port}`, { ca: at.ca })
  const stream = session.request({ ':method': 'CONNECT', ':authority': 'evil.example:443' })
  const [headers] = (await once(stream, 'response')) as [Reply['headers']]
  session.destroy()
  return { status: Number(headers[':status']), headers }
}

describe('the TLS listener', () => {
  let at: TestGateway
  before(async () => {
    at = await testGateway((incoming, outgoing) => void outgoing.end(`${incoming.method} ${incoming.url}`))
  })
  after(() => at.close())

  test('policy 2.1-a: TLS 1.3 is spoken, 1.2 and older are refused', async () => {
    const old = (version: string): object => ({
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT:@SECLEVEL=0',
    })
    assert.equal(await handshake(at, {}), 'TLSv1.3 X25519MLKEM768')
    for (const version of ['TLSv1.2', 'TLSv1.1', 'TLSv1'])
      assert.equal(await handshake(at, old(version)), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', version)
  })

  test('policy 2.1-b: keys are agreed in the groups of the text and in no other', async () => {
    assert.equal(await handshake(at, { ecdhCurve: 'X25519' }), 'TLSv1.3 X25519')
    assert.match(await handshake(at, { ecdhCurve: 'P-256' }), /^ERR_SSL/)
  })

  test('policy 2.1-a, 2.1-b: a change of the text is obeyed without a restart, by open connections too', async () => {
    at.publish({ 'tls.minimum': 'TLSv1.2', 'tls.groups': ['P-256'] })
    const kept = connectTls({
      host: '127.0.0.1',
      port: at.port,
      ca: at.ca,
      servername: 'localhost',
      maxVersion: 'TLSv1.2',
    })
    await new Promise((resolve) => kept.once('secureConnect', resolve))
    const ended = new Promise((resolve) => kept.once('close', resolve))
    kept.on('error', () => {})
    kept.resume()
    assert.equal(await handshake(at, {}), 'TLSv1.3 prime256v1')
    at.publish({ 'tls.minimum': 'TLSv1.3', 'tls.groups': ['X25519MLKEM768', 'X25519'] })
    await ended
    assert.match(await handshake(at, { maxVersion: 'TLSv1.2' }), /^ERR_SSL/)
  })

  test('policy 2.1-c: every answer carries HSTS and the other security headers, refusals and garbage included', async () => {
    const replies = [
      await ask(at, '/healthz'),
      await ask(at, '/api/nothing'),
      await ask(at, '/api/sample/broken'),
      await ask(at, '/inbox/x'),
      await ask(at, '/hooks/x'),
      await ask(at, '/a;b'),
      await ask(at, '/healthz', { method: 'DELETE' }),
      await ask(at, '/api/sample/open', { headers: { expect: 'the-unexpected' } }),
      await askHttp2(at, { ':path': '/healthz' }),
      await askHttp2(at, { ':path': '/nowhere' }),
      await askHttp2(at, { ':path': '/hooks/x' }),
      await tunnelHttp2(at),
    ]
    for (const { status, headers } of replies) {
      assert.equal(
        headers['strict-transport-security'],
        'max-age=63072000; includeSubDomains',
        String(status),
      )
      assert.match(String(headers['content-security-policy']), /default-src 'none'/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.match(String(headers['surety-request-id']), /^[0-9a-f-]{36}$/)
    }
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 404, 500, 401, 200, 400, 405, 417, 200, 401, 200, 405],
    )
    for (const [bytes, status] of [
      ['GET / HTTP/1.1\r\nbad header line\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
      ['GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 400],
      ['GET / HTTP/0.9\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
      ['GET / HTTP/2.0\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
      ['CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ] as const) {
      const answer = await sendRaw(at, bytes)
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), bytes)
      assert.match(answer, /strict-transport-security: max-age=63072000; includeSubDomains/)
    }
  })

  test('policy 2.1-0: the plain port answers every request with a redirect to our own HTTPS address', async () => {
    const plain = (path: string, headers: Record<string, string>, method = 'GET'): Promise<string> =>
      new Promise((resolve, reject) => {
        const { port } = at.gateway.addresses.http
        const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false })
        sent.on('error', reject)
        sent.on('response', (got) => {
          got.resume()
          resolve(`${got.statusCode} ${got.headers.location}`)
        })
        sent.end()
      })
    const origin = `https://localhost:${at.port}`
    assert.equal(await plain('/a?b=c', {}), `308 ${origin}/a?b=c`)
    assert.equal(await plain('/api/x', {}, 'POST'), `308 ${origin}/api/x`)
    assert.equal(await plain('//evil.example/', {}), `308 ${origin}/`)
    assert.equal(await plain('/\\evil.example', {}), `308 ${origin}/`)
    assert.equal(await plain('http://evil.example/x', {}), `308 ${origin}/`)
    assert.equal(await plain('/x', { host: 'evil.example' }), `308 ${origin}/x`)
    assert.equal(await plain('/x', { host: 'evil.example@localhost' }), `308 ${origin}/x`)
  })

  test('a host that is not ours is refused, in either HTTP version', async () => {
    for (const host of ['evil.example', 'localhost.evil.example'])
      assert.equal((await ask(at, '/api/sample/open', { headers: { host } })).status, 421, host)
    for (const host of ['localhost:99999', 'localhost@evil.example', 'localhost%00', 'localhost%1F'])
      assert.equal((await ask(at, '/api/sample/open', { headers: { host } })).status, 400, host)
    assert.equal((await askHttp2(at, { ':path': '/hooks/x', ':authority': 'evil.example' })).status, 421)
    assert.equal((await ask(at, '/healthz', { headers: { host: '10.0.0.7' } })).status, 200)
    assert.match(
      await sendRaw(at, 'GET /hooks/x HTTP/1.1\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1\.1 4\d\d /,
    )
  })

  test('policy 4.3-a.4: each request leaves one line without address, query, body or cookie', async () => {
    at.lines.length = 0
    const before = at.gateway.requestCounts()
    await ask(at, '/api/sample/open?page=3', { headers: FULL })
    await ask(at, '/hooks/secret-token-in-path?x=private')
    await sendRaw(at, 'nonsense\r\n\r\n')
    let now = before
    // The line is written once the connection is done, which the client may know first.
    for (let turn = 0; turn < 10_000 && now.logged - before.logged < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      now = at.gateway.requestCounts()
    }
    assert.equal(now.arrived - before.arrived, 3)
    assert.equal(now.logged - before.logged, 3)
    assert.equal(now.underWay, 0)
    const lines = at.lines.filter(({ message }) => message === 'request')
    assert.deepEqual(
      lines.map(({ record }) => record['route']),
      ['/api/sample/open', 'service /hooks/', 'malformed'],
    )
    assert.doesNotMatch(JSON.stringify(lines), /secret-token|private|full|page/)
  })

  test('an unexpected error shows nothing but its request id', async () => {
    const { status, body, headers } = await ask(at, '/api/sample/broken')
    assert.equal(status, 500)
    assert.doesNotMatch(body, /hunter2|postgres/)
    assert.equal((JSON.parse(body) as { requestId: string }).requestId, headers['surety-request-id'])
  })

  test('too many, too long and too large headers are refused', async () => {
    const head = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n'
    assert.match(await sendRaw(at, `${head}x: ${'a'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
    assert.match(
      await sendRaw(at, `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 400 /,
    )
  })

  test('keys and certificates are closed to every other user and outlive a restart', async () => {
    const keys = join(at.folder, 'keys')
    for (const name of [
      'authority.key',
      'authority.pem',
      'server.key',
      'server.pem',
      'identity.key',
      'service.token',
    ])
      assert.equal((await stat(join(keys, name))).mode & 0o777, 0o600, name)
    assert.equal((await stat(keys)).mode & 0o777, 0o700)
    assert.equal(await readFile(join(keys, 'authority.pem'), 'utf8'), at.ca)
  })

  test('the sockets let in the service with its token, and the operator', async () => {
    const token = await readFile(join(at.folder, 'keys', 'service.token'), 'utf8')
    const service = { socketPath: join(at.folder, 'run', 's.sock') }
    const bearer = (value: string): object => ({ ...service, headers: { authorization: `Bearer ${value}` } })
    assert.equal((await ask(at, '/v1/sample', bearer(token))).body, '{"kind":"service"}')
    assert.equal((await ask(at, '/v1/sample', bearer('wrong'))).status, 401)
    assert.equal((await ask(at, '/v1/sample', service)).status, 401)
    const operator = { socketPath: join(at.folder, 'run', 'o.sock') }
    assert.equal((await ask(at, '/sample', operator)).body, '{"kind":"operator"}')
    assert.equal((await ask(at, '/v1/sample', operator)).status, 404)
    assert.equal((await ask(at, '/sample')).status, 401)
    for (const path of [service.socketPath, operator.socketPath])
      assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(join(at.folder, 'run'))).mode & 0o777, 0o700)
  })
})
