import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Answer } from './answer.ts'
import type { Outcome } from './sent-request.ts'
import { openUpstream, type Upstream } from './upstream.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine'

interface AskOptions {
  readonly method?: string
  readonly parts?: readonly Buffer[]
  readonly fresh?: boolean
  readonly connectMs?: number
  readonly writeMs?: number
  readonly responseMs?: number
}

describe('connections to the protected service', () => {
  let server: Server
  let upstream: Upstream
  let sockets: Socket[] = []
  /** What the service does with what arrives, by connection and by how often something arrived on it. */
  let answer: (socket: Socket, connection: number, time: number, bytes: string) => void

  beforeEach(async () => {
    sockets = []
    server = createServer((socket) => {
      const connection = sockets.push(socket) - 1
      let time = 0
      socket.on('error', () => {})
      socket.on('data', (bytes) => answer(socket, connection, time++, bytes.toString('latin1')))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    upstream = openUpstream(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/below`), 2)
  })
  afterEach(async () => {
    upstream.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  const begin = (options: AskOptions = {}) => {
    const {
      method = 'GET',
      parts = [],
      fresh = false,
      connectMs = 5000,
      writeMs = 5000,
      responseMs = 5000,
    } = options
    let leave = (): void => {}
    const outcome = new Promise<Outcome>((settled) => {
      const sent = upstream.ask(
        {
          method,
          path: '/x',
          headers: { host: 'a', 'content-length': String(Buffer.concat(parts).length) },
          parts,
        },
        { settled, written: () => {}, connectMs, writeMs, responseMs, fresh },
      )
      leave = () => sent.leave()
    })
    return { outcome, leave }
  }
  const ask = (options?: AskOptions): Promise<Outcome> => begin(options).outcome

  const bodyOf = (one: Answer): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = ''
      one.take({
        part: (part) => void (text += part.toString('latin1')),
        end: () => resolve(text),
        broken: () => reject(new Error('broken')),
      })
    })
  const read = async (outcome: Outcome | Promise<Outcome>): Promise<string> => {
    const come = await outcome
    assert.ok(come.kind === 'answered', come.kind === 'failed' ? come.error.message : come.kind)
    const body = await bodyOf(come.answer)
    // A connection is free from the next turn on.
    await new Promise((resolve) => setImmediate(resolve))
    return body
  }
  const failure = async (outcome: Outcome | Promise<Outcome>): Promise<string> => {
    const come = await outcome
    assert.ok(come.kind === 'failed')
    return come.error.message
  }

  test('where all connections are kept ones, a fresh one takes the place of one, and nobody waits behind it', async () => {
    answer = (socket) => socket.write(OK)
    const both = [ask(), ask()]
    for (const one of both) await read(one)
    assert.equal(sockets.length, 2)
    const [fresh, behind] = [ask({ fresh: true }), ask()]
    assert.equal(await read(fresh), 'fine')
    assert.equal(await read(behind), 'fine')
    assert.equal(sockets.length, 3)
  })

  test('one connection serves one request after the other', async () => {
    const seen: string[] = []
    answer = (socket, _connection, _time, bytes) => {
      seen.push(bytes)
      socket.write(OK)
    }
    for (let time = 0; time < 3; time++) assert.equal(await read(ask()), 'fine')
    assert.equal(sockets.length, 1)
    assert.equal(seen[0], 'GET /below/x HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
    assert.equal(await read(ask({ method: 'POST', parts: [Buffer.from('ab'), Buffer.from('c')] })), 'fine')
    assert.ok(seen.slice(3).join('').endsWith('content-length: 3\r\n\r\nabc'))
  })

  test('an answer may come byte by byte, after answers that only say that it will', async () => {
    answer = (socket) => {
      const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}`
      socket.setNoDelay(true)
      const next = (at: number): void => {
        if (at >= text.length || socket.destroyed) return
        socket.write(text.charAt(at), () => next(at + 1))
      }
      next(0)
    }
    assert.equal(await read(ask()), 'fine')
    assert.equal(await read(ask()), 'fine')
    assert.equal(sockets.length, 1)
  })

  test('bytes that nobody asked for never answer the next request', async () => {
    const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'
    answer = (socket, connection) => void socket.write(connection === 0 ? OK + forged : OK)
    assert.equal(await read(ask()), 'fine')
    assert.equal(await read(ask()), 'fine')
    assert.equal(sockets.length, 2)
    // Also those that come while nothing is asked.
    const closed = once(sockets[1] as Socket, 'close')
    sockets[1]?.write(forged)
    await closed
    assert.equal(await read(ask()), 'fine')
    assert.equal(sockets.length, 3)
  })

  test('what cannot be read in one way only is no answer, and its connection is closed', async () => {
    const malformed = [
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nfine',
      'HTTP/1.1 200 OK\nContent-Length: 4\n\nfine\r\n\r\n',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`,
      'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50),
      'hello\r\n\r\n',
    ]
    answer = (socket, connection) => void socket.write(malformed[connection] ?? OK)
    for (const text of malformed)
      assert.match(await failure(ask()), /answer|line|protocol|length/, text.slice(0, 60))
    assert.equal(sockets.length, malformed.length)
    answer = (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nax2\r\nbc\r\n0\r\n\r\n')
    await assert.rejects(read(ask()), /broken/)
  })

  test('a connection that is closed before the answer says whether it was kept', async () => {
    answer = (socket, connection, time) => {
      if (time > 0 || connection > 0) socket.destroy()
      else socket.write(OK)
    }
    assert.equal(await read(ask()), 'fine')
    const kept = await ask()
    assert.ok(kept.kind === 'failed' && kept.reused)
    const fresh = await ask({ fresh: true })
    assert.ok(fresh.kind === 'failed' && !fresh.reused)
  })

  test('an answer ends with its connection only where it says nothing else', async () => {
    answer = (socket, connection) =>
      void socket.end(
        connection === 0
          ? 'HTTP/1.1 200 OK\r\n\r\nall of it'
          : 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
      )
    assert.equal(await read(ask()), 'all of it')
    await assert.rejects(read(ask()), /broken/)
  })

  test('a connection is not used again after “close”, nor shortly before the service closes it', async () => {
    const heads = ['Connection: close', 'Keep-Alive: timeout=1', 'X: y']
    answer = (socket, connection) =>
      void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n${heads[connection]}\r\n\r\nfine`)
    for (let time = 0; time < 4; time++) assert.equal(await read(ask()), 'fine')
    assert.equal(sockets.length, 3)
  })

  test('requests wait for a connection when all are used, and not for ever', async () => {
    answer = () => {}
    const [first, second] = [begin(), begin()]
    assert.deepEqual(await ask({ connectMs: 30 }), { kind: 'late' })
    const waiting = ask()
    answer = (socket) => void socket.write(OK)
    first.leave()
    assert.equal(await read(waiting), 'fine')
    second.leave()
  })

  test('a service that does not answer is given up, and so is a request whose client left', async () => {
    answer = () => {}
    assert.deepEqual(await ask({ responseMs: 30 }), { kind: 'late' })
    const left = begin()
    while (sockets.length < 2) await new Promise((resolve) => setImmediate(resolve))
    left.leave()
    for (const socket of sockets) if (!socket.closed) await once(socket, 'close')
    answer = (socket) => void socket.write(OK)
    assert.equal(await read(ask()), 'fine')
  })

  test('a taker that pauses stops the service, and nothing is lost', async () => {
    const all = Buffer.alloc(4 * 1024 * 1024, 'x')
    answer = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${all.length}\r\n\r\n`)
      socket.write(all)
    }
    const come = await ask()
    assert.ok(come.kind === 'answered')
    let bytes = 0
    const whole = new Promise<void>((resolve, reject) => {
      const { answer: one } = come
      one.take({
        part: (part) => {
          bytes += part.length
          one.pause()
          setImmediate(() => one.resume())
        },
        end: resolve,
        broken: () => reject(new Error('broken')),
      })
    })
    await whole
    assert.equal(bytes, all.length)
    await new Promise((resolve) => setImmediate(resolve))
    answer = (socket) => void socket.write(OK)
    assert.equal(await read(ask()), 'fine')
    assert.equal(sockets.length, 1)
  })

  test('nothing that would end a line is sent', () => {
    const call = {
      settled: () => {},
      written: () => {},
      connectMs: 1,
      writeMs: 1,
      responseMs: 1,
      fresh: false,
    }
    const send = (method: string, path: string, headers: Record<string, string>) => () =>
      upstream.ask({ method, path, headers, parts: [] }, call)
    assert.throws(send('GET', '/ HTTP/1.1\r\nx: y', {}))
    assert.throws(send('GET /', '/', {}))
    assert.throws(send('GET', '/', { x: 'a\r\nb: c' }))
    assert.throws(send('GET', '/', { 'x: y\r\nz': 'a' }))
    assert.throws(send('GET', '/', { x: 'a\u0100' }))
    assert.equal(sockets.length, 0)
  })
})
