import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { openPool } from './pool.ts'
import { SentRequest, type Outcome } from './sent-request.ts'
import { openUpstream, type Upstream } from './upstream.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine'
const FORGED = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'
const TIMES = { connectMs: 5000, writeMs: 5000, responseMs: 5000, fresh: false, written: () => {} }

function textOf(outcome: Outcome): Promise<string> {
  if (outcome.kind !== 'answered') return Promise.resolve(outcome.kind)
  return new Promise((resolve) => {
    let text = ''
    const part = (bytes: Buffer): void => void (text += bytes.toString('latin1'))
    outcome.answer.take({ part, end: () => resolve(text), broken: () => resolve('broken') })
  })
}

/** A connection that hands over what arrives piece by piece, as records of TLS do. */
function inPieces(pieces: readonly string[]): Socket {
  const socket = new Duplex({
    read: () => {},
    write: (_bytes, _encoding, done) => {
      done()
      setImmediate(() => pieces.forEach((piece) => socket.push(Buffer.from(piece, 'latin1'))))
    },
  })
  return Object.assign(socket, { setNoDelay: () => {}, setTimeout: () => {} }) as never as Socket
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

describe('hostile: answers with more than was asked for', () => {
  const begin = (sent: (settled: (outcome: Outcome) => void) => unknown): Promise<Outcome> =>
    new Promise((resolve) => void sent(resolve))

  test('what follows an answer in the same turn answers nobody, also where somebody waits for the connection', async () => {
    const sockets = [inPieces([OK, FORGED]), inPieces([OK])]
    const pool = openPool(() => sockets.shift() ?? assert.fail('a third connection'), 'connect', 1)
    const request = { method: 'GET', head: 'GET / HTTP/1.1\r\n\r\n', parts: [] }
    const [first, waiting] = [1, 2].map(() =>
      begin((settled) => new SentRequest(pool, request, { ...TIMES, settled })),
    )
    assert.ok(first !== undefined && waiting !== undefined)
    assert.equal(await textOf(await first), 'fine')
    assert.equal(await textOf(await waiting), 'fine')
    assert.equal(sockets.length, 0)
    pool.close()
  })
})

describe('hostile: services that keep to nothing', () => {
  let server: Server
  let upstream: Upstream
  let sockets: Socket[] = []
  let answer: (socket: Socket, connection: number, time: number) => void

  beforeEach(async () => {
    sockets = []
    server = createServer((socket) => {
      const connection = sockets.push(socket) - 1
      let time = 0
      socket.on('error', () => {})
      socket.on('data', () => answer(socket, connection, time++))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    upstream = openUpstream(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), 2)
  })
  afterEach(async () => {
    upstream.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  const ask = (method = 'GET', body = Buffer.alloc(0), times: Partial<typeof TIMES> = {}): Promise<Outcome> =>
    new Promise((settled) => {
      const headers = { host: 'a', 'content-length': String(body.length) }
      const parts = body.length === 0 ? [] : [body]
      upstream.ask({ method, path: '/', headers, parts }, { ...TIMES, ...times, settled })
    })
  const read = async (outcome: Promise<Outcome>): Promise<string> => {
    const text = await textOf(await outcome)
    await nextTurn()
    return text
  }

  test('one that never reads a body is given up', async () => {
    answer = (socket) => void socket.pause()
    const held = Buffer.alloc(32 * 1024 * 1024)
    assert.deepEqual(await ask('POST', held, { writeMs: 50 }), { kind: 'late' })
  })

  test('one that answers before it read the body gets nothing more over that connection', async () => {
    answer = (socket, connection, time) => {
      if (time > 0) return
      if (connection === 0) socket.pause()
      socket.write(OK)
    }
    assert.equal(await read(ask('POST', Buffer.alloc(32 * 1024 * 1024))), 'fine')
    assert.equal(await read(ask()), 'fine')
    assert.equal(sockets.length, 2)
  })

  test('an answer that cannot be read, or broke off, on a kept connection is no connection that was closed before', async () => {
    for (const broken of [
      'HTTP/1.1 200 OK\nX: y\n\n\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX',
      'HTTP/1.1 103 Early\r\n\r\n',
    ]) {
      const before = sockets.length
      answer = (socket, _connection, time) => void (time === 0 ? socket.write(OK) : socket.end(broken))
      assert.equal(await read(ask()), 'fine')
      const outcome = await ask()
      assert.ok(outcome.kind === 'failed' && !outcome.reused, broken)
      assert.equal(sockets.length, before + 1)
    }
  })

  test('after an answer without a body that tells of one, the connection is not used again', async () => {
    const heads = [
      '204 No Content\r\nContent-Length: 5',
      '204 No Content\r\nTransfer-Encoding: chunked',
      '204 Nothing',
    ]
    answer = (socket, connection) => void socket.write(`HTTP/1.1 ${heads[connection] ?? heads[2]}\r\n\r\n`)
    for (let time = 0; time < 4; time++) assert.equal(await read(ask()), '')
    assert.equal(sockets.length, 3)
  })
})
