import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { SpanStatusCode, trace, type Span } from '@opentelemetry/api'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import type { App, AppBindings, SendWhole } from './app.ts'
import {
  problemParts,
  type Arrived,
  type Exchange,
  type NodeRequest,
  type NodeResponse,
  type Visit,
} from './exchange.ts'
import { refuseBlockedAddress, type TurnedAway } from './block-list/turned-away.ts'
import { emptyBody, type HeldBody } from './firewall/guard-body.ts'
import { isDropped, sendRefusal } from './firewall/guard-verdict.ts'
import type { Guard, Watch } from './firewall/guard.ts'
import { securityHeaders } from './headers.ts'
import { requireHost } from './host.ts'
import type { GatewayLimits } from './limits.ts'
import { refuseCodings, refuseDoubleHeaders } from './proxy-headers.ts'
import { rawHead } from './proxy-upgrade.ts'
import { rateHeaders, type RateLimiter } from './rate-limit.ts'
import { networkWants } from './rates.ts'
import type { RequestLog } from './request-log.ts'
import { isClaimed, readTarget } from './request-target.ts'
import type { ServiceDoor } from './service-door.ts'

/** What the edge works with. */
export interface EdgeDoor {
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly log: Log
  readonly limiter: RateLimiter
  readonly turnedAway: TurnedAway
  readonly requestLog: RequestLog
  readonly limits: GatewayLimits
  readonly guard: Guard
  readonly isServed: (authority: string) => boolean
  readonly app: App
  readonly service: ServiceDoor
  /** True once the gateway is stopping: connections are not kept. */
  readonly stopping: () => boolean
}

/** What Node says of bytes that it refused, and the bytes. */
interface MalformedError extends NodeJS.ErrnoException {
  readonly rawPacket?: Uint8Array
}

/** Every request of the TLS listener comes in here. */
export interface Edge {
  /** `proceed` sends `100 Continue` for a client that waits for it. */
  request(incoming: NodeRequest, outgoing: NodeResponse, proceed: () => void): void
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Answers bytes that are no request, with the same headers as everything else. */
  malformed(error: MalformedError, socket: Duplex): void
  /** Answers a request to be led on to another host, which nobody is. */
  tunnel(incoming: IncomingMessage, socket: Duplex): void
  /** Answers an `Expect` other than `100-continue`. */
  unexpected(incoming: NodeRequest, outgoing: NodeResponse): void
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

const tracer = trace.getTracer('surety.gateway')

/** The last request of each HTTP/1.1 connection, which tells what refused bytes on it belong to. */
const lastRequest = new WeakMap<object, IncomingMessage>()

/** Makes the edge. */
export function openEdge(door: EdgeDoor): Edge {
  return {
    request: (incoming, outgoing, proceed) => serve(door, incoming, outgoing, proceed, null),
    unexpected: (incoming, outgoing) => {
      const refusal = new Problem('request.expectation', 'Send the request without this expectation.')
      serve(door, incoming, outgoing, () => {}, refusal)
    },
    upgrade: (incoming, socket, head) => void upgrade(door, incoming, socket, head, null),
    tunnel: (incoming, socket) => {
      const refusal = new Problem('request.malformed', 'Nobody is led on to another host.')
      void upgrade(door, incoming, socket, Buffer.alloc(0), refusal)
    },
    malformed: (error, socket) => answerMalformed(door, error, socket),
  }
}

/** Serves a request, or has it looked at and refuses it. */
function serve(
  door: EdgeDoor,
  incoming: NodeRequest,
  outgoing: NodeResponse,
  proceed: () => void,
  refusal: Problem | null,
): void {
  if (!('stream' in incoming)) lastRequest.set(incoming.socket, incoming)
  const visit = begin(door, incoming, outgoing, proceed)
  tracer.startActiveSpan('request', (span) => {
    visit.onGone(() => endSpan(span, visit.exchange, incoming, outgoing))
    void dispatch(door, visit, refusal).catch(async (error: unknown) => {
      // What went wrong because the client left is nobody's failure.
      if (visit.gone()) return
      visit.secure()
      // Nothing follows a request that could be read in two ways.
      if ('shouldKeepAlive' in outgoing) outgoing.shouldKeepAlive &&= incoming.complete && !isMalformed(error)
      await sendRefusal(visit, door.log, error)
    })
  })
}

function begin(door: EdgeDoor, incoming: NodeRequest, outgoing: NodeResponse, proceed: () => void): Visit {
  const started = performance.now()
  const exchange = newExchange(door, incoming)
  const security = securityHeaders(door.policy, exchange.requestId)
  if (door.stopping() && incoming.httpVersionMajor === 1) outgoing.setHeader('connection', 'close')
  door.requestLog.arrive()
  let closed = false
  const ends: (() => void)[] = []
  outgoing.once('close', () => {
    closed = true
    leave(door, exchange, incoming, outgoing.headersSent ? outgoing.statusCode : 0, started)
    // An HTTP/2 stream whose body nobody wants any more is closed; HTTP/1.1 sees to it by itself.
    if ('stream' in incoming && !incoming.readableEnded) incoming.stream?.close()
    for (const end of ends) end()
  })
  cutSlowBody(door, incoming, outgoing)
  return {
    incoming,
    outgoing,
    exchange,
    security,
    proceed,
    secure: () => {
      if (outgoing.headersSent) return
      for (const [name, value] of Object.entries(security)) outgoing.setHeader(name, value)
    },
    gone: () => closed,
    onGone: (run) => {
      if (closed) run()
      else ends.push(run)
    },
  }
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

async function dispatch(door: EdgeDoor, visit: Visit, refusal: Problem | null): Promise<void> {
  const { incoming, outgoing, exchange } = visit
  await takeNetworkRate(door, exchange)
  if (visit.gone()) return
  const watch = door.guard.watch(incoming, exchange)
  visit.onGone(() => watch.end(outgoing.headersSent ? outgoing.statusCode : 0))
  // Before any refusal of ours, so that the rules see odd requests too. Policy 4.1-a.
  await watch.head()
  const arrived = await soundOrRefused(door, visit, watch, refusal)
  if (!isClaimed(arrived.target.path)) return door.service.request(visit, arrived, watch)
  const body = watch.awaitsBody ? await watch.body(door.limits.apiBodyBytesMax, visit.proceed) : emptyBody
  // Before the platform answers, so that no path of it, not even a failure, does so without them. Policy 2.1-c.
  visit.secure()
  // Streaming adds about ten listeners of its own to ours.
  outgoing.setMaxListeners(20)
  const listener = getRequestListener((request) => door.app(request, bindingsOf(visit, body)), {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      const { status, headers, body } = problemParts(exchange, door.log, error)
      return new Response(body, { status, headers })
    },
  })
  await listener(incoming, outgoing)
}

/** What arrived soundly; what did not is looked at whole before it is refused, unless it waits to be asked for its body. */
async function soundOrRefused(
  door: EdgeDoor,
  { incoming }: Visit,
  watch: Watch,
  refusal: Problem | null,
): Promise<Arrived> {
  try {
    if (refusal !== null) throw refusal
    return arrive(door, incoming)
  } catch (error) {
    const sending = watch.awaitsBody && incoming.headers.expect === undefined
    if (sending) (await watch.body(door.limits.apiBodyBytesMax, () => {})).release()
    throw error
  }
}

/** Spares every answer that is known whole, and every body, the way through web streams. */
function bindingsOf({ incoming, outgoing, exchange }: Visit, { parts }: HeldBody): AppBindings {
  return {
    exchange,
    body: () => replay(parts),
    send: incoming.method === 'HEAD' ? undefined : (...answer) => sendWhole(outgoing, ...answer),
  }
}

/** The body as if it arrived now. */
async function* replay(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
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

/** A parser of HTTP/1.1 takes other numbers as well; what they would mean is anyone's guess (RFC 9112 section 2.3). */
const SPOKEN: ReadonlySet<string> = new Set(['1.0', '1.1', '2.0'])

/** The checks that need nobody's name; health is asked for by machines that know no host name. */
function arrive(door: EdgeDoor, incoming: NodeRequest): Arrived {
  const raw = incoming.url ?? ''
  if (raw.length > door.limits.targetCharactersMax)
    throw new Problem('request.malformed', 'The address of the request is too long.')
  if (!SPOKEN.has(incoming.httpVersion) || 'stream' in incoming !== (incoming.httpVersionMajor === 2))
    throw new Problem('request.malformed', 'This version of HTTP is not spoken here.')
  const target = readTarget(raw)
  refuseDoubleHeaders(incoming.rawHeaders)
  refuseCodings(incoming)
  if (!METHODS.has(incoming.method ?? '')) throw new Problem('request.method', 'This method is not offered.')
  const anyHost = target.path === '/healthz' || target.path === '/readyz'
  const host = requireHost(incoming.headers, anyHost ? () => true : door.isServed)
  return { target, host }
}

/** Turns away whom the list names, and stops a flood from one network before anything asks the database who it is. Policy 4.1-d. */
async function takeNetworkRate(door: EdgeDoor, exchange: Exchange): Promise<void> {
  refuseBlockedAddress(door.turnedAway, exchange.ip)
  const wants = networkWants(door.policy, exchange.ip)
  const { refusedBy, each } = await door.limiter.takeEach(wants)
  const verdict = refusedBy === null ? undefined : each[wants.indexOf(refusedBy)]
  if (refusedBy === null || verdict === undefined) return
  Object.assign(exchange.replyHeaders, rateHeaders(refusedBy.budget, verdict))
  const { limit } = refusedBy
  throw new Problem('request.too-many', `At most ${limit} requests a minute are served for one network.`, {
    retryAfterSeconds: verdict.resetSeconds,
  })
}

async function upgrade(
  door: EdgeDoor,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  refusal: Problem | null,
): Promise<void> {
  const started = performance.now()
  const exchange = newExchange(door, incoming)
  const security = securityHeaders(door.policy, exchange.requestId)
  door.requestLog.arrive()
  socket.on('error', () => socket.destroy())
  const watch = door.guard.watch(incoming, exchange)
  const done = (status: number): void => {
    watch.end(status)
    leave(door, exchange, incoming, status, started)
  }
  try {
    await takeNetworkRate(door, exchange)
    await watch.head()
    if (refusal !== null) throw refusal
    const arrived = arrive(door, incoming)
    if (isClaimed(arrived.target.path))
      throw new Problem('request.malformed', 'There is no WebSocket at this address.')
    await door.service.upgrade({ incoming, socket, head, exchange, security }, arrived)
    done(101)
  } catch (error) {
    const parts = problemParts(exchange, door.log, error)
    if (isDropped(error)) socket.destroy()
    else endRaw(socket, parts.status, { ...security, ...parts.headers }, parts.body)
    done(isDropped(error) ? 0 : parts.status)
  }
}

function answerMalformed(door: EdgeDoor, error: MalformedError, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { remoteAddress: ip = '' } = socket as Socket
  const exchange: Exchange = {
    requestId: newId(door.clock),
    ip,
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
  lookAtBytes(door, error.rawPacket, socket as Socket, exchange)
}

/** The rules look at refused bytes that were meant as a request, not at those of a body that its request was refused with. */
function lookAtBytes(
  door: EdgeDoor,
  bytes: Uint8Array | undefined,
  socket: Socket,
  exchange: Exchange,
): void {
  if (bytes === undefined || lastRequest.get(socket)?.complete === false) return
  takeNetworkRate(door, exchange).then(
    () => door.guard.malformed(bytes, socket, exchange),
    (error: unknown) => {
      if (error instanceof Problem) return
      door.log.error(
        { requestId: exchange.requestId, ...errorRecord(error) },
        'malformed bytes were not counted',
      )
    },
  )
}

function isMalformed(error: unknown): boolean {
  return error instanceof Problem && error.code === 'request.malformed'
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
