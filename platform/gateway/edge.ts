import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { SpanStatusCode, trace, type Span } from '@opentelemetry/api'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import type { Log } from '../kernel/log.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import type { App, AppBindings, SendWhole } from './app.ts'
import { clientNetwork } from './client-network.ts'
import {
  problemParts,
  sendProblem,
  type Arrived,
  type Exchange,
  type NodeRequest,
  type NodeResponse,
  type Visit,
} from './exchange.ts'
import { securityHeaders } from './headers.ts'
import { requireHost } from './host.ts'
import type { GatewayLimits } from './limits.ts'
import { apiRate } from './parameters.ts'
import { refuseDoubleHeaders } from './proxy-headers.ts'
import { rawHead } from './proxy-upgrade.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { RequestLog } from './request-log.ts'
import { isClaimed, readTarget } from './request-target.ts'
import type { ServiceDoor } from './service-door.ts'

/** What the edge works with. */
export interface EdgeDoor {
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly log: Log
  readonly limiter: RateLimiter
  readonly requestLog: RequestLog
  readonly limits: GatewayLimits
  readonly isServed: (authority: string) => boolean
  readonly app: App
  readonly service: ServiceDoor
  /** True once the gateway is stopping: connections are not kept. */
  readonly stopping: () => boolean
}

/** Every request of the TLS listener comes in here. */
export interface Edge {
  /** `proceed` sends `100 Continue` for a client that waits for it. */
  request(incoming: NodeRequest, outgoing: NodeResponse, proceed: () => void): void
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Answers bytes that are no request, with the same headers as everything else. */
  malformed(error: NodeJS.ErrnoException, socket: Duplex): void
  /** Answers an `Expect` other than `100-continue`. */
  unexpected(incoming: NodeRequest, outgoing: NodeResponse): void
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What one client network may send in a minute, as a multiple of what one client may: offices share an address. */
const NETWORK_SHARE = 10

const tracer = trace.getTracer('surety.gateway')

/** Makes the edge. */
export function openEdge(door: EdgeDoor): Edge {
  return {
    request: (incoming, outgoing, proceed) => {
      const { exchange, security, gone } = begin(door, incoming, outgoing)
      tracer.startActiveSpan('request', (span) => {
        outgoing.once('close', () => endSpan(span, exchange, incoming, outgoing))
        dispatch(door, { incoming, outgoing, exchange, security, proceed, gone }).catch((error: unknown) => {
          // What went wrong because the client left is nobody's failure.
          if (gone()) return
          if ('shouldKeepAlive' in outgoing) outgoing.shouldKeepAlive &&= incoming.complete
          sendProblem(outgoing, exchange, door.log, error)
        })
      })
    },
    unexpected: (incoming, outgoing) => {
      const { exchange } = begin(door, incoming, outgoing)
      const refusal = new Problem('request.expectation', 'Send the request without this expectation.')
      sendProblem(outgoing, exchange, door.log, refusal)
    },
    upgrade: (incoming, socket, head) => void upgrade(door, incoming, socket, head),
    malformed: (error, socket) => answerMalformed(door, error, socket),
  }
}

function begin(
  door: EdgeDoor,
  incoming: NodeRequest,
  outgoing: NodeResponse,
): { exchange: Exchange; security: Record<string, string>; gone: () => boolean } {
  const started = performance.now()
  const exchange = newExchange(door, incoming)
  const security = securityHeaders(door.policy, exchange.requestId)
  // Streaming adds about ten listeners of its own to ours.
  outgoing.setMaxListeners(20)
  // Set before anything can fail, so that no path, not even a failure, answers without them. Policy 2.1-c.
  for (const [name, value] of Object.entries(security)) outgoing.setHeader(name, value)
  if (door.stopping() && incoming.httpVersionMajor === 1) outgoing.setHeader('connection', 'close')
  door.requestLog.arrive()
  let closed = false
  outgoing.once('close', () => {
    closed = true
    leave(door, exchange, incoming, outgoing.headersSent ? outgoing.statusCode : 0, started)
    // An HTTP/2 stream whose body nobody wants any more is closed; HTTP/1.1 sees to it by itself.
    if ('stream' in incoming && !incoming.readableEnded) incoming.stream?.close()
  })
  cutSlowBody(door, incoming, outgoing)
  return { exchange, security, gone: () => closed }
}

function newExchange(door: EdgeDoor, incoming: NodeRequest): Exchange {
  const userAgent = (incoming.headers['user-agent'] ?? '').slice(0, 256)
  const ip = incoming.socket.remoteAddress ?? ''
  return { requestId: newId(door.clock), ip, userAgent, pattern: 'none', replyHeaders: {} }
}

function leave(
  door: EdgeDoor,
  exchange: Exchange,
  incoming: NodeRequest,
  status: number,
  started: number,
): void {
  const ms = Math.round((performance.now() - started) * 10) / 10
  const method = METHODS.has(incoming.method ?? '') ? (incoming.method ?? '') : 'other'
  const { requestId, pattern: route } = exchange
  door.requestLog.leave({ requestId, method, route, status, ms, http: incoming.httpVersion })
}

/** HTTP/1.1 bodies are watched by Node itself (`requestTimeout`); an HTTP/2 stream is not. */
function cutSlowBody(door: EdgeDoor, incoming: NodeRequest, outgoing: NodeResponse): void {
  if (!('stream' in incoming) || incoming.stream.endAfterHeaders) return
  const slow = setTimeout(() => outgoing.destroy(), door.limits.requestMs)
  const done = (): void => clearTimeout(slow)
  incoming.once('end', done)
  outgoing.once('close', done)
}

async function dispatch(door: EdgeDoor, visit: Visit): Promise<void> {
  const { incoming, outgoing, exchange } = visit
  const arrived = await arrive(door, incoming, exchange)
  if (!isClaimed(arrived.target.path)) return door.service.request(visit, arrived)
  visit.proceed()
  const listener = getRequestListener((request) => door.app(request, bindingsOf(visit)), {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      const { status, headers, body } = problemParts(exchange, door.log, error)
      return new Response(body, { status, headers })
    },
  })
  await listener(incoming, outgoing)
}

/** Spares every answer that is known whole, and every body, the way through web streams. */
function bindingsOf({ incoming, outgoing, exchange }: Visit): AppBindings {
  return {
    exchange,
    // What is not read of a body is left to the listener, which ends the connection with it.
    body: () => incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
    send: incoming.method === 'HEAD' ? undefined : (...answer) => sendWhole(outgoing, ...answer),
  }
}

function sendWhole(outgoing: NodeResponse, ...[status, headers, body]: Parameters<SendWhole>): Response {
  if (outgoing.destroyed || outgoing.headersSent) return RESPONSE_ALREADY_SENT
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value)
  if (body !== null) outgoing.setHeader('content-length', Buffer.byteLength(body))
  outgoing.statusCode = status
  if (body === null) outgoing.end()
  else outgoing.end(body)
  return RESPONSE_ALREADY_SENT
}

/** The checks that need nobody's name; health is asked for by machines that know no host name. */
async function arrive(door: EdgeDoor, incoming: NodeRequest, exchange: Exchange): Promise<Arrived> {
  const raw = incoming.url ?? ''
  if (raw.length > door.limits.targetCharactersMax)
    throw new Problem('request.malformed', 'The address of the request is too long.')
  const target = readTarget(raw)
  refuseDoubleHeaders(incoming.rawHeaders)
  if (!METHODS.has(incoming.method ?? '')) throw new Problem('request.method', 'This method is not offered.')
  const anyHost = target.path === '/healthz' || target.path === '/readyz'
  const host = requireHost(incoming.headers, anyHost ? () => true : door.isServed)
  await takeNetworkRate(door, exchange)
  return { target, host }
}

/** Stops a flood from one network before anything asks the database who it is. Policy 4.3-a.1. */
async function takeNetworkRate(door: EdgeDoor, exchange: Exchange): Promise<void> {
  const limit = door.policy.read(apiRate) * NETWORK_SHARE
  const verdict = await door.limiter.take('network', clientNetwork(exchange.ip), limit)
  if (verdict.allowed) return
  throw new Problem('request.too-many', `At most ${limit} requests a minute are served for one network.`, {
    retryAfterSeconds: verdict.resetSeconds,
  })
}

async function upgrade(
  door: EdgeDoor,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const started = performance.now()
  const exchange = newExchange(door, incoming)
  const security = securityHeaders(door.policy, exchange.requestId)
  door.requestLog.arrive()
  socket.on('error', () => socket.destroy())
  try {
    const arrived = await arrive(door, incoming, exchange)
    if (isClaimed(arrived.target.path))
      throw new Problem('request.malformed', 'There is no WebSocket at this address.')
    await door.service.upgrade({ incoming, socket, head, exchange, security }, arrived)
    leave(door, exchange, incoming, 101, started)
  } catch (error) {
    const parts = problemParts(exchange, door.log, error)
    endRaw(socket, parts.status, { ...security, ...parts.headers }, parts.body)
    leave(door, exchange, incoming, parts.status, started)
  }
}

function answerMalformed(door: EdgeDoor, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const exchange: Exchange = {
    requestId: newId(door.clock),
    ip: '',
    userAgent: '',
    pattern: 'malformed',
    replyHeaders: {},
  }
  const parts = problemParts(exchange, door.log, malformedProblem(error))
  door.requestLog.arrive()
  endRaw(
    socket,
    parts.status,
    { ...securityHeaders(door.policy, exchange.requestId), ...parts.headers },
    parts.body,
  )
  const { requestId, pattern: route } = exchange
  door.requestLog.leave({ requestId, method: 'other', route, status: parts.status, ms: 0, http: '1.1' })
}

function malformedProblem(error: NodeJS.ErrnoException): Problem {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request.timeout', 'The request did not arrive whole in time.')
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return new Problem('request.header-too-large', 'Send fewer or shorter headers.')
  return new Problem('request.malformed', 'This is not a well-formed HTTP request.')
}

function endRaw(socket: Duplex, status: number, headers: Record<string, string>, body: string): void {
  if (socket.destroyed) return
  socket.end(`${rawHead(`${status} Refused`, { ...headers, connection: 'close' })}${body}`)
  // A client that does not read its refusal is not waited for.
  const reading = setTimeout(() => socket.destroy(), 1000)
  socket.once('close', () => clearTimeout(reading))
}

function endSpan(span: Span, exchange: Exchange, incoming: NodeRequest, outgoing: NodeResponse): void {
  span.updateName(`${incoming.method} ${exchange.pattern}`)
  span.setAttributes({
    'http.request.method': incoming.method ?? '',
    'http.route': exchange.pattern,
    'http.response.status_code': outgoing.statusCode,
    'surety.request_id': exchange.requestId,
  })
  if (outgoing.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}
