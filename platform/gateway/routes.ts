import { Problem } from '../kernel/problem.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import type { Completeness } from './completeness.ts'
import { healthRoutes, type ReadinessProbe } from './health.ts'
import type { KeySet } from './identity-token.ts'
import { openApiRoutes } from './openapi/routes.ts'
import { consoleRoutes, type StaticFiles } from './static-files.ts'

/** Where the local authority's list of certificates that it took back is found. */
export const REVOCATIONS_PATH = '/.well-known/authority.crl'

/** The gateway's own routes: health, the console's files, the keys that open identity tokens, and what the local authority took back. */
export function gatewayRoutes(deps: {
  readonly readiness: readonly ReadinessProbe[]
  readonly consoleFiles: () => StaticFiles
  readonly identityKeys: () => KeySet
  /** DER; null without a local authority. */
  readonly revocations: () => Buffer | null
  /** Every mounted route. */
  readonly routes: () => readonly AnyRoute[]
  readonly completeness: () => Promise<Completeness>
}) {
  const event = { none: 'publishes public keys' }
  return [
    ...healthRoutes(deps.readiness),
    ...consoleRoutes(deps.consoleFiles),
    ...openApiRoutes(deps.routes),
    completenessRoute(deps.completeness),
    route({
      method: 'GET',
      path: '/.well-known/jwks.json',
      permission: 'public',
      level: 'none',
      event,
      handle: async () => deps.identityKeys(),
    }),
    route({
      method: 'GET',
      path: REVOCATIONS_PATH,
      permission: 'public',
      level: 'none',
      rate: 'page',
      event: { none: 'publishes a list that everybody may read' },
      handle: async () => {
        const list = deps.revocations()
        if (list === null) throw new Problem('resource.unknown', 'There is no local authority here.')
        const headers = { 'content-type': 'application/pkix-crl', 'cache-control': 'public, max-age=86400' }
        return new Response(new Uint8Array(list), { headers })
      },
    }),
    route({
      surface: 'service',
      method: 'GET',
      path: '/v1/jwks',
      permission: 'service.protected',
      event,
      handle: async () => deps.identityKeys(),
    }),
  ] as const
}

function completenessRoute(completeness: () => Promise<Completeness>) {
  return route({
    method: 'GET',
    path: '/api/gateway/completeness',
    permission: 'gateway.read',
    event: { none: 'counts requests, lines and events, and names nobody' },
    handle: completeness,
  })
}
