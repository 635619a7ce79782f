import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer, isIP, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { ServerAddress } from '#database'

/** One address for whichever server takes writes: programs connect here and keep the address when that one changes. */
export interface Relay {
  /** A connection URL through the relay, for whoever `of` is for. */
  url(of: ServerAddress): string
  /** Ends every connection that goes through it; new ones ask anew where to go. */
  cut(): void
  stop(): Promise<void>
}

/** What a relay needs. */
export interface RelayParts {
  /** A private folder; the socket is made in one below it. */
  readonly folder: string
  /** Where a new connection goes; it rejects while none may be made. */
  readonly where: () => Promise<ServerAddress>
}

/** The port that gives the socket its name; nothing listens on the network. */
const PORT = 5432
const CONNECT_MS_MAX = 5000
/** A server that is silently gone is found out by this. */
const KEEP_ALIVE_MS = 10_000
/** SSLRequest, as the frontend sends it before its first message (PostgreSQL, chapter 54.7). */
const TLS_WANTED = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
const TLS_GRANTED = 'S'.charCodeAt(0)

function once(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve())
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection')))
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error('the server does not answer')))
  })
}

/** Goes over to TLS before anything is said; a server that offers none is refused, never spoken to in the open. */
async function secured(socket: Socket, { host, tls }: ServerAddress): Promise<Socket> {
  socket.write(TLS_WANTED)
  await once(socket, 'readable')
  // Exactly one byte is in the open: more would have been put there by somebody in between.
  const answer = socket.read() as Buffer | null
  if (answer?.length !== 1 || answer[0] !== TLS_GRANTED) throw new Error('the server offers no TLS')
  const name = isIP(host) === 0 ? { servername: host } : {}
  const safe = connectTls({ socket, host, ...tls, ...name })
  await once(safe, 'secureConnect')
  return safe
}

/** Connects to a server as its URL says. */
async function reach(address: ServerAddress): Promise<Socket> {
  const { host, port, tls } = address
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  // It fails what waits for it; a connection that nobody waits for any more is closed by then.
  socket.on('error', () => {})
  try {
    await once(socket, 'connect')
    const ready = tls === null ? socket : await secured(socket, address)
    ready.setTimeout(0)
    socket.setTimeout(0)
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
    return ready
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** Ends one side once everything that was meant for it is written, when the other one is gone. */
function connectBoth(client: Socket, server: Socket): void {
  server.on('error', () => {})
  client.pipe(server)
  server.pipe(client)
  server.on('close', () => client.destroySoon())
  client.on('close', () => server.destroySoon())
}

/** Opens a relay in a private folder. Policy 6.2-d. */
export async function openRelay({ folder, where }: RelayParts): Promise<Relay> {
  const place = join(folder, 'pg')
  await mkdir(place, { recursive: true, mode: 0o700 })
  const path = join(place, `.s.PGSQL.${PORT}`)
  await rm(path, { force: true })
  const open = new Set<Socket>()
  const take = async (client: Socket): Promise<void> => {
    client.on('error', () => {})
    open.add(client)
    client.once('close', () => open.delete(client))
    try {
      const server = await reach(await where())
      // Cut, or given up, while it was on its way.
      if (client.destroyed) server.destroy()
      else connectBoth(client, server)
    } catch {
      // Whoever connects hears that nobody is there, as from a server that is down, and tries again.
      client.destroy()
    }
  }
  const server: Server = createServer((client) => void take(client))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path, readableAll: false, writableAll: false }, resolve)
  })
  const cut = (): void => {
    for (const one of open) one.destroy()
  }
  return {
    url: ({ user, password, database }) =>
      `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@/${encodeURIComponent(database)}?host=${encodeURIComponent(place)}`,
    cut,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
  }
}
