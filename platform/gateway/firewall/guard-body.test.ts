import assert from 'node:assert/strict'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import type { NodeRequest } from '../exchange.ts'
import { ask, testGateway, type TestGateway } from '../gateway.fixture.ts'
import { holdBody, openBodyRoom } from './guard-body.ts'
import { sampleFirewall } from './guard.fixture.ts'

/** A body that arrives in these pieces, with its length declared or not. */
function arriving(pieces: readonly Uint8Array[], declared: number | null): NodeRequest {
  const headers =
    declared === null ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(declared) }
  return Object.assign(Readable.from(pieces, { objectMode: false }), { headers, method: 'POST' }) as never
}

describe('a body that is held', () => {
  test('comes out as it went in, however it was cut into pieces, and takes no more room than twice its bytes and a block', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 9000 }), { minLength: 1, maxLength: 60 }),
        fc.boolean(),
        async (pieces, declares) => {
          const whole = Buffer.concat(pieces)
          const room = openBodyRoom(4_000_000, 4_000_000)
          const incoming = arriving(pieces, declares ? whole.length : null)
          const body = await holdBody(incoming, { bytesMax: 600_000, client: 'c', room })
          assert.ok(Buffer.concat(body.parts).equals(whole))
          assert.equal(body.bytes, whole.length)
          assert.ok(room.taken() <= 2 * whole.length + 64 * 1024)
          if (declares) assert.equal(room.taken(), whole.length)
          body.release()
          body.release()
          assert.equal(room.taken(), 0)
        },
      ),
      { numRuns: 60 },
    ))

  test('a client that names a length and sends nothing takes no room', async () => {
    const room = openBodyRoom(1000, 1000)
    const silent = Object.assign(new Readable({ read: () => {} }), {
      headers: { 'content-length': '900' },
      method: 'POST',
    }) as never as NodeRequest
    const held = holdBody(silent, { bytesMax: 1000, client: 'c', room })
    assert.equal(room.taken(), 0)
    silent.destroy()
    await assert.rejects(held, { code: 'request.malformed' })
  })

  test('one client network has its share, and all together no more than there is', () => {
    const room = openBodyRoom(100, 60)
    const first = room.take('one', 60)
    assert.throws(() => room.take('one', 1), { code: 'firewall.busy' })
    room.take('two', 40)
    assert.throws(() => room.take('three', 1), { code: 'firewall.busy' })
    first()
    first()
    assert.equal(room.taken(), 40)
    room.take('one', 60)
    assert.equal(room.taken(), 100)
  })
})

describe('many uploads at once', () => {
  let at: TestGateway
  const firewall = sampleFirewall()
  const bytes = 1_000_000
  /** Whoever sends for longer than this is asked about again. */
  const standingMs = 20

  before(async () => {
    at = await testGateway(
      (incoming, outgoing) => {
        incoming.resume()
        incoming.on('end', () => outgoing.end('served'))
      },
      { firewall, limits: { heldBytesMax: 4_100_000, heldBytesPerClientMax: 4_100_000, standingMs } },
    )
  })
  after(() => at.close())

  test('what there is no room for is refused at once with when to come back, and all room is given back', async () => {
    const [uploads, places] = [20, 4]
    let answers = 0
    const othersRefused = Promise.withResolvers<void>()
    const upload = async (): Promise<{ status: number; again: string | undefined }> => {
      const headers = { host: `localhost:${at.port}`, 'content-length': bytes }
      const sent = httpsRequest({
        host: '127.0.0.1',
        port: at.port,
        ca: at.ca,
        servername: 'localhost',
        path: '/hooks/upload',
        method: 'POST',
        agent: false,
        headers,
      })
      const answer = new Promise<IncomingMessage>((resolve) => void sent.once('response', resolve))
      // Whoever is refused is cut off in the middle of it.
      sent.on('error', () => {})
      // None of them ends before there is a verdict on all that there is no room for.
      sent.write(Buffer.alloc(bytes - 1))
      void othersRefused.promise.then(() => sent.end('x'))
      const response = await answer
      response.resume()
      answers += 1
      if (answers === uploads - places) othersRefused.resolve()
      return { status: response.statusCode ?? 0, again: response.headers['retry-after'] }
    }
    const done = await Promise.all(Array.from({ length: uploads }, upload))
    const refused = done.filter(({ status }) => status === 503)
    assert.equal(done.length - refused.length, done.filter(({ status }) => status === 200).length)
    assert.equal(done.length - refused.length, places)
    assert.ok(refused.every(({ again }) => again === '5'))
    for (let turn = 0; turn < 8; turn += 1)
      assert.equal((await ask(at, '/hooks/again', { method: 'POST', body: Buffer.alloc(bytes) })).status, 200)
  })

  test('policy 3.4-b: nothing is handed on for a session that ended while its body was being sent', async () => {
    const path = '/inbox/upload'
    const headers = { host: `localhost:${at.port}`, 'content-length': 4, cookie: '__Host-surety=full' }
    const site = { 'sec-fetch-site': 'same-origin' }
    const where = { host: '127.0.0.1', port: at.port, ca: at.ca, servername: 'localhost', agent: false, path }
    const sent = httpsRequest({ ...where, method: 'POST', headers: { ...headers, ...site } })
    const answer = new Promise<IncomingMessage>((resolve) => void sent.once('response', resolve))
    sent.write('ha')
    while (!firewall.seen.some(({ head }) => head?.target === path))
      await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setTimeout(resolve, 2 * standingMs))
    at.access.ended.add('full')
    sent.end('lf')
    const response = await answer
    response.resume()
    assert.equal(response.statusCode, 401)
    assert.equal((await firewall.reported(path)).calls.includes('response'), false)
    at.access.ended.clear()
  })
})
