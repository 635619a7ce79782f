import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { sendRaw, testGateway, type TestGateway } from './gateway.fixture.ts'

const FULL = { cookie: 'theme=dark; __Host-surety=full; other=1' }

describe('WebSockets to the protected service', () => {
  let at: TestGateway
  const sockets = new WebSocketServer({ noServer: true })
  before(async () => {
    at = await testGateway(undefined, {
      limits: { standingMs: 20 },
      onUpgrade: (incoming, socket) =>
        sockets.handleUpgrade(incoming, socket, Buffer.alloc(0), (ws) => {
          ws.send(`hello ${incoming.headers['surety-identity'] === undefined ? 'stranger' : 'colleague'}`)
          ws.on('message', (data: Buffer) => ws.send(data.toString().toUpperCase()))
        }),
    })
  })
  after(async () => {
    sockets.close()
    await at.close()
  })

  const websocket = (path: string, headers: Record<string, string>): WebSocket =>
    new WebSocket(`wss://localhost:${at.port}${path}`, { ca: at.ca, headers })
  const refused = async (path: string, headers: Record<string, string>): Promise<number> => {
    const ws = websocket(path, headers)
    ws.on('error', () => {})
    const [, response] = (await once(ws, 'unexpected-response')) as [unknown, IncomingMessage]
    return response.statusCode ?? 0
  }

  test('a WebSocket passes in both directions for its own site only', async () => {
    const own = websocket('/inbox/live', { ...FULL, origin: `https://localhost:${at.port}` })
    const [hello] = (await once(own, 'message')) as [Buffer]
    assert.equal(hello.toString(), 'hello colleague')
    own.send('ping')
    const [pong] = (await once(own, 'message')) as [Buffer]
    assert.equal(pong.toString(), 'PING')
    own.close()
    await once(own, 'close')
    const open = websocket('/w/live', {})
    assert.equal(((await once(open, 'message')) as [Buffer])[0].toString(), 'hello stranger')
    open.close()
    assert.equal(await refused('/inbox/live', {}), 401)
    assert.equal(await refused('/inbox/live', { ...FULL, origin: 'https://evil.example' }), 403)
    assert.equal(await refused('/inbox/live', FULL), 403)
    assert.equal(await refused('/inbox/live', { cookie: '__Host-surety=password' }), 401)
    assert.equal(await refused('/api/sample/open', FULL), 400)
  })

  test('nothing but a WebSocket is upgraded', async () => {
    const key = createHash('md5').update('sample').digest('base64')
    const head = `GET /hooks/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n`
    for (const rest of [
      `Upgrade: h2c\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
      `Upgrade: websocket\r\nSec-WebSocket-Key: short\r\n\r\n`,
      `Upgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\nContent-Length: 5\r\n\r\nhello`,
    ])
      assert.match(await sendRaw(at, head + rest), /^HTTP\/1\.1 400 /, rest)
  })

  test('policy 3.4-c: a WebSocket ends when its session was ended', async () => {
    const own = websocket('/inbox/live', { ...FULL, origin: `https://localhost:${at.port}` })
    await once(own, 'message')
    at.access.ended.add('full')
    await once(own, 'close')
  })
})
