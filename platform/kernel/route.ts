import type { RequestContext, AssuranceLevel } from './caller.ts'
import type { Permission } from './permission.ts'
import { z } from './schema.ts'

/** Which door a route stands at: the public gateway, the protected service's socket or the operator's socket. */
export type Surface = 'gateway' | 'service' | 'operator'

/** What a handler gets: parsed input, who asks, and the raw request for the few that need it. */
export interface RouteRequest<Params, Query, Body> extends RequestContext {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly raw: Request
}

/** A declared route: without a permission and an event it does not compile. */
export interface Route<
  Method extends string,
  Path extends string,
  Body,
  Reply,
  Params = unknown,
  Query = unknown,
> {
  readonly surface: Surface
  readonly method: Method
  /** Hono path, e.g. `/api/access/sessions/:id`. */
  readonly path: Path
  readonly permission: Permission
  /** The least assurance the caller needs; `full` unless the route is part of signing in. */
  readonly level: AssuranceLevel
  /** Whether the caller must have proved a second factor lately; keys and programs never reach such a route. */
  readonly fresh: boolean
  /** The event the handler records, or why it records none (a read says what it reads). */
  readonly event: string | { readonly none: string }
  /**
   * Why a browser may be sent here by another site although it changes something; null: it may not. Such a route asks
   * whoever comes before it does anything in their name.
   */
  readonly fromOtherSites: string | null
  /**
   * What bodies are written in: JSON, a form as browsers and OAuth 2.0 clients send it, SCIM (RFC 7644), whose refusals
   * have a shape of their own, or text that the handler needs as it came, such as a signed message.
   */
  readonly reads: 'json' | 'form' | 'scim' | 'text'
  /** Which budget the request draws on. */
  readonly rate: 'page' | 'api' | 'sign-in'
  /** Requests that one client may make here in any minute, for a route that costs more than others; null: the budget's. */
  readonly perMinute: number | null
  readonly input: {
    readonly params: z.ZodType<Params>
    readonly query: z.ZodType<Query>
    readonly body: z.ZodType<Body>
  }
  /** A plain object becomes JSON; a `Response` is passed on as it is. */
  handle(request: RouteRequest<Params, Query, Body>): Promise<Reply | Response>
}

/** A route seen without its types, for lists of them. */
export type AnyRoute = Omit<Route<string, string, unknown, unknown>, 'handle'> & {
  handle(request: RouteRequest<never, never, never>): Promise<unknown>
}

/** No input at all: anything sent is refused. */
const nothing = z.strictObject({})

/** Declares a route; surface, level, rate and input have the strict defaults `gateway`, `full`, `api` and nothing; no fresh factor is asked for. */
export function route<
  const Method extends 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  const Path extends string,
  Reply,
  Params = Record<string, never>,
  Query = Record<string, never>,
  Body = Record<string, never>,
>(declared: {
  readonly surface?: Surface
  readonly method: Method
  readonly path: Path
  readonly permission: Permission
  readonly level?: AssuranceLevel
  readonly fresh?: true
  readonly fromOtherSites?: string
  readonly reads?: 'form' | 'scim' | 'text'
  readonly event: string | { readonly none: string }
  readonly rate?: 'page' | 'api' | 'sign-in'
  readonly perMinute?: number
  readonly params?: z.ZodType<Params>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  readonly handle: (request: RouteRequest<Params, Query, Body>) => Promise<Reply | Response>
}): Route<Method, Path, Body, Exclude<Reply, Response>, Params, Query> {
  const { params, query, body, handle, ...rest } = declared
  return {
    surface: 'gateway',
    level: 'full',
    fresh: false,
    fromOtherSites: null,
    reads: 'json',
    rate: 'api',
    perMinute: null,
    ...rest,
    input: {
      params: params ?? (nothing as unknown as z.ZodType<Params>),
      query: query ?? (nothing as unknown as z.ZodType<Query>),
      body: body ?? (nothing as unknown as z.ZodType<Body>),
    },
    handle: (request) => handle(request) as Promise<Exclude<Reply, Response> | Response>,
  }
}

/** The path of a route with each `:name`, and each `:name{…}` with a rule of its own, replaced by what `fill` says; a last `*` is `rest`. */
export function filledPath(path: string, fill: (name: string) => string): string {
  return path
    .replaceAll(/:(\w+)(?:\{(?:[^{}]|\{[^{}]*\})*\})?/g, (_, name: string) => fill(name))
    .replace(/\*$/, () => fill('rest'))
}

/** The typed contract of a list of routes: `'POST /api/x'` to what is sent and what comes back; the console imports it. */
export type Contract<Routes extends readonly unknown[]> = {
  [
    One in Routes[number] as One extends Route<
      infer Method,
      infer Path,
      infer _B,
      infer _R,
      infer _P,
      infer _Q
    >
      ? `${Method} ${Path}`
      : never
  ]: One extends Route<string, string, infer Body, infer Reply, infer Params, infer Query>
    ? { readonly params: Params; readonly query: Query; readonly body: Body; readonly reply: Reply }
    : never
}
