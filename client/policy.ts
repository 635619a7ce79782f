import { z } from './schema.ts'
import { expectShape, type ServiceSocket } from './service-socket.ts'

/** The published policy's values as they apply now. */
export interface PolicyInForce {
  readonly version: number
  /** By parameter name: the value inside the system, the words in the text, and the unit of the value. */
  readonly values: Readonly<
    Record<string, { readonly value: unknown; readonly text: string; readonly unit: string }>
  >
}

const policyShape = z.object({
  version: z.int().min(0),
  values: z.record(z.string(), z.object({ value: z.json(), text: z.string(), unit: z.string() })),
})

/** Asks for the policy in force. */
export async function readPolicy(socket: ServiceSocket): Promise<PolicyInForce> {
  return expectShape(policyShape, await socket.call({ method: 'GET', path: '/v1/policy' }))
}
