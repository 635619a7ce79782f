import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { after, before, beforeEach, describe, test } from 'node:test'
import { ask, askHttp2, testGateway, type TestGateway } from '../gateway.fixture.ts'
import { SAMPLE_ANSWER_BYTES, sampleFirewall } from './guard.fixture.ts'

describe('answers of the protected service', () => {
  let at: TestGateway
  let accepted: (string | string[] | undefined)[] = []
  /** Ends the answers that wait to be ended. */
  let more: ((text?: string) => void)[] = []
  const firewall = sampleFirewall()
  const tail = 'z'.repeat(50_000)

  const answers: Record<string, (outgoing: ServerResponse) => void> = {
    plain: (outgoing) =>
      void outgoing.writeHead(200, { 'content-type': 'text/plain', 'content-length': 4 }).end('fine'),
    leaked: (outgoing) =>
      void outgoing.writeHead(200, { 'content-type': 'text/html' }).end('a leaked statement'),
    header: (outgoing) => void outgoing.writeHead(200, { 'x-leak': '1' }).end('body'),
    picture: (outgoing) => void outgoing.writeHead(200, { 'content-type': 'image/png' }).end('leaked'),
    packed: (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
      outgoing.end(gzipSync('leaked'))
    },
    long: (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/plain' })
      outgoing.write('a'.repeat(SAMPLE_ANSWER_BYTES))
      more.push(() => outgoing.end(`leaked${tail}`))
    },
    waiting: (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/plain' })
      outgoing.write('half of a secret')
      more.push((text) => outgoing.end(text))
    },
    broken: (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/plain', 'content-length': 100 })
      outgoing.write('half')
      setTimeout(() => outgoing.destroy(), 20)
    },
    events: (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
      outgoing.write('data: leaked\n\n')
      more.push(() => outgoing.end())
    },
    download: (outgoing) => {
      outgoing.writeHead(200, { 'content-type': 'application/octet-stream' })
      outgoing.write('first')
      more.push(() => outgoing.end('last'))
    },
    none: (outgoing) => void outgoing.writeHead(204, { 'content-type': 'text/plain' }).end(),
    same: (outgoing) => void outgoing.writeHead(304, { 'content-type': 'text/plain', etag: '"1"' }).end(),
  }

  before(async () => {
    at = await testGateway(
      (incoming, outgoing) => {
        accepted.push(incoming.headers['accept-encoding'])
        answers[incoming.url?.split('/')[2] ?? '']?.(outgoing)
      },
      { firewall },
    )
  })
  beforeEach(() => {
    accepted = []
    more = []
    firewall.seen.length = 0
  })
  after(() => at.close())

  const begin = async (path: string): Promise<IncomingMessage> => {
    const headers = { host: `localhost:${at.port}` }
    const sent = httpsRequest({
      host: '127.0.0.1',
      port: at.port,
      ca: at.ca,
      servername: 'localhost',
      path,
      headers,
    })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return response
  }

  test('policy 4.1-a: an answer that the rules stop never begins', async () => {
    for (const path of ['/hooks/leaked', '/hooks/header']) {
      const stopped = await ask(at, path)
      assert.equal(stopped.status, 403, path)
      assert.doesNotMatch(stopped.body, /statement|body/)
      assert.equal(stopped.headers['x-leak'], undefined)
      assert.ok(stopped.headers['strict-transport-security'])
      assert.equal((await askHttp2(at, { ':path': path })).status, 403)
    }
    assert.equal((await firewall.reported('leaked')).calls.at(-2), 'responseEnd')
  })

  test('an answer that is let through keeps its length and its bytes', async () => {
    const plain = await ask(at, '/hooks/plain')
    assert.deepEqual([plain.status, plain.body, plain.headers['content-length']], [200, 'fine', '4'])
    assert.equal((await askHttp2(at, { ':path': '/hooks/plain' })).body, 'fine')
    const head = await ask(at, '/hooks/plain', { method: 'HEAD' })
    assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '4'])
    assert.equal((await ask(at, '/hooks/none')).status, 204)
    assert.equal((await ask(at, '/hooks/same')).status, 304)
  })

  test('beyond the limit the rest streams on after the verdict on the first part', async () => {
    const response = await begin('/hooks/long')
    let got = ''
    response.on('data', (part: Buffer) => {
      got += part.toString()
      if (got.length === SAMPLE_ANSWER_BYTES) more.pop()?.()
    })
    await once(response, 'end')
    assert.equal(got, `${'a'.repeat(SAMPLE_ANSWER_BYTES)}leaked${tail}`)
  })

  test('policy 4.1-a: no byte of an answer goes out before the verdict on it', async () => {
    let begun = false
    const answering = begin('/hooks/waiting').then((response) => {
      begun = true
      return response
    })
    while (more.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 40))
    assert.equal(begun, false)
    more.pop()?.(', leaked')
    const response = await answering
    response.resume()
    assert.equal(response.statusCode, 403)
  })

  test('event streams and downloads pass at once, their heads looked at', async () => {
    for (const path of ['/hooks/events', '/hooks/download']) {
      const response = await begin(path)
      const [first] = (await once(response, 'data')) as [Buffer]
      assert.match(first.toString(), /leaked|first/)
      more.pop()?.()
      response.resume()
      await once(response, 'end')
      const seen = await firewall.reported(path)
      assert.equal(seen.calls.join(), 'request,bodyEnd,response,responseEnd,end')
    }
    assert.equal((await ask(at, '/hooks/picture')).body, 'leaked')
  })

  test('the service is asked for answers that rules can read, and what comes packed all the same is not read', async () => {
    const packed = await ask(at, '/hooks/packed', { headers: { 'accept-encoding': 'gzip, br' } })
    assert.equal(packed.status, 200)
    assert.equal((await firewall.reported('packed')).answerBody, '')
    firewall.loaded = false
    await ask(at, '/hooks/plain', { headers: { 'accept-encoding': 'gzip' } })
    firewall.loaded = true
    assert.deepEqual(accepted, ['identity', 'gzip'])
  })

  test('an answer that breaks off while it waits becomes a refusal, not half of it', async () => {
    const broken = await ask(at, '/hooks/broken')
    assert.equal(broken.status, 502)
  })

  test('policy 4.1-a: when the rules cannot be asked about an answer, it does not pass', async () => {
    assert.equal((await ask(at, '/hooks/plain/break-3')).status, 503)
    assert.equal((await ask(at, '/hooks/plain/break-4')).status, 503)
  })
})
