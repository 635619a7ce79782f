import type { Context } from 'hono'
import type { Identity, ServiceEvent } from '#client'
import type { InboxEventName } from '../audit/events.ts'
import { z } from '../kernel/schema.ts'

/** The permissions of the platform that this service asks for. */
export type InboxPermission =
  | 'conversation.read'
  | 'conversation.reply'
  | 'rule.read'
  | 'rule.edit'
  | 'channel.read'
  | 'channel.edit'

/** What a handler gets: parsed input, and who asks. The workspace comes from the identity alone, never from input. */
export interface ApiRequest<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly workspace: string
  readonly identity: Identity
  /** The caller as the audit log names them. */
  readonly actor: ServiceEvent['actor']
  /** Where the request came from, as the audit log keeps it. */
  readonly request: NonNullable<ServiceEvent['request']>
  readonly raw: Context
}

/** A declared route of the API: without a permission and an event it does not compile. */
export interface ApiRoute<
  Method extends string,
  Path extends string,
  Body,
  Reply,
  Params = unknown,
  Query = unknown,
> {
  readonly method: Method
  /** Hono path below `/inbox`. */
  readonly path: Path
  readonly permission: InboxPermission
  /** The event that the handler records, or why it records none. */
  readonly event: InboxEventName | { readonly none: string }
  readonly input: {
    readonly params: z.ZodType<Params>
    readonly query: z.ZodType<Query>
    readonly body: z.ZodType<Body>
  }
  /** A plain object becomes JSON; a `Response` is passed on as it is. */
  handle(request: ApiRequest<Params, Query, Body>): Promise<Reply | Response>
}

/** A route seen without its types, for lists of them. */
export type AnyApiRoute = Omit<ApiRoute<string, string, unknown, unknown>, 'handle'> & {
  handle(request: ApiRequest<never, never, never>): Promise<unknown>
}

const nothing = z.strictObject({})

/** Declares a route; input that is not declared is refused. */
export function apiRoute<
  const Method extends 'GET' | 'POST' | 'PUT' | 'DELETE',
  const Path extends `/inbox/${string}`,
  Reply,
  Params = Record<string, never>,
  Query = Record<string, never>,
  Body = Record<string, never>,
>(declared: {
  readonly method: Method
  readonly path: Path
  readonly permission: InboxPermission
  readonly event: InboxEventName | { readonly none: string }
  readonly params?: z.ZodType<Params>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  readonly handle: (request: ApiRequest<Params, Query, Body>) => Promise<Reply | Response>
}): ApiRoute<Method, Path, Body, Exclude<Reply, Response>, Params, Query> {
  const { params, query, body, handle, ...rest } = declared
  return {
    ...rest,
    input: {
      params: params ?? (nothing as unknown as z.ZodType<Params>),
      query: query ?? (nothing as unknown as z.ZodType<Query>),
      body: body ?? (nothing as unknown as z.ZodType<Body>),
    },
    handle: (request) => handle(request) as Promise<Exclude<Reply, Response> | Response>,
  }
}

/** The typed contract of a list of routes: `'POST /inbox/x'` to what is sent and what comes back. */
export type ApiContract<Routes extends readonly unknown[]> = {
  [
    One in Routes[number] as One extends ApiRoute<
      infer Method,
      infer Path,
      infer _B,
      infer _R,
      infer _P,
      infer _Q
    >
      ? `${Method} ${Path}`
      : never
  ]: One extends ApiRoute<string, string, infer Body, infer Reply, infer Params, infer Query>
    ? { readonly params: Params; readonly query: Query; readonly body: Body; readonly reply: Reply }
    : never
}
