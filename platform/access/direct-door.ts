import { newId } from '../kernel/id.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem, problemReply } from '../kernel/problem.ts'
import type { AnyRoute } from '../kernel/route.ts'
import type { Access } from './access.ts'
import { stepUpNeeded } from './factors/freshness.ts'
import { requireAllowed } from './roles/roles.ts'
import { accessRoutes } from './routes.ts'

/** A door that requests go through: the gateway itself, or the one below. */
export interface Door {
  request(path: string, init?: RequestInit): Promise<Response>
}

const ORIGIN = 'https://localhost'

/**
 * The routes of this module without a network: for known-bad runs, which send the very requests of a check to a twin
 * that is broken on purpose, and for tests. It identifies, decides and parses as the gateway does.
 */
export function directDoor(access: Access, clock: Clock): Door {
  const routes: readonly AnyRoute[] = accessRoutes(access)
  return {
    request: async (path, init) => {
      const request = new Request(new URL(path, ORIGIN), init)
      const requestId = newId(clock)
      try {
        return await serve(access, routes, request, requestId)
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        const reply = problemReply(error, requestId)
        return Response.json(reply, { status: reply.status })
      }
    },
  }
}

async function serve(
  access: Access,
  routes: readonly AnyRoute[],
  request: Request,
  requestId: string,
): Promise<Response> {
  const url = new URL(request.url)
  const found = routes
    .filter((one) => one.surface === 'gateway' && one.method === request.method)
    .map((one) => ({ one, params: matchPath(one.path, url.pathname) }))
    // A path without parameters is the better match.
    .sort((a, b) => Object.keys(a.params ?? {}).length - Object.keys(b.params ?? {}).length)
    .find(({ params }) => params !== null)
  if (found === undefined) throw new Problem('resource.unknown', 'No such route.')
  const userAgent = request.headers.get('user-agent') ?? ''
  const caller = await access.identify(request, { ip: '127.0.0.1', userAgent, requestId })
  requireAllowed(access.decide(caller, found.one.permission, found.one.level))
  if (found.one.fresh && !access.isFresh(caller)) throw stepUpNeeded()
  const input = {
    params: parse(found.one.input.params, found.params),
    query: parse(found.one.input.query, Object.fromEntries(url.searchParams)),
    body: parse(found.one.input.body, request.method === 'GET' ? {} : await bodyOf(request, found.one.reads)),
  }
  const handle = found.one.handle as (request: unknown) => Promise<unknown>
  const reply = await handle({ requestId, caller, raw: request, ...input })
  return reply instanceof Response ? reply : Response.json(reply)
}

function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.split('/')
  const open = wanted.at(-1) === '*'
  if (open ? given.length < wanted.length : wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [at, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = given[at] ?? ''
    else if (part !== given[at] && part !== '*') return null
  }
  return params
}

async function bodyOf(request: Request, reads: AnyRoute['reads']): Promise<unknown> {
  const text = await request.text()
  if (reads === 'text') return text
  if (reads === 'form') return Object.fromEntries(new URLSearchParams(text))
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Problem('request.malformed', 'The body is no JSON.', { cause: error })
  }
}

function parse(schema: AnyRoute['input']['body'], value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new Problem('request.invalid', parsed.error.issues[0]?.message ?? 'not usable')
  return parsed.data
}
