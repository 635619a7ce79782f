import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { gatewayLimits } from './limits.ts'
import { openRedirect } from './redirect.ts'

test('policy 4.1-d: one client cannot take all connections of the plain port', async () => {
  const limits = { ...gatewayLimits, connectionsPerClientMax: 3 }
  const listener = openRedirect({ origin: () => 'https://localhost', limits })
  const { port } = await listener.listen('127.0.0.1', 0)
  const sockets: Socket[] = []
  const asked = async (): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    let got = ''
    socket.on('data', (part: Buffer) => (got += part.toString('latin1')))
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'close')
    return got
  }
  try {
    for (let index = 0; index < 3; index += 1) {
      const held = connect(port, '127.0.0.1')
      sockets.push(held)
      await once(held, 'connect')
    }
    assert.equal(await asked(), '')
    const [first] = sockets
    first?.destroy()
    let answer = ''
    for (let tries = 0; tries < 50 && answer === ''; tries += 1) answer = await asked()
    assert.match(answer, /^HTTP\/1\.1 308 /)
  } finally {
    for (const socket of sockets) socket.destroy()
    await listener.stop()
  }
})
