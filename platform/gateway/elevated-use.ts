import type { Caller } from '../kernel/caller.ts'
import { SENSITIVE, type Permission } from '../kernel/permission.ts'
import type { Exchange, RecordEvent } from './exchange.ts'
import type { RateLimiter } from './rate-limit.ts'

/**
 * Records what somebody does by an elevation: with a sensitive permission, or inside a customer's workspace for
 * support, where its owners read it. Reading is recorded once a minute for each place. Policy 3.2-d.
 */
export async function recordElevatedUse(
  door: { readonly limiter: Pick<RateLimiter, 'take'>; readonly record: RecordEvent },
  caller: Caller,
  exchange: Exchange,
  request: { readonly method: string; readonly permission: Permission | null },
): Promise<void> {
  const { elevations = [], workspaceId, workspaceRole } = caller
  if (elevations.length === 0) return
  const { method, permission } = request
  const sensitive = SENSITIVE.some((one) => one === permission)
  const support = workspaceId !== null && workspaceRole === null && !permission?.startsWith('self.')
  if (!sensitive && !support) return
  const tenant = support ? workspaceId : null
  if (method === 'GET') {
    const once = `used ${elevations.join(' ')} ${tenant} ${exchange.pattern}`
    if (!(await door.limiter.take('network', once, 1)).allowed) return
  }
  await door.record({
    type: 'elevation.used',
    tenant,
    actor: { kind: caller.kind, id: caller.id },
    target: { kind: 'route', id: exchange.pattern },
    outcome: 'success',
    details: { elevations: [...elevations], method, ...(permission === null ? {} : { permission }) },
    request: { id: exchange.requestId, ip: exchange.ip, userAgent: exchange.userAgent },
  })
}
