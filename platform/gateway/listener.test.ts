import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { connect as connectTls } from 'node:tls'
import { after, before, describe, test } from 'node:test'
import { testGateway, type TestGateway } from './gateway.fixture.ts'

describe('connections of HTTP/2 that are held open', () => {
  let at: TestGateway
  /** Long enough for a busy machine to ask again within it. */
  const keepAliveMs = 1000

  before(async () => {
    at = await testGateway(
      (incoming, outgoing) =>
        incoming.url === '/hooks/late'
          ? void setTimeout(() => outgoing.end('late'), 2 * keepAliveMs)
          : void outgoing.end('at once'),
      { limits: { keepAliveMs } },
    )
  })
  after(() => at.close())

  const open = async (): Promise<ClientHttp2Session> => {
    const session = connectHttp2(`https://localhost:${at.port}`, { ca: at.ca, host: '127.0.0.1' } as object)
    session.on('error', () => {})
    await once(session, 'connect')
    return session
  }

  test('one without a request is ended, however often it pings', async () => {
    const session = await open()
    const pings = setInterval(() => void session.ping(() => {}), 40)
    await once(session, 'close')
    clearInterval(pings)
  })

  test('one whose head never gets whole is ended, however slowly it drips', async () => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: at.port,
      ca: at.ca,
      servername: 'localhost',
      ALPNProtocols: ['h2'],
    })
    await once(socket, 'secureConnect')
    socket.on('error', () => {})
    socket.resume()
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    // Empty SETTINGS, then HEADERS of 16,000 bytes without their end, of which a byte comes now and then.
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    socket.write(Buffer.from([0, 0x3e, 0x80, 1, 0, 0, 0, 0, 1]))
    const drip = setInterval(() => socket.write(Buffer.from([0x82])), 40)
    await once(socket, 'close')
    clearInterval(drip)
  })

  test('one with a request under way is not, and neither is one that asks again in time', async () => {
    const session = await open()
    for (const path of ['/hooks/late', '/hooks/x']) {
      const stream = session.request({ ':path': path })
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
      assert.equal(headers[':status'], 200)
      stream.resume()
      await once(stream, 'close')
    }
    assert.equal(session.closed, false)
    session.destroy()
  })
})
