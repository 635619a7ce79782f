import { z } from './schema.ts'
import { expectShape, type ServiceSocket } from './service-socket.ts'

/** A workspace that Surety knows; a removed one's data must be dropped. */
export interface Tenant {
  readonly id: string
  readonly sample: boolean
  readonly state: 'active' | 'removed'
}

const tenantsShape = z.object({
  tenants: z.array(z.object({ id: z.uuid(), sample: z.boolean(), state: z.enum(['active', 'removed']) })),
})

/** Asks for every workspace. */
export async function readTenants(socket: ServiceSocket): Promise<readonly Tenant[]> {
  return expectShape(tenantsShape, await socket.call({ method: 'GET', path: '/v1/tenants' })).tenants
}
