import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import type { IncomingMessage } from 'node:http'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openGeneration } from '../../platform/gateway/firewall/generation.ts'
import { compileWithEngine } from '../../platform/gateway/firewall/engine-load.ts'
import { readReviewedFile } from '../../platform/gateway/firewall/reviewed-file.ts'
import {
  ask,
  askHttp2,
  sendRaw,
  testGateway,
  type TestGateway,
} from '../../platform/gateway/gateway.fixture.ts'

const RULES = `SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyNoFilesLimit 100000
SecArgumentsLimit 100
SecRule REQBODY_ERROR "!@eq 0" "id:1,phase:2,t:none,deny,status:400"
SecRule ARGS|ARGS_NAMES|REQUEST_COOKIES|REQUEST_HEADERS|XML:/* "@contains attack" "id:2,phase:2,t:none,t:urlDecodeUni,t:lowercase,deny,status:403"`

const FILE = readReviewedFile(`version: 1
routes:
  - name: excluded
    path: /hooks/free/*
    methods: [POST, GET]
    exclusions:
      - { rules: [2], targets: [], why: a sample route that may hold anything, by: sample, until: 2999-12-31 }
`)

describe('ways around the rules', () => {
  let at: TestGateway
  let served: string[] = []
  const service = (incoming: IncomingMessage, outgoing: { end(text: string): void }): void => {
    served.push(`${incoming.method} ${incoming.url}`)
    incoming.resume().on('end', () => outgoing.end('served'))
  }

  before(async () => {
    const base = compileWithEngine([{ name: 'sample.conf', text: RULES }], () => null)
    const floor = { mode: 'block', paranoia: 1, threshold: 5 } as const
    const generation = openGeneration(
      base,
      { defaults: FILE.defaults, routes: FILE.routes },
      floor,
      new Date(),
    )
    at = await testGateway(service, { firewall: { for: generation.for, report: () => {} } })
  })
  beforeEach(() => {
    served = []
  })
  after(() => at.close())

  const raw = (head: string, body = ''): Promise<string> =>
    sendRaw(at, `${head.replaceAll('HOST', `localhost:${at.port}`).replaceAll('\n', '\r\n')}\r\n\r\n${body}`)
  const length = (text: string): string => `Content-Length: ${Buffer.byteLength(text)}`

  test('policy 4.1-a: an exception of one route is reached by no other spelling of a path', async () => {
    const free = await ask(at, '/hooks/free/x?q=attack', { method: 'POST', body: 'a=attack' })
    assert.equal(free.status, 200)
    served = []
    const paths = [
      '/hooks/free/../secret',
      '/hooks/free/%2e%2e/secret',
      '/hooks/free/..%2fsecret',
      '/hooks/free/..;/secret',
      '/hooks/free/;/../secret',
      '//hooks/free/x',
      '/hooks//free/x',
      '/hooks/./free/x',
      '/hooks/fre%65/x',
      '/hooks/free%2fx',
      '/hooks\\free\\x',
      '/hooks/free/x%00',
      '/hooks/Free/x',
      '/hooks/free',
      '/hooks/freeze/x',
      '/hooks/free#/x',
      'https://localhost/hooks/free/x',
      '*',
    ]
    for (const path of paths) {
      const got = await raw(`GET ${path}?q=attack HTTP/1.1\nHost: HOST\nConnection: close`)
      assert.match(got, /^HTTP\/1\.1 4\d\d /, path)
    }
    assert.deepEqual(served, [])
  })

  test('policy 4.1-a: HTTP/2 hides nothing: neither spaces in a path, nor pseudo-headers, nor trailers', async () => {
    const refused: Record<string, string>[] = [
      { ':path': '/hooks/x?q=attack' },
      { ':path': '/hooks/x q=attack' },
      { ':path': 'hooks/x' },
      { ':path': '/hooks/x', cookie: 'a=attack' },
      { ':path': '/hooks/x', 'x-note': 'ATTACK' },
      { ':path': '/hooks/x', host: 'elsewhere.example' },
      { ':path': '/hooks/x', ':method': 'ATTACK' },
    ]
    for (const headers of refused) {
      const got = await askHttp2(at, headers).catch(() => ({ status: 499 }))
      assert.ok(got.status >= 400, JSON.stringify(headers))
    }
    assert.deepEqual(served, [])
    // Trailers go no further than this gateway, so that nothing reads what no rule saw.
    const session = connectHttp2(`https://localhost:${at.port}`, { ca: at.ca, host: '127.0.0.1' } as object)
    const stream = session.request(
      { ':path': '/hooks/x', ':method': 'POST', 'content-type': 'application/json' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-note': 'attack' }))
    stream.end('{"a":1}')
    const status = await new Promise((resolve) =>
      stream.on('response', (headers) => resolve(headers[':status'])),
    )
    stream.resume()
    await new Promise<void>((resolve) => session.close(resolve))
    assert.equal(status, 200)
  })

  test('policy 4.1-a: a body is seen whatever it calls itself, and however it is sent', async () => {
    const json = String.raw`{"a":"\u0061ttack"}`
    for (const type of [
      'application/json',
      'application/json;charset=utf-7',
      'text/plain',
      'text/plain;charset=utf-8',
      'application/x-www-form-urlencoded; charset=ibm037',
      'application/csp-report',
      'multipart/related; boundary=x',
      'application/vnd.sample',
      'nonsense',
    ]) {
      const got = await ask(at, '/hooks/x', { method: 'POST', body: json, headers: { 'content-type': type } })
      assert.equal(got.status, 403, type)
    }
    const framed = [
      `POST /hooks/x HTTP/1.1\nHost: HOST\nConnection: close\n${length(json)}`,
      `GET /hooks/x HTTP/1.1\nHost: HOST\nConnection: close\nContent-Type: application/json\n${length(json)}`,
      `DELETE /hooks/x HTTP/1.0\nHost: HOST\nContent-Type: application/json\n${length(json)}`,
      `POST /hooks/x HTTP/1.1\nHost: HOST\nConnection: close\nExpect: 100-continue\n${length(json)}`,
    ]
    for (const head of framed)
      assert.match(await raw(head, json), /^(?:HTTP\/1\.1 100[^]*)?HTTP\/1\.1 403 /m, head)
    const twice =
      'POST /hooks/x HTTP/1.1\nHost: HOST\nContent-Type: text/plain\nContent-Type: application/json'
    assert.match(await raw(`${twice}\n${length('{}')}`, '{}'), /^HTTP\/1\.1 400 [^]*Connection: close/i)
    const chunks = Array.from(json, (char) => `1\r\n${char}\r\n`).join('')
    const chunked = 'POST /hooks/x HTTP/1.1\nHost: HOST\nConnection: close\nTransfer-Encoding: chunked'
    assert.match(await raw(chunked, `${chunks}0\r\nX-Note: late\r\n\r\n`), /^HTTP\/1\.1 403 /)
    assert.deepEqual(served, [])
  })

  test('policy 4.1-a: framing that two servers read differently, and what follows a refusal, is not served', async () => {
    const next = `GET /hooks/smuggled HTTP/1.1\r\nHost: localhost:${at.port}\r\n\r\n`
    const heads = [
      `POST /hooks/x HTTP/1.1\nHost: HOST\nContent-Length: 4\nTransfer-Encoding: chunked`,
      `POST /hooks/x HTTP/1.1\nHost: HOST\nTransfer-Encoding: chunked, identity`,
      `POST /hooks/x HTTP/1.1\nHost: HOST\nTransfer-Encoding: xchunked`,
      `POST /hooks/x HTTP/1.1\nHost: HOST\nTransfer-Encoding:\tchunked\nTransfer-Encoding: identity`,
      `POST /hooks/x HTTP/1.1\nHost: HOST\nContent-Length: 4\nContent-Length: 5`,
      `POST /hooks/x HTTP/1.1\nHost: HOST\nContent-Length: +4`,
      `POST /hooks/x HTTP/1.1\nHost: HOST\nContent_Length: 4\nContent-Length: 0`,
      `GET /hooks/x HTTP/1.1\nHost: HOST\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\nContent-Length: 4`,
    ]
    for (const head of heads) {
      const got = await raw(head, `0\r\n\r\n${next}`)
      assert.match(got, /^HTTP\/1\.1 4\d\d /, head)
      assert.doesNotMatch(got, /served/, head)
    }
    assert.deepEqual(served, [])
  })

  test('policy 4.1-a: more fields than the rules read are refused, not read in part', async () => {
    const many = `${'a=1&'.repeat(200)}q=attack`
    assert.equal((await ask(at, `/hooks/x?${many}`)).status, 403)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.ok((await ask(at, '/hooks/x', { method: 'POST', headers: form, body: many })).status >= 400)
    const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 200 }, (_, key) => [`k${key}`, key])))
    const json = { 'content-type': 'application/json' }
    assert.equal((await ask(at, '/hooks/x', { method: 'POST', headers: json, body: keys })).status, 403)
    assert.deepEqual(served, [])
  })
})
