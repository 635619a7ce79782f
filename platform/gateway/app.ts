import { Hono, type Context } from 'hono'
import { stranger } from '../kernel/caller.ts'
import type { Log } from '../kernel/log.ts'
import { Problem } from '../kernel/problem.ts'
import type { AnyRoute, RouteRequest } from '../kernel/route.ts'
import { problemParts, type Exchange } from './exchange.ts'
import type { RecentChanges } from './recent-changes.ts'
import { routeChecks, type CheckDoor, type Passage } from './route-checks.ts'

/** What comes with a request into the app. */
export interface AppBindings {
  readonly exchange: Exchange
  /** The body as it arrives; that of the request when left out. */
  readonly body?: (() => AsyncIterable<Uint8Array>) | undefined
  /** Sends an answer that is known whole and returns the mark of one that was sent; a `Response` is made when left out. */
  readonly send?: SendWhole | undefined
}

/** Sends status, headers and body at once. */
export type SendWhole = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | null,
) => Response

/** Answers a request of the platform's own paths. */
export type App = (request: Request, bindings: AppBindings) => Promise<Response>

/** What the app works with. */
export interface AppDoor extends CheckDoor {
  readonly log: Log
  /** Where changes are remembered, if anywhere. */
  readonly changes?: Pick<RecentChanges, 'add'>
}

type AppContext = Context<{ Bindings: AppBindings }>

/** Mounts routes: each request meets the checks in order, then the handler; whatever is thrown becomes a problem. */
export function mountRoutes(routes: readonly AnyRoute[], door: AppDoor): App {
  const hono = new Hono<{ Bindings: AppBindings }>()
  for (const route of routes) hono.on(route.method, route.path, (context) => answer(route, context, door))
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map((route) => route.method)
    const allow = [...new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'])].join(
      ', ',
    )
    hono.all(path, (context) => refuseMethod(context, path, allow, door.log))
  }
  hono.notFound((context) => {
    const unknown = new Problem('resource.unknown', 'No page and no part of the API has this address.')
    return problemResponse(context.env, door.log, unknown)
  })
  hono.onError((error, context) => problemResponse(context.env, door.log, error))
  return async (request, bindings) => hono.fetch(request, bindings)
}

function refuseMethod(context: AppContext, path: string, allow: string, log: Log): Response {
  const { exchange } = context.env
  exchange.pattern = path
  if (context.req.method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } })
  const refusal = new Problem('request.method', `This address offers ${allow}.`)
  return problemResponse(context.env, log, refusal, { allow })
}

async function answer(route: AnyRoute, context: AppContext, door: AppDoor): Promise<Response> {
  const { env } = context
  const { exchange } = env
  exchange.pattern = route.path
  const passage: Passage = {
    route,
    request: context.req.raw,
    body: env.body,
    exchange,
    params: context.req.param() as Record<string, string>,
    // The first check replaces it.
    caller: stranger(exchange),
    input: { params: {}, query: {}, body: {} },
  }
  try {
    for (const check of routeChecks) await check.run(passage, door)
    const { caller, input, request } = passage
    const { requestId } = exchange
    const reply = await route.handle({ requestId, caller, ...input, raw: request } as RouteRequest<
      never,
      never,
      never
    >)
    const response = finished(reply, env)
    if (response.ok) rememberChange(route, passage, door)
    return response
  } catch (error) {
    if (route.reads !== 'scim') return problemResponse(env, door.log, error)
    return inScim(problemResponse({ exchange }, door.log, error))
  }
}

/** A refusal as clients of SCIM read it (RFC 7644 §3.12), with the same status and headers. */
async function inScim(refusal: Response): Promise<Response> {
  const { detail } = (await refusal.json()) as { readonly detail: string }
  const status = String(refusal.status)
  const body = JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status, detail })
  const headers = new Headers(refusal.headers)
  headers.set('content-type', 'application/scim+json')
  headers.set('content-length', String(Buffer.byteLength(body)))
  return new Response(body, { status: refusal.status, headers })
}

/** Strangers are left out: what they may call, such as signing out, often finds nothing to change. */
function rememberChange(route: AnyRoute, { caller, exchange }: Passage, door: AppDoor): void {
  if (route.method === 'GET' || typeof route.event !== 'string' || caller.kind === 'anonymous') return
  door.changes?.add({ requestId: exchange.requestId, route: `${route.method} ${route.path}` })
}

/** A `Response` as it is, nothing as 204, anything else as JSON that no cache keeps. */
function finished(reply: unknown, env: AppBindings): Response {
  const headers = env.exchange.replyHeaders
  if (reply instanceof Response) {
    const merged = new Headers(reply.headers)
    for (const [name, value] of Object.entries(headers)) merged.set(name, value)
    return new Response(reply.body, { status: reply.status, headers: merged })
  }
  const fresh = { 'cache-control': 'no-store', ...headers }
  if (reply === undefined || reply === null) return whole(env, 204, fresh, null)
  return whole(env, 200, { 'content-type': 'application/json', ...fresh }, JSON.stringify(reply))
}

function whole(env: AppBindings, ...[status, headers, body]: Parameters<SendWhole>): Response {
  return env.send?.(status, headers, body) ?? new Response(body, { status, headers })
}

function problemResponse(
  env: AppBindings,
  log: Log,
  error: unknown,
  more: Readonly<Record<string, string>> = {},
): Response {
  const { status, headers, body } = problemParts(env.exchange, log, error)
  return whole(env, status, { ...more, ...headers }, body)
}
