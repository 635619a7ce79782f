import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, suite, test } from 'node:test'
import { takesWrite, type ServerAddress } from './index.ts'

/** A message of the server (PostgreSQL, chapter 54.7): its kind, the length of the rest with itself, the rest. */
function message(kind: string, rest: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(rest.length + 4)
  return Buffer.concat([Buffer.from(kind), length, rest])
}
const refusal = (code: string): Buffer => message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0Msample\0\0`))
/** Lets anybody in, and is ready. */
const WELCOME = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))])
const QUICK = { silent: 2, unclear: 3, pauseMs: 1 }

suite('whether a server that was fenced takes writes', () => {
  const opened: Server[] = []
  afterEach(() => Promise.all(opened.splice(0).map((one) => new Promise((resolve) => one.close(resolve)))))

  /** A server of which each connection is answered as it is told, the last way from then on. */
  async function answering(...ways: readonly ((client: Socket) => void)[]): Promise<ServerAddress> {
    let asked = 0
    const server = createServer((client) => {
      client.on('error', () => {})
      client.once('data', () => ways[Math.min(asked++, ways.length - 1)]?.(client))
    })
    opened.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const at = server.address()
    const port = typeof at === 'object' && at !== null ? at.port : 0
    return { host: '127.0.0.1', port, tls: null, user: 'sample', password: 'sample', database: 'sample' }
  }
  const says = (code: string) => (client: Socket) => void client.end(refusal(code))
  const hangsUp = (client: Socket) => void client.destroy()
  /** Lets them in, and answers what they ask with a refusal. */
  const refuses = (code: string) => (client: Socket) => {
    client.once('data', () => void client.end(refusal(code)))
    client.write(WELCOME)
  }

  test('policy 6.2-d: one that is full, is starting, or knows no such user, password or database may take the writes of others', async () => {
    for (const code of ['53300', '57P03', '28P01', '28000', '3D000', '42501'])
      assert.equal(await takesWrite(await answering(says(code)), QUICK), true, code)
  })

  test('policy 6.2-d: one that refuses writes, is closed, or is a standby takes none', async () => {
    assert.equal(await takesWrite(await answering(says('55000')), QUICK), false)
    for (const code of ['25006', '0A000'])
      assert.equal(await takesWrite(await answering(refuses(code)), QUICK), false, code)
  })

  test('policy 6.2-d: one that ends while it is asked takes none once it is silent', async () => {
    const address = await answering(says('57P03'), refuses('57P01'), hangsUp)
    assert.equal(await takesWrite(address, { ...QUICK, unclear: 9 }), false)
    const nobody = { ...address, port: 1 }
    assert.equal(await takesWrite(nobody, QUICK), false)
  })

  test('policy 6.2-d: one moment of silence is none: whoever answers after it is heard', async () => {
    assert.equal(await takesWrite(await answering(hangsUp, says('53300')), QUICK), true)
  })

  test('policy 6.2-d: what stands in between and reaches no server says so', async () => {
    assert.equal(await takesWrite(await answering(says('08006')), QUICK), false)
  })
})
