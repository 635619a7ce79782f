import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { trace } from '@opentelemetry/api'
import { stranger, type Caller } from '../kernel/caller.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { samePermissions } from '../kernel/permission-set.ts'
import { Problem, problemStatus } from '../kernel/problem.ts'
import { isTurnedAway, refuseBlockedCaller, type TurnedAway } from './block-list/turned-away.ts'
import { recordElevatedUse } from './elevated-use.ts'
import type { AccessDoor, Arrived, Exchange, NodeRequest, RecordEvent, Visit } from './exchange.ts'
import type { HeldBody } from './firewall/guard-body.ts'
import type { Watch } from './firewall/guard.ts'
import type { IdentityTokens } from './identity-token.ts'
import type { GatewayLimits } from './limits.ts'
import type { OpenStreams } from './open-streams.ts'
import { forwardUpgrade, requireWebSocket } from './proxy-upgrade.ts'
import { forward } from './proxy.ts'
import type { RateLimiter } from './rate-limit.ts'
import { isBelow } from './request-target.ts'
import { clientOf } from './rates.ts'
import { refusalEvent, requireSameSite, takeRate, type RatedWay } from './route-checks.ts'
import type { UnderWay } from './under-way.ts'
import type { Upstream } from './upstream/upstream.ts'

/** The way from the edge to the protected service. */
export interface ServiceDoor {
  request(visit: Visit, arrived: Arrived, watch: Watch): Promise<void>
  upgrade(visit: UpgradeVisit, arrived: Arrived): Promise<void>
}

/** A WebSocket handshake on its way. */
export interface UpgradeVisit {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly exchange: Exchange
  readonly security: Readonly<Record<string, string>>
}

/** What the way needs. */
export interface ServiceParts {
  readonly access: Pick<AccessDoor, 'identify' | 'used'>
  readonly identity: Pick<IdentityTokens, 'issue'>
  readonly limiter: RateLimiter
  readonly turnedAway: TurnedAway
  readonly limits: GatewayLimits
  readonly policy: PolicyReader
  /** Path prefixes that need no sign-in. */
  readonly publicPaths: readonly string[]
  readonly record: RecordEvent
  readonly streams: OpenStreams
  readonly underWay: UnderWay
  readonly upstream: Upstream
}

/** Makes the way to the service: nobody passes outside of the public paths without a full session or a key. */
export function openServiceDoor(parts: ServiceParts): ServiceDoor {
  const tracer = trace.getTracer('surety.gateway')
  return {
    request: (visit, arrived, watch) =>
      tracer.startActiveSpan('proxy', async (span) => {
        try {
          await passOn(parts, visit, arrived, watch)
        } catch (error) {
          if (!sendToSignIn(visit, error)) throw error
        } finally {
          span.end()
        }
      }),
    upgrade: async (visit, arrived) => {
      requireWebSocket(visit.incoming)
      const guest = await admit(parts, visit, arrived, true)
      const identity = await issue(parts, guest, visit.exchange)
      if (visit.socket.destroyed) return
      visit.socket.once('close', enter(parts, guest, visit.exchange))
      const { upstream, limits } = parts
      const { host } = arrived
      await forwardUpgrade({ ...visit, upstream, limits, host, identity, target: visit.incoming.url ?? '/' })
      visit.socket.once(
        'close',
        parts.streams.add(guest.stands, () => visit.socket.destroy()),
      )
    },
  }
}

async function passOn(parts: ServiceParts, visit: Visit, arrived: Arrived, watch: Watch): Promise<void> {
  const guest = await admit(parts, visit, arrived, false)
  // Nobody waits for the answer any more, and nobody would end it.
  if (visit.gone()) return
  visit.onGone(enter(parts, guest, visit.exchange))
  const { upstream, limits } = parts
  const body = await takeBody(parts, guest, visit, watch)
  const identity = await issue(parts, guest, visit.exchange)
  if (visit.gone()) return
  await forward({
    ...visit,
    body,
    watch,
    upstream,
    limits,
    identity,
    host: arrived.host,
    target: visit.incoming.url ?? '/',
    used: (permission) => {
      if (guest.caller !== null) parts.access.used?.(guest.caller, permission)
    },
    endless: () => visit.onGone(parts.streams.add(guest.stands, () => visit.outgoing.destroy())),
  })
}

/** The body, once the rules have let it through; who sends it for long is asked about again, like a stream. */
async function takeBody(
  { limits }: ServiceParts,
  guest: Guest,
  { proceed }: Visit,
  watch: Watch,
): Promise<HeldBody> {
  const from = performance.now()
  const body = await watch.body(limits.proxiedBodyBytesMax, proceed)
  const slow = performance.now() - from > limits.standingMs
  // Policy 3.4-b. Nothing is handed on for a session that ended meanwhile.
  if (slow && !(await guest.stands()))
    throw new Problem('session.expired', 'The session ended while the request was being sent.')
  return body
}

/** Who was let through; a null caller used a public path, where nobody is asked for a name. */
interface Guest {
  readonly caller: Caller | null
  /** Whether the same credentials would be let through now; asking is no use of a session. */
  readonly stands: () => Promise<boolean>
}

/** Counts a request among those that its client has at the service now. */
function enter(parts: ServiceParts, { caller }: Guest, exchange: Exchange): () => void {
  return parts.underWay.enter(clientOf(caller ?? stranger(exchange), exchange.ip))
}

function issue(parts: ServiceParts, { caller }: Guest, exchange: Exchange): Promise<string | null> {
  return caller === null ? Promise.resolve(null) : parts.identity.issue(caller, exchange.requestId)
}

/** Lets a request through to the service, or throws why not. Policy 4.3-a.2. */
async function admit(
  parts: ServiceParts,
  visit: { readonly incoming: NodeRequest; readonly exchange: Exchange },
  { target, host }: Arrived,
  upgrade: boolean,
): Promise<Guest> {
  const { incoming, exchange } = visit
  const prefix = isBelow(target.path, parts.publicPaths)
  exchange.pattern = `service ${prefix ?? '/*'}`
  if (prefix !== undefined) {
    await takeRate(parts, serviceWay(exchange), stranger(exchange), exchange)
    return { caller: null, stands: async () => !parts.turnedAway.hasAddress(exchange.ip) }
  }
  const request = credentials(incoming, host, target.path)
  const caller = await parts.access.identify(request, exchange)
  refuseBlockedCaller(parts.turnedAway, caller)
  exchange.client = caller.id
  await takeRate(parts, serviceWay(exchange), caller, exchange)
  await requireFull(parts, caller, exchange)
  await requireSameSite(parts, caller, request, exchange, upgrade)
  await recordElevatedUse(parts, caller, exchange, { method: request.method, permission: null })
  return { caller, stands: () => stillLetIn(parts, request, exchange, caller) }
}

const serviceWay = ({ pattern }: Exchange): RatedWay => ({ rate: 'api', pattern })

async function stillLetIn(
  parts: ServiceParts,
  request: Request,
  exchange: Exchange,
  before: Caller,
): Promise<boolean> {
  const again = new Request(request)
  again.headers.set('surety-passive', '1')
  try {
    const now = await parts.access.identify(again, { ...exchange, again: true })
    return isFull(now) && sameRights(now, before) && !isTurnedAway(parts.turnedAway, exchange.ip, now)
  } catch (error) {
    // A refusal ends the stream; a database that does not answer says nothing about the caller.
    if (error instanceof Problem) return false
    throw error
  }
}

/** The service decided on these rights when the stream began; with any other ones it must be asked again. Policy 3.2-0. */
function sameRights(now: Caller, before: Caller): boolean {
  return (
    now.id === before.id &&
    now.workspaceId === before.workspaceId &&
    samePermissions(now.permissions, before.permissions)
  )
}

function isFull(caller: Caller): boolean {
  return (
    caller.kind === 'api-key' ||
    caller.kind === 'client' ||
    (caller.kind === 'account' && caller.level === 'full')
  )
}

/** A full session or a key; what either may do in there is the service's decision, made on the signed identity. */
async function requireFull(
  parts: Pick<ServiceParts, 'record'>,
  caller: Caller,
  exchange: Exchange,
): Promise<void> {
  if (isFull(caller)) return
  if (caller.kind === 'anonymous' || caller.level === 'none')
    throw new Problem('access.unauthenticated', 'This address needs a session or an API key.')
  await parts.record(refusalEvent('access.denied', exchange, caller, { level: caller.level }))
  throw new Problem('access.factor-needed', 'This address needs a session with a second factor.')
}

/** The part of a request that says who sends it, without its body. */
function credentials(incoming: NodeRequest, host: string, path: string): Request {
  const headers = new Headers()
  for (const name of [
    'cookie',
    'authorization',
    'dpop',
    'origin',
    'sec-fetch-site',
    'surety-passive',
    // What opens a stream, and opens it again by itself, is no use of a session. Policy 3.4-a.
    'accept',
    'upgrade',
  ] as const) {
    const value = incoming.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  return new Request(`https://${host}${path}`, { method: incoming.method ?? 'GET', headers })
}

/** A person who opens an address in a browser without a session is led to the sign-in page instead of a refusal. */
function sendToSignIn({ incoming, outgoing, exchange, secure }: Visit, error: unknown): boolean {
  const opened = incoming.method === 'GET' && (incoming.headers.accept ?? '').includes('text/html')
  const mode = incoming.headers['sec-fetch-mode'] ?? 'navigate'
  if (!(error instanceof Problem) || problemStatus(error.code) !== 401) return false
  if (!opened || mode !== 'navigate' || outgoing.headersSent) return false
  exchange.pattern += ' to sign-in'
  secure()
  outgoing.statusCode = 303
  outgoing.setHeader('location', '/console/')
  outgoing.setHeader('cache-control', 'no-store')
  outgoing.end()
  return true
}
