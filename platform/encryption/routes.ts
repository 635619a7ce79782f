import type { KeyObject } from 'node:crypto'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { route } from '../kernel/route.ts'
import { uuid, z } from '../kernel/schema.ts'
import { sealsUntil } from './key-age.ts'
import type { TenantKeys } from './tenant-keys.ts'

/** The route at the service socket through which the protected service gets the keys of a tenant. Policy 2.3-b. */
export function encryptionRoutes(deps: {
  readonly keys: Pick<TenantKeys, 'release'>
  readonly policy: PolicyReader
  /** Whether this is a workspace that was not removed. */
  readonly tenantIsActive: (id: string) => Promise<boolean>
}) {
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
        const { current, currentSince, data, index } = await deps.keys.release(tenant, { actor, request })
        const versions = [...data].map(([version, key]) => [String(version), base64(key)] as const)
        const until = sealsUntil(deps.policy, currentSince).toISOString()
        return { current, sealsUntil: until, data: Object.fromEntries(versions), index: base64(index) }
      },
    }),
  ] as const
}

/** The only place where key bytes become text: the answer over the private socket. */
function base64(key: KeyObject): string {
  return key.export().toString('base64')
}
