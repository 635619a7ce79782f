import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, suite, test } from 'node:test'
import { createSecureContext, TLSSocket } from 'node:tls'
import { serverAddress, type ServerAddress } from '#database'
import { openCertificates, type Certificates } from '../../platform/gateway/certificates.ts'
import { systemClock } from '../../platform/kernel/clock.ts'
import { openRelay, type Relay } from './relay.ts'

suite('the one address of two servers', () => {
  let home: string
  let certificates: Certificates
  let server: Server | null = null
  let relay: Relay | null = null
  /** What reached the server without TLS, beyond the wish for it. */
  let inTheOpen = ''

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'surety-relay-'))
    const none = { ownCertFile: '', ownKeyFile: '', revocationsUrl: '', ordering: null }
    certificates = await openCertificates({
      clock: systemClock,
      keysFolder: join(home, 'keys'),
      host: 'localhost',
      ...none,
    })
  })
  after(() => rm(home, { recursive: true, force: true }))
  afterEach(async () => {
    await relay?.stop()
    server?.close()
    inTheOpen = ''
  })

  /** A server that answers the wish for TLS with these bytes and, over TLS, says back what it hears. */
  async function serve(answer: string): Promise<number> {
    const taken = (socket: Socket): void => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(answer)
        if (!answer.startsWith('S')) return socket.on('data', (bytes) => void (inTheOpen += bytes.toString()))
        const safe = new TLSSocket(socket, {
          isServer: true,
          secureContext: createSecureContext(certificates.current()),
        })
        safe.on('error', () => {})
        return safe.pipe(safe)
      })
    }
    server = createServer(taken).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  async function open(address: () => Promise<ServerAddress>): Promise<string> {
    relay = await openRelay({ folder: home, where: address })
    return join(home, 'pg', '.s.PGSQL.5432')
  }
  const at = (port: number, ca = certificates.authority() ?? ''): ServerAddress => ({
    host: 'localhost',
    port,
    tls: { ca },
    user: 'sample',
    password: 'sample',
    database: 'sample',
  })
  /** What comes back when `text` is sent through the relay; null when the connection is closed instead. */
  async function exchanged(path: string, text: string): Promise<string | null> {
    const client = connect(path)
    client.on('error', () => {})
    client.write(text)
    const said = await new Promise<string | null>((resolve) => {
      client.once('data', (bytes) => resolve(bytes.toString()))
      client.once('close', () => resolve(null))
    })
    client.destroy()
    return said
  }

  test('the server is spoken to over TLS, its certificate proven, as its URL asks for', async () => {
    const port = await serve('S')
    assert.equal(await exchanged(await open(async () => at(port)), 'sample words'), 'sample words')
  })

  test('a server that offers no TLS hears nothing of what was meant for it', async () => {
    const port = await serve('N')
    assert.equal(await exchanged(await open(async () => at(port)), 'sample secret'), null)
    assert.equal(inTheOpen, '')
  })

  test('bytes that somebody in between adds before TLS end the connection', async () => {
    const port = await serve('Sxyz')
    assert.equal(await exchanged(await open(async () => at(port)), 'sample secret'), null)
  })

  test('a certificate of an authority that the URL does not name is refused', async () => {
    const port = await serve('S')
    const stranger = { ...at(port), tls: {} }
    assert.equal(await exchanged(await open(async () => stranger), 'sample secret'), null)
  })

  test('while no server may be used, whoever connects is turned away', async () => {
    const path = await open(() => Promise.reject(new Error('none')))
    assert.equal(await exchanged(path, 'sample'), null)
  })

  test('a cut ends what goes through and what is on its way', async () => {
    const port = await serve('S')
    const allowed = Promise.withResolvers<void>()
    const asking = Promise.withResolvers<void>()
    let first = true
    const path = await open(async () => {
      if (!first) {
        asking.resolve()
        await allowed.promise
      }
      first = false
      return at(port)
    })
    const through = connect(path)
    through.on('error', () => {}).write('one')
    await once(through, 'data')
    const waiting = connect(path)
    waiting.on('error', () => {}).write('two')
    await asking.promise
    const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve))
    const ended = Promise.all([closed(through), closed(waiting)])
    relay?.cut()
    allowed.resolve()
    await ended
  })

  test('its address carries user, password and database whatever they are made of', async () => {
    await open(() => Promise.reject(new Error('none')))
    const odd = { ...at(1), user: 'sample@user', password: 'p:@/?#%ß', database: 'sample-base' }
    const { user, password, database, host, tls } = serverAddress(relay?.url(odd) ?? '')
    assert.deepEqual(
      { user, password, database },
      { user: odd.user, password: odd.password, database: odd.database },
    )
    assert.deepEqual({ host, tls }, { host: join(home, 'pg'), tls: null })
  })
})
