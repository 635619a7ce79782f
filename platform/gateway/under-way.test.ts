import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import type { GatewayLimits } from './limits.ts'
import { ask, testGateway, type TestGateway } from './gateway.fixture.ts'

const FULL = { cookie: '__Host-surety=full' }

/** A service whose `/…/events` never end and whose `/…/silent` never answers; it notes every address that it is asked for. */
function service(asked: string[]) {
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    asked.push(incoming.url ?? '')
    if (incoming.url?.endsWith('silent') === true) return
    if (incoming.url?.endsWith('events') !== true) return void outgoing.end('served')
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    outgoing.write('data: first\n\n')
  }
}

describe('requests at the service at once', () => {
  const withGateway = async (
    limits: Partial<GatewayLimits>,
    use: (at: TestGateway, session: ClientHttp2Session, asked: string[]) => Promise<void>,
  ): Promise<void> => {
    const asked: string[] = []
    const at = await testGateway(service(asked), { limits })
    const session = connectHttp2(`https://localhost:${at.port}`, { ca: at.ca })
    session.on('error', () => {})
    try {
      await use(at, session, asked)
    } finally {
      session.destroy()
      await at.close()
    }
  }
  const open = async (session: ClientHttp2Session, path: string, headers = {}) => {
    const stream = session.request({ ':path': path, ...headers })
    stream.on('error', () => {})
    await once(stream, 'data')
    return stream
  }

  test('one client cannot take the connections to the service from the others', () =>
    withGateway({ underWayPerClientMax: 3 }, async (at, session) => {
      const [first] = await Promise.all([1, 2, 3].map(() => open(session, '/w/events')))
      const refused = await ask(at, '/w/x')
      assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '1'])
      assert.equal((await ask(at, '/inbox/x', { headers: FULL })).status, 200)
      first?.close()
      let status = 429
      for (let tries = 0; tries < 1000 && status === 429; tries += 1) ({ status } = await ask(at, '/w/x'))
      assert.equal(status, 200)
    }))

  test('a request that waits for a connection to the service is refused in time', () =>
    withGateway({ upstreamConnectionsMax: 1, upstreamConnectMs: 1000 }, async (at, session) => {
      await open(session, '/w/events')
      assert.equal((await ask(at, '/inbox/x', { headers: FULL })).status, 504)
    }))

  test('nothing is asked of the service for a client that left meanwhile', () =>
    withGateway({}, async (at, session, asked) => {
      const { identify } = at.access
      const [began, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      at.access.identify = async (...who) => {
        began.resolve()
        await answer.promise
        return identify(...who)
      }
      session.request({ ':path': '/inbox/events', ...FULL }).on('error', () => {})
      await began.promise
      session.destroy()
      while (!at.lines.some(({ record }) => record['status'] === 0))
        await new Promise((resolve) => setImmediate(resolve))
      answer.resolve()
      assert.equal((await ask(at, '/hooks/after')).status, 200)
      assert.deepEqual(asked, ['/hooks/after'])
    }))

  test('a client that leaves before its answer is no failure of ours', () =>
    withGateway({}, async (at, session, asked) => {
      session.request({ ':path': '/w/silent' }).on('error', () => {})
      while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
      session.destroy()
      while (!at.lines.some(({ record }) => record['status'] === 0))
        await new Promise((resolve) => setImmediate(resolve))
      assert.equal((await ask(at, '/w/after')).status, 200)
      assert.deepEqual(
        at.lines.filter(({ message }) => message === 'request failed'),
        [],
      )
    }))

  test('policy 3.2-0: an event stream ends when the rights change that it was opened with', () =>
    withGateway({ standingMs: 20 }, async (at, session) => {
      const stream = await open(session, '/inbox/events', FULL)
      const { identify } = at.access
      at.access.identify = async (...who) => ({
        ...(await identify(...who)),
        permissions: new Set(['self.account']),
      })
      await once(stream, 'close')
    }))
})
