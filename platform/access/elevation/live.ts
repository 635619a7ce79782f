import type { Caller } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import type { Permission, SensitivePermission, StaffRole } from '../../kernel/permission.ts'
import { elevationLimit } from '../parameters.ts'
import type { AccessParts } from '../parts.ts'
import { isEligible, SUPPORT_PERMISSIONS } from './eligible.ts'
import { elevationsOfSession } from './queries.ts'

/** Longest break-glass elevation, in seconds; the limit of the policy counts as well. */
export const BREAK_GLASS_SECONDS = 900

/** An elevation that was given and not ended, as the session it belongs to finds it. */
export interface ElevationRow {
  readonly id: string
  readonly kind: 'approved' | 'break-glass'
  readonly account: string
  readonly session: string
  /** The customer's workspace that support may enter; null for the provider's own work. */
  readonly workspace: string | null
  /** Whether the session stands in that workspace now. */
  readonly entered: boolean
  readonly permissions: readonly SensitivePermission[]
  readonly grantedAt: Date
  readonly expiresAt: Date
}

/**
 * When an elevation is over: as it was given, or earlier when the policy in force now allows less. Policy 3.2-d.
 */
export function elevationEnd(
  row: Pick<ElevationRow, 'kind' | 'grantedAt' | 'expiresAt'>,
  policy: Pick<PolicyReader, 'read'>,
): Date {
  const limit = policy.read(elevationLimit)
  const seconds = row.kind === 'break-glass' ? Math.min(limit, BREAK_GLASS_SECONDS) : limit
  const latest = secondsAfter(row.grantedAt, seconds)
  return latest < row.expiresAt ? latest : row.expiresAt
}

/** What a session holds by elevations, in the shape that rights are put together from. */
export interface HeldByElevation {
  readonly id: string
  readonly permissions: readonly Permission[]
  readonly expires_at: Date
  /** The workspace that the session stands in by it, if any. */
  readonly entered: string | null
}

/**
 * What elevations give somebody with this staff role: each counts before `expires_at` alone, as the role allows, and
 * what support may see counts only inside the workspace it was given for. Policy 3.2-d.
 */
export function heldBy(
  rows: readonly ElevationRow[],
  policy: Pick<PolicyReader, 'read'>,
  staffRole: StaffRole | null,
): HeldByElevation[] {
  return rows
    .filter((row) => isEligible(staffRole, row.permissions))
    .map((row) => {
      const entered = row.entered && row.permissions.includes('platform.support') ? row.workspace : null
      const inside: readonly Permission[] = entered === null ? [] : SUPPORT_PERMISSIONS
      return {
        id: row.id,
        permissions: [...row.permissions, ...inside],
        expires_at: elevationEnd(row, policy),
        entered,
      }
    })
}

/** Whether an elevation that counts now lets the caller's session into this customer's workspace. Policy 3.2-d. */
export async function mayEnterForSupport(
  { db, clock, policy }: Pick<AccessParts, 'db' | 'clock' | 'policy'>,
  { sessionId, staffRole }: Pick<Caller, 'sessionId' | 'staffRole'>,
  workspace: string,
): Promise<boolean> {
  if (sessionId === null || staffRole === null) return false
  const rows = (await elevationsOfSession(db, sessionId)).filter((row) => row.workspace === workspace)
  const held = liveAt(heldBy(rows, policy, staffRole), clock.now())
  return held.some(({ permissions }) => permissions.includes('platform.support'))
}

/** Those that count at `now`. */
export function liveAt(held: readonly HeldByElevation[], now: Date): HeldByElevation[] {
  return held.filter((one) => now < one.expires_at)
}
