import type { Caller } from '../kernel/caller.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import type { AnyRoute } from '../kernel/route.ts'
import type { z } from '../kernel/schema.ts'
import { refuseBlockedCaller, type TurnedAway } from './block-list/turned-away.ts'
import { refuseCrossSite } from './cross-site.ts'
import { recordElevatedUse } from './elevated-use.ts'
import type { AccessDoor, Exchange, RecordEvent } from './exchange.ts'
import { gatewayLimits } from './limits.ts'
import { rateHeaders, type RateLimiter } from './rate-limit.ts'
import { clientOf, wantsOf, type RouteRate } from './rates.ts'
import { readFormBody, readJsonBody, readQuery, readScimBody, readTextBody } from './request-body.ts'

/** What the checks work with. */
export interface CheckDoor {
  readonly access: AccessDoor
  readonly limiter: RateLimiter
  readonly turnedAway: TurnedAway
  readonly policy: PolicyReader
  readonly record: RecordEvent
}

/** A request on its way through the checks; each check adds what it found out. */
export interface Passage {
  readonly route: AnyRoute
  readonly request: Request
  /** The body as it arrives; that of the request when left out. */
  readonly body?: (() => AsyncIterable<Uint8Array>) | undefined
  readonly exchange: Exchange
  readonly params: Readonly<Record<string, string>>
  caller: Caller
  input: { params: unknown; query: unknown; body: unknown }
}

/** One thing that must hold before a handler runs; throws the `Problem` that refuses. */
export interface RouteCheck {
  readonly name: string
  run(passage: Passage, door: CheckDoor): Promise<void>
}

/** What a request is counted by: the route's budget, its pattern, and a limit of its own if it has one. */
export interface RatedWay {
  readonly rate: RouteRate
  readonly pattern: string
  readonly perMinute?: number | null
}

/** Takes one request from every budget of its caller. Policy 4.1-d, 4.3-a.1. */
export async function takeRate(
  door: Pick<CheckDoor, 'limiter' | 'policy' | 'record'>,
  way: RatedWay,
  caller: Caller,
  exchange: Exchange,
): Promise<void> {
  const { refusedBy, each } = await door.limiter.takeEach(wantsOf(door.policy, caller, exchange.ip, way))
  const [own] = each
  const refused = each.find(({ allowed }) => !allowed)
  const told = refused ?? own
  if (told !== undefined)
    Object.assign(exchange.replyHeaders, rateHeaders(refusedBy?.budget ?? way.rate, told))
  if (refusedBy === null || refused === undefined) return
  const client = clientOf(caller, exchange.ip)
  const reported = await door.limiter.take('network', `reported ${client}`, 1)
  const { budget } = refusedBy
  if (reported.allowed) await door.record(refusalEvent('request.rate-limited', exchange, caller, { budget }))
  throw new Problem('request.too-many', `At most ${refused.limit} requests a minute are served here.`, {
    retryAfterSeconds: refused.resetSeconds,
  })
}

/** The audit event of a refusal. */
export function refusalEvent(
  type: 'access.denied' | 'request.cross-site' | 'request.rate-limited',
  exchange: Exchange,
  caller: Caller,
  details: Readonly<Record<string, string>>,
): Parameters<RecordEvent>[0] {
  return {
    type,
    tenant: caller.workspaceId,
    actor: { kind: caller.kind, id: caller.id },
    target: { kind: 'route', id: exchange.pattern },
    outcome: 'refused',
    details,
    request: { id: exchange.requestId, ip: exchange.ip, userAgent: exchange.userAgent },
  }
}

/** Asks the one decision function; a refused caller that is known leaves an event, an unknown one a line in the log. */
export async function requireAllowed(
  door: Pick<CheckDoor, 'access' | 'record' | 'limiter'>,
  caller: Caller,
  wanted: Pick<AnyRoute, 'permission' | 'level' | 'method'>,
  exchange: Exchange,
): Promise<void> {
  const decision = door.access.decide(caller, wanted.permission, wanted.level)
  if (decision.allow) return recordElevatedUse(door, caller, exchange, wanted)
  if (caller.kind !== 'anonymous')
    await door.record(refusalEvent('access.denied', exchange, caller, { permission: wanted.permission }))
  throw new Problem(decision.code, decision.why)
}

/** Refuses a request of another site and records it. */
export async function requireSameSite(
  door: Pick<CheckDoor, 'record'>,
  caller: Caller,
  request: Request,
  exchange: Exchange,
  upgrade = false,
): Promise<void> {
  const { headers, method } = request
  // The address of a request is a serialized URL: between the second and the third slash stands its host.
  const facts = { method, host: request.url.split('/', 3)[2] ?? '', upgrade }
  const said = { origin: headers.get('origin'), fetchSite: headers.get('sec-fetch-site') }
  try {
    refuseCrossSite(caller, { ...facts, ...said })
  } catch (error) {
    if (caller.kind !== 'anonymous')
      await door.record(refusalEvent('request.cross-site', exchange, caller, { method }))
    throw error
  }
}

/**
 * Whether the request must show that a page of the session made it, beside `Origin` and `SameSite=Strict`. Programs with
 * keys have no cookie that a browser could add; forms of pages without scripts name the one visit that their cookie does.
 * Policy 5.3-b.
 */
export function needsFormProof(
  route: Pick<AnyRoute, 'method' | 'reads' | 'fromOtherSites'>,
  caller: Caller,
): boolean {
  const changes = route.method !== 'GET' && route.reads !== 'form' && route.fromOtherSites === null
  return changes && caller.kind === 'account' && caller.sessionId !== null
}

/** Reads one part of the input; names what does not fit without repeating any value. Policy 4.3-a.3. */
function fit(schema: z.ZodType, value: unknown, part: string): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const reasons = parsed.error.issues.slice(0, 5).map((issue) => {
    const place = issue.path.map(String).join('.').slice(0, 100)
    return `${part}${place === '' ? '' : `.${place}`}: ${issue.code.replaceAll('_', ' ')}`
  })
  throw new Problem('request.invalid', `${reasons.join('; ')}.`)
}

function readBody({ route: { reads }, request, body }: Passage): Promise<unknown> {
  const { apiBodyBytesMax, formBodyBytesMax } = gatewayLimits
  const { headers } = request
  const arriving = { headers, body: body ?? (() => request.body) }
  if (reads === 'form') return readFormBody(arriving, formBodyBytesMax)
  if (reads === 'scim') return readScimBody(arriving, apiBodyBytesMax)
  return reads === 'text' ? readTextBody(arriving, apiBodyBytesMax) : readJsonBody(arriving, apiBodyBytesMax)
}

/** The checks in the order in which a request meets them. */
export const routeChecks: readonly RouteCheck[] = [
  {
    name: 'identify the caller',
    run: async (passage, door) => {
      passage.caller = await door.access.identify(passage.request, passage.exchange)
      passage.exchange.client = passage.caller.id
      refuseBlockedCaller(door.turnedAway, passage.caller)
    },
  },
  {
    name: 'rate of requests',
    run: ({ route, caller, exchange }, door) =>
      takeRate(door, { ...route, pattern: route.path }, caller, exchange),
  },
  {
    name: 'assurance and permission',
    run: (passage, door) => requireAllowed(door, passage.caller, passage.route, passage.exchange),
  },
  {
    name: 'fresh factor',
    run: async ({ route, caller }, door) => {
      // Policy 3.1-0. A person is asked for the factor and comes back, so that nothing is recorded yet.
      if (!route.fresh || door.access.fresh(caller)) return
      throw new Problem('access.step-up-needed', 'Prove your second factor again, then repeat this.')
    },
  },
  {
    name: 'same site',
    run: async ({ route, caller, request, exchange }, door) => {
      if (route.fromOtherSites === null) await requireSameSite(door, caller, request, exchange)
    },
  },
  {
    name: 'page of the session',
    run: async ({ route, caller, request, exchange }, door) => {
      if (!needsFormProof(route, caller) || door.access.provesForm(request)) return
      await door.record(refusalEvent('request.cross-site', exchange, caller, { method: route.method }))
      throw new Problem('request.cross-site', 'Load the page again and repeat the action there.')
    },
  },
  {
    name: 'schema',
    run: async (passage) => {
      const { route, request, params, input } = passage
      const body = route.method === 'GET' ? {} : await readBody(passage)
      input.params = fit(route.input.params, params, 'path')
      input.query = fit(route.input.query, readQuery(request.url), 'query')
      input.body = fit(route.input.body, body, 'body')
    },
  },
]
