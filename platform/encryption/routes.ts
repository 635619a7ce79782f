import { Problem } from '../kernel/problem.ts'
import { route } from '../kernel/route.ts'
import { uuid, z } from '../kernel/schema.ts'
import { erasureRoutes } from './erasure-routes.ts'
import { sealsUntil } from './key-age.ts'
import { base64, personRoutes, type PersonRouteDeps } from './person-routes.ts'
import type { TenantKeys } from './tenant-keys.ts'

/** The routes at the service socket through which the protected service gets keys of a tenant and of its persons, and those that erase a person. Policy 2.3-b. */
export function encryptionRoutes(deps: PersonRouteDeps & { readonly keys: Pick<TenantKeys, 'release'> }) {
  return [
    route({
      surface: 'service',
      method: 'POST',
      path: '/v1/tenants/:tenant/keys',
      permission: 'service.protected',
      event: 'key.released',
      params: z.strictObject({ tenant: uuid }),
      handle: async ({ params: { tenant }, caller, requestId }) => {
        if (!(await deps.tenantIsActive(tenant)))
          throw new Problem('resource.unknown', 'There is no such workspace, or it was removed.')
        const request = { id: requestId, ip: caller.ip, userAgent: caller.userAgent }
        const actor = { kind: caller.kind, id: caller.id }
        const { current, currentSince, data, indexes } = await deps.keys.release(tenant, { actor, request })
        const versions = [...data].map(([version, key]) => [String(version), base64(key)] as const)
        const until = sealsUntil(deps.policy, currentSince).toISOString()
        const lookUp = indexes.map(({ version, key, writesFrom }) => ({
          version,
          key: base64(key),
          writesFrom: writesFrom.toISOString(),
        }))
        return { current, sealsUntil: until, data: Object.fromEntries(versions), indexes: lookUp }
      },
    }),
    ...personRoutes(deps),
    ...erasureRoutes(deps),
  ] as const
}
