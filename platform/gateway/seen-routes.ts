import type { PolicyReader } from '../kernel/parameter.ts'
import { route } from '../kernel/route.ts'
import type { GatewayLimits } from './limits.ts'
import { accountRate, apiRate, networkRate, signInRate, workspaceRate } from './parameters.ts'
import type { RequestHistory } from './request-history.ts'

/** What these routes show. */
export interface SeenParts {
  readonly policy: PolicyReader
  readonly history: Pick<RequestHistory, 'seen'>
  readonly limits: GatewayLimits
  /** Whether several gateways count together. */
  readonly sharedRates: boolean
}

const RATES = [networkRate, accountRate, workspaceRate, apiRate, signInRate] as const

/** The requests of the last hour, without anything that says who sent them, and every limit in force. Policy 4.1-d, 4.3-a.1. */
export function seenRoutes({ policy, history, limits, sharedRates }: SeenParts) {
  return [
    route({
      method: 'GET',
      path: '/api/gateway/requests',
      permission: 'gateway.read',
      event: { none: 'shows counts and lines of the request log' },
      handle: async () => history.seen(),
    }),
    route({
      method: 'GET',
      path: '/api/gateway/limits',
      permission: 'gateway.read',
      event: { none: 'shows values in force' },
      handle: async () => ({
        rates: RATES.map((rate) => ({
          name: rate.name,
          clause: rate.clause,
          obeys: rate.obeys,
          perMinute: policy.read(rate),
        })),
        sharedRates,
        limits,
      }),
    }),
  ] as const
}
