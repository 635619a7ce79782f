import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { PolicyReader } from '../kernel/parameter.ts'
import type { CertificatePair } from './certificates.ts'
import { clientSite } from './client-network.ts'
import type { Edge } from './edge.ts'
import type { NodeResponse } from './exchange.ts'
import type { GatewayLimits } from './limits.ts'
import { listenOnPort, type ListeningAt } from './listen.ts'
import { tlsGroups, tlsMinimum } from './parameters.ts'

/** The TLS listener. */
export interface TlsListener {
  listen(host: string, port: number): Promise<ListeningAt>
  /** Obeys the policy and the certificate as they are now, for new connections; ends those below the minimum. */
  reload(): void
  /** Stops accepting and lets requests end for `seconds`, then cuts what is left. */
  stop(seconds: number): Promise<void>
}

/** All have forward secrecy: TLS 1.3 knows nothing else, of TLS 1.2 only ECDHE is offered. Policy 2.1-b. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** What TLS is set up with, from the values in force. Policy 2.1-a, 2.1-b. */
export function tlsOptions(policy: PolicyReader, pair: CertificatePair): SecureContextOptions {
  return {
    ...pair,
    minVersion: policy.read(tlsMinimum),
    ecdhCurve: policy.read(tlsGroups).join(':'),
    ciphers: CIPHERS,
    honorCipherOrder: true,
  }
}

/** Opens the listener for HTTP/2 and HTTP/1.1; nothing listens before `listen`. */
export function openTlsListener(deps: {
  readonly policy: PolicyReader
  readonly certificate: () => CertificatePair
  readonly limits: GatewayLimits
  readonly edge: Edge
}): TlsListener {
  const { policy, certificate, limits, edge } = deps
  const server = createSecureServer({
    ...tlsOptions(policy, certificate()),
    ...serverOptions(limits),
  })
  // The HTTP/1.1 half reads these from the server object, though its type does not list them.
  Object.assign(server, {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    maxHeadersCount: limits.headersMax,
  })
  server.maxConnections = limits.connectionsMax
  server.setTimeout(limits.idleMs)
  const connections = trackConnections(server, limits)
  wire(server, edge)
  return {
    listen: (host, port) => listenOnPort(server, { host, port, backlog: 1024 }),
    reload: () => {
      server.setSecureContext(tlsOptions(policy, certificate()))
      const minimum = VERSIONS.indexOf(policy.read(tlsMinimum))
      for (const socket of connections.secure)
        if (VERSIONS.indexOf(socket.getProtocol() ?? '') < minimum) socket.destroy()
    },
    stop: (seconds) => stop(server, connections, seconds),
  }
}

function serverOptions(limits: GatewayLimits): Parameters<typeof createSecureServer>[0] {
  // Options of the HTTP/1.1 half, which the type of the HTTP/2 server does not list.
  const http1 = {
    connectionsCheckingInterval: limits.sweepMs,
    maxHeaderSize: limits.headerBytesMax,
    // A request without a host is answered by the edge, like every other one that names none of ours.
    requireHostHeader: false,
  }
  return {
    allowHTTP1: true,
    handshakeTimeout: limits.handshakeMs,
    maxHeaderListPairs: limits.headersMax,
    unknownProtocolTimeout: limits.handshakeMs,
    // Little room for streams that are opened and reset at once, or refused over and over (CVE-2023-44487).
    streamResetBurst: 200,
    streamResetRate: 20,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    settings: {
      maxConcurrentStreams: limits.streamsPerConnectionMax,
      maxHeaderListSize: limits.headerBytesMax,
      enablePush: false,
    },
    ...http1,
  }
}

function wire(server: Http2SecureServer, edge: Edge): void {
  server.on('request', (incoming, outgoing) => edge.request(incoming, outgoing, () => {}))
  server.on('checkContinue', (incoming, outgoing) =>
    edge.request(incoming, outgoing, () => outgoing.writeContinue()),
  )
  server.on('checkExpectation', edge.unexpected)
  // Nobody is led on by CONNECT; without a listener Node would answer by itself, with no header and no line of ours.
  server.on('connect', (incoming: IncomingMessage, outgoing: NodeResponse | Duplex) => {
    if ('setHeader' in outgoing) edge.request(incoming, outgoing, () => {})
    else edge.tunnel(incoming, outgoing)
  })
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) =>
    edge.upgrade(incoming, socket, head),
  )
  server.on('clientError', edge.malformed)
  // A handshake that fails is the client's affair; the socket is already gone.
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  server.on('sessionError', () => {})
}

interface Connections {
  readonly raw: Set<Socket>
  readonly secure: Set<TLSSocket>
  readonly sessions: Set<ServerHttp2Session>
}

function trackConnections(server: Http2SecureServer, limits: GatewayLimits): Connections {
  const tracked: Connections = { raw: new Set(), secure: new Set(), sessions: new Set() }
  const perClient = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const client = clientSite(socket.remoteAddress ?? '')
    const open = (perClient.get(client) ?? 0) + 1
    if (open > limits.connectionsPerClientMax) {
      socket.destroy()
      return
    }
    // Otherwise an answer in two parts waits 40 ms for the client's delayed acknowledgement of the first.
    socket.setNoDelay(true)
    perClient.set(client, open)
    remember(tracked.raw, socket)
    socket.once('close', () => {
      const left = (perClient.get(client) ?? 1) - 1
      if (left > 0) perClient.set(client, left)
      else perClient.delete(client)
    })
  })
  server.on('secureConnection', (socket: TLSSocket) => remember(tracked.secure, socket))
  server.on('session', (session) => {
    remember(tracked.sessions, session)
    endIdle(session, limits.keepAliveMs)
  })
  return tracked
}

/**
 * Ends an HTTP/2 connection that had no stream for so long, whatever else moves on it: pings, or a head that never gets
 * whole. HTTP/1.1 has the same limit from Node itself.
 */
function endIdle(session: ServerHttp2Session, idleMs: number): void {
  let open = 0
  let idle = setTimeout(() => session.close(), idleMs)
  session.on('stream', (stream) => {
    open += 1
    clearTimeout(idle)
    stream.once('close', () => {
      open -= 1
      if (open === 0 && !session.destroyed) idle = setTimeout(() => session.close(), idleMs)
    })
  })
  session.once('close', () => clearTimeout(idle))
}

function remember<Kind extends { once(event: 'close', gone: () => void): unknown }>(
  all: Set<Kind>,
  one: Kind,
): void {
  all.add(one)
  one.once('close', () => all.delete(one))
}

async function stop(server: Http2SecureServer, connections: Connections, seconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  for (const session of connections.sessions) session.close()
  const cut = setTimeout(() => {
    for (const session of connections.sessions) session.destroy()
    for (const socket of connections.raw) socket.destroy()
  }, seconds * 1000)
  await closed
  clearTimeout(cut)
}
