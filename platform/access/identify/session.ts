import type { Caller } from '../../kernel/caller.ts'
import { heldBy, liveAt } from '../elevation/live.ts'
import type { AccessParts } from '../parts.ts'
import { permissionsBelowFull, rightsOf } from '../roles/rights.ts'
import type { SessionToken, Sessions } from '../sessions/sessions.ts'
import { levelNow } from '../sign-in/standing.ts'
import { anonymous, arriving, type Origin } from './origin.ts'

/** A request marked with this header and `1`, such as a background poll, does not count as use of a session. */
const PASSIVE_HEADER = 'surety-passive'

/** Whether a request is no use of a session: one that says so, or one that opens a stream, which comes back by itself. */
export function isPassive({ headers }: Request): boolean {
  return (
    headers.get(PASSIVE_HEADER) === '1' ||
    headers.has('upgrade') ||
    (headers.get('accept') ?? '').includes('text/event-stream')
  )
}

/** The person whose session this is, with the rights of this moment; nobody when it has ended. Policy 3.1-0, 3.4-a. */
export async function identifySession(
  { clock, policy, sessions }: Pick<AccessParts, 'clock' | 'policy'> & { readonly sessions: Sessions },
  token: SessionToken,
  origin: Origin,
  passive: boolean,
): Promise<Caller> {
  const nobody = anonymous(origin)
  const row = await sessions.find(() => arriving(origin, clock), token, passive)
  if (row === null) return nobody
  const standing = { staff: row.staff_role !== null, administers: row.administers }
  // Policy 3.1-c: what was proved is compared with the role and the policy of this moment.
  const level = levelNow(policy, row, standing)
  const full = level === 'full'
  // Policy 3.2-d: their ends are compared with the clock here and again at every decision.
  const elevations = full ? heldBy(row.elevations, policy, row.staff_role) : []
  const live = elevations.length === 0 ? elevations : liveAt(elevations, clock.now())
  const entered = live.find((one) => one.entered !== null)?.entered ?? null
  const held = {
    workspaceRole: row.workspace_role,
    rolePermissions: row.role_permissions,
    roleUntil: row.role_until,
    staffRole: row.staff_role,
    elevations,
  }
  return {
    ...nobody,
    kind: 'account',
    id: row.account_id,
    level,
    factors: row.factors,
    provedAt: row.proved_at,
    sessionId: row.id,
    workspaceId: row.workspace_id ?? entered,
    workspaceRole: full ? row.workspace_role : null,
    staffRole: full ? row.staff_role : null,
    permissions: full ? rightsOf(held, clock) : permissionsBelowFull(),
    ...(live.length === 0 ? {} : { elevations: live.map(({ id }) => id) }),
  }
}
