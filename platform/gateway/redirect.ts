import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { clientSite } from './client-network.ts'
import type { GatewayLimits } from './limits.ts'
import { listenOnPort, type ListeningAt } from './listen.ts'
import { readTarget } from './request-target.ts'

/** The plain port. */
export interface RedirectListener {
  listen(host: string, port: number): Promise<ListeningAt>
  stop(): Promise<void>
}

/**
 * The plain HTTP port: answers 308 to the same address at `origin`, to every request, and nothing else but the answer to
 * a challenge of the authority whose certificate is on order (RFC 8555 §8.3). The host that the request names is never
 * looked at, so the redirect leads nowhere but to us. Policy 2.1-0.
 */
export function openRedirect(deps: {
  /** Where HTTPS is served, read at each request since its port may be chosen late. */
  readonly origin: () => string
  readonly limits: GatewayLimits
  /** What the authority may ask for; null for every other address. */
  readonly challengeAt?: (target: string) => string | null
}): RedirectListener {
  const { origin, limits, challengeAt = () => null } = deps
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.sweepMs,
    },
    (incoming, outgoing) => {
      const answer = incoming.method === 'GET' ? challengeAt(incoming.url ?? '') : null
      if (answer === null) redirect(origin(), incoming, outgoing)
      else answerChallenge(outgoing, answer)
    },
  )
  server.maxConnections = limits.connectionsMax
  limitPerSite(server, limits.connectionsPerClientMax)
  server.maxHeadersCount = limits.headersMax
  server.on('checkContinue', (incoming, outgoing) => redirect(origin(), incoming, outgoing))
  server.on('checkExpectation', (incoming, outgoing) => redirect(origin(), incoming, outgoing))
  const end = (_incoming: IncomingMessage, socket: { destroy(): void }): void => socket.destroy()
  server.on('upgrade', end)
  server.on('connect', end)
  server.on('clientError', (_error, socket: Socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  return {
    listen: (host, port) => listenOnPort(server, { host, port }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** No client takes all connections, which the authority's challenges need as well. Policy 4.1-d. */
function limitPerSite(server: Server, most: number): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const site = clientSite(socket.remoteAddress ?? '')
    const now = (open.get(site) ?? 0) + 1
    if (now > most) {
      socket.destroy()
      return
    }
    open.set(site, now)
    socket.once('close', () => {
      const left = (open.get(site) ?? 1) - 1
      if (left > 0) open.set(site, left)
      else open.delete(site)
    })
  })
}

function answerChallenge(outgoing: ServerResponse, answer: string): void {
  outgoing.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': String(Buffer.byteLength(answer)),
    connection: 'close',
    'x-content-type-options': 'nosniff',
  })
  outgoing.end(answer)
}

function redirect(origin: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(308, {
    location: `${origin}${safeTarget(incoming.url ?? '/')}`,
    connection: 'close',
    'content-length': '0',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  outgoing.end()
}

/** The address asked for when it is sound, the front page otherwise. */
function safeTarget(raw: string): string {
  try {
    const { path, search } = readTarget(raw.slice(0, 8192))
    return `${path}${search}`
  } catch {
    return '/'
  }
}
