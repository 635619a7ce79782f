import type { Caller } from '../kernel/caller.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { clientNetwork, clientSite } from './client-network.ts'
import { accountRate, apiRate, networkRate, signInRate, workspaceRate } from './parameters.ts'
import type { RateWant } from './rate-limit.ts'

/** The budgets that a route may declare. */
export type RouteRate = 'page' | 'api' | 'sign-in'

/** Who a caller is counted as: a session or key by itself, everybody else by network. */
export function clientOf(caller: Caller, ip: string): string {
  if (caller.sessionId !== null) return `session ${caller.sessionId}`
  if (caller.kind === 'anonymous') return `network ${clientNetwork(ip)}`
  return `${caller.kind} ${caller.id}`
}

/** Requests in a minute that a budget holds. Policy 4.1-d, 4.3-a.1. */
export function budgetOf(budget: RouteRate, policy: PolicyReader): number {
  const rate = policy.read(apiRate)
  return budget === 'sign-in' ? Math.min(policy.read(signInRate), rate) : rate
}

/** What a request is taken from, besides its network's budget: the narrowest first. Policy 4.1-d, 4.3-a.1. */
export function wantsOf(
  policy: PolicyReader,
  caller: Caller,
  ip: string,
  route: { readonly rate: RouteRate; readonly pattern: string; readonly perMinute?: number | null },
): readonly RateWant[] {
  const client = clientOf(caller, ip)
  const limit = budgetOf(route.rate, policy)
  const wants: RateWant[] = [{ budget: route.rate, client, limit }]
  // A route that costs more than others may be used less often, never more often.
  if (typeof route.perMinute === 'number')
    wants.unshift({
      budget: 'route',
      client: `${route.pattern} ${client}`,
      limit: Math.min(route.perMinute, limit),
    })
  const account = caller.kind === 'account' ? caller.id : caller.onBehalfOf
  if (account !== null) wants.push({ budget: 'account', client: account, limit: policy.read(accountRate) })
  if (caller.workspaceId !== null)
    wants.push({ budget: 'workspace', client: caller.workspaceId, limit: policy.read(workspaceRate) })
  return wants
}

/** Networks' worth of requests that a whole site of IPv6 may send. */
const NETWORKS_PER_SITE = 4

/** What every request takes before anybody asks who sends it; changing networks inside of a site frees nothing. Policy 4.1-d. */
export function networkWants(policy: PolicyReader, ip: string): readonly RateWant[] {
  const limit = policy.read(networkRate)
  const [network, site] = [clientNetwork(ip), clientSite(ip)]
  const own: RateWant = { budget: 'network', client: network, limit }
  return site === network
    ? [own]
    : [own, { budget: 'network', client: site, limit: limit * NETWORKS_PER_SITE }]
}
