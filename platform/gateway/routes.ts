import { route } from '../kernel/route.ts'
import { healthRoutes, type ReadinessProbe } from './health.ts'
import type { KeySet } from './identity-token.ts'
import { consoleRoutes, type StaticFiles } from './static-files.ts'

/** The gateway's own routes: health, the console's files and the keys that open identity tokens. */
export function gatewayRoutes(deps: {
  readonly readiness: readonly ReadinessProbe[]
  readonly consoleFiles: () => StaticFiles
  readonly identityKeys: () => KeySet
}) {
  const event = { none: 'publishes public keys' }
  return [
    ...healthRoutes(deps.readiness),
    ...consoleRoutes(deps.consoleFiles),
    route({
      method: 'GET',
      path: '/.well-known/jwks.json',
      permission: 'public',
      level: 'none',
      event,
      handle: async () => deps.identityKeys(),
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
