import type { Context, Hono } from 'hono'
import type { Identity, ServiceEvent, Surety } from '#client'
import { Problem } from '../kernel/problem.ts'
import type { z } from '../kernel/schema.ts'
import { readJson } from './body.ts'
import type { AnyApiRoute, ApiRequest } from './route.ts'

const BODY_BYTES_MAX = 65_536

/** Mounts routes: who asks, may they, is the input what was declared, and only then the handler. */
export function mountRoutes(
  app: Hono,
  routes: readonly AnyApiRoute[],
  surety: Pick<Surety, 'verifyIdentity'>,
): void {
  for (const route of routes)
    app.on(route.method, route.path, async (c) => {
      const identity = await surety.verifyIdentity(c.req.header('surety-identity'))
      const workspace = permit(identity, route)
      // The gateway remembers who uses what and takes this away from the answer. Policy 3.2-a.
      c.header('surety-used-permission', route.permission)
      const body = route.method === 'GET' ? {} : await readJson(c, BODY_BYTES_MAX)
      const request: ApiRequest<unknown, unknown, unknown> = {
        params: parsed(route.input.params, c.req.param(), 'path'),
        query: parsed(route.input.query, c.req.query(), 'query'),
        body: parsed(route.input.body, body, 'body'),
        workspace,
        identity,
        actor: { kind: identity.kind, id: identity.id },
        request: requestOf(c, identity.requestId),
        raw: c,
      }
      const reply = await route.handle(request as ApiRequest<never, never, never>)
      if (reply instanceof Response) return reply
      c.header('cache-control', 'no-store')
      return c.json(reply as object)
    })
}

/** Deny by default: full assurance, a workspace, and the route's own permission. Policy 3.2-a. */
function permit(identity: Identity, route: AnyApiRoute): string {
  const sure = identity.level === 'full' || identity.kind === 'api-key'
  if (!sure) throw new Problem('access.unauthenticated', 'A second factor is needed first.')
  if (!identity.permissions.has(route.permission))
    throw new Problem('access.denied', `This needs the permission ${route.permission}.`)
  if (identity.workspace === null) throw new Problem('access.denied', 'Choose a workspace first.')
  return identity.workspace
}

function parsed(schema: z.ZodType, given: unknown, where: string): unknown {
  const read = schema.safeParse(given)
  if (read.success) return read.data
  // Paths and rules only: what was sent is never repeated.
  const wrong = read.error.issues.slice(0, 5).map((issue) => {
    const path = [where, ...issue.path.map(String)].join('.')
    return issue.code === 'unrecognized_keys'
      ? `${path}: has fields that are not known`
      : `${path}: ${issue.message}`
  })
  throw new Problem('request.invalid', wrong.join('; '))
}

/** Where a request came from, as the gateway tells. */
function requestOf(c: Context, id: string): NonNullable<ServiceEvent['request']> {
  return {
    id: id.slice(0, 200),
    ip: (c.req.header('x-forwarded-for') ?? '').slice(0, 64),
    userAgent: (c.req.header('user-agent') ?? '').slice(0, 300),
  }
}
