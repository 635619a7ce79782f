import { PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import type { SensitivePermission, StaffRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { sessionAbsolute } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { conflictAmong, isEligible } from './eligible.ts'
import { elevationEnd } from './live.ts'
import {
  barredUntil,
  openElevations,
  staffRoleOf,
  workspaceAllowsSupport,
  type ElevationState,
} from './queries.ts'

/** What the rules of elevations work with. */
export type ElevationParts = Pick<
  AccessParts,
  'db' | 'clock' | 'policy' | 'keys' | 'audit' | 'post' | 'origin' | 'securityMailbox'
>

/** After a reset of somebody's factors nothing sensitive is given to that person for this long. */
export const RESET_REST_SECONDS = 72 * 3600

/** Where the words of an elevation are sealed. */
export function elevationField(id: string, column: 'reason' | 'decision_reason' | 'review_note'): FieldPlace {
  return { table: 'elevation', column, row: id }
}

/** Somebody of the staff in a full session, with a second factor proved a moment ago. */
export interface Actor {
  readonly id: string
  readonly session: string
  readonly role: StaffRole
}

/**
 * The person of the provider's staff who asks or decides, read afresh; programs and keys never do either. Throws
 * `access.denied`, `access.not-eligible`. Policy 3.2-d.
 */
export async function staffActor(db: Database, { caller }: RequestContext): Promise<Actor> {
  const { kind, id, level, sessionId, onBehalfOf } = caller
  if (kind !== 'account' || level !== 'full' || sessionId === null || onBehalfOf !== null)
    throw new Problem('access.denied', 'Only a person in a session of their own can do this.')
  const role = await staffRoleOf(db, id)
  if (role === null) throw new Problem('access.not-eligible', 'This is for the provider’s staff.')
  return { id, session: sessionId, role }
}

/** The moment at which a session that began then is over in any case. */
export function sessionEnd({ policy }: Pick<ElevationParts, 'policy'>, started: Date): Date {
  return secondsAfter(started, policy.read(sessionAbsolute))
}

/** Why somebody may not be elevated, in words; null when nothing stands against it. Policy 3.2-d. */
export async function hindrance(
  parts: Pick<ElevationParts, 'clock' | 'policy'>,
  tx: Database,
  wanted: {
    readonly account: string
    readonly role: StaffRole | null
    readonly permissions: readonly SensitivePermission[]
    readonly workspace: string | null
    readonly except?: string
  },
): Promise<Problem | null> {
  const { account, role, permissions, workspace } = wanted
  if (!isEligible(role, permissions))
    return new Problem('access.not-eligible', 'The role does not reach so far, even for a while.')
  if (permissions.includes('platform.support') !== (workspace !== null))
    return new Problem('request.invalid', 'workspace: support names the workspace, and nothing else does.')
  if (workspace !== null && !(await workspaceAllowsSupport(tx, workspace)))
    return new Problem('access.denied', 'There is no such workspace, or its owners refuse support.')
  const now = parts.clock.now()
  // Trap 10.
  const barred = await barredUntil(tx, account)
  if (barred !== null && now < barred)
    return new Problem('access.not-eligible', 'The factors of this account were reset a short while ago.')
  const held = (await openElevations(tx, { account })).flatMap((row) => {
    const { granted_at: grantedAt, expires_at: expiresAt } = row
    if (row.id === wanted.except || grantedAt === null || expiresAt === null) return []
    const kind = row.kind === 'break-glass' ? ('break-glass' as const) : ('approved' as const)
    return now < elevationEnd({ kind, grantedAt, expiresAt }, parts.policy) ? row.permissions : []
  })
  const apart = conflictAmong(role, [...held, ...permissions])
  return apart === undefined
    ? null
    : new Problem(
        'access.duties-apart',
        `${apart.name}: nobody holds ${apart.one} and ${apart.other} at the same time.`,
      )
}

/** The moment at which an elevation given now ends: wish, policy and the absolute end of the session. Policy 3.2-d. */
export function endOf(
  { clock, policy }: Pick<ElevationParts, 'clock' | 'policy'>,
  given: {
    readonly kind: 'approved' | 'break-glass'
    readonly minutes: number
    readonly sessionStarted: Date
  },
): { readonly grantedAt: Date; readonly expiresAt: Date } {
  const grantedAt = clock.now()
  const wished = secondsAfter(grantedAt, given.minutes * 60)
  const limited = elevationEnd({ kind: given.kind, grantedAt, expiresAt: wished }, policy)
  const session = sessionEnd({ policy }, given.sessionStarted)
  return { grantedAt, expiresAt: session < limited ? session : limited }
}

/** An event about an elevation; the provider's own, and it names what was wanted, never why. */
export function elevationEvent(
  context: RequestContext,
  type: Parameters<typeof eventOf>[1],
  row: {
    readonly id: string
    readonly account_id: string
    readonly permissions: readonly string[]
    readonly workspace_id: string | null
  },
  details: Readonly<Record<string, string | number | null>> = {},
) {
  return eventOf(context, type, {
    tenant: null,
    target: { kind: 'elevation', id: row.id },
    details: {
      account: row.account_id,
      permissions: [...row.permissions],
      ...(row.workspace_id === null ? {} : { workspace: row.workspace_id }),
      ...details,
    },
  })
}

/** Opens the sealed words of an elevation; null when there are none. */
export async function openWords(
  { keys }: Pick<ElevationParts, 'keys'>,
  id: string,
  column: 'reason' | 'decision_reason' | 'review_note',
  sealed: Buffer | null,
): Promise<string | null> {
  return sealed === null ? null : keys.openText(PROVIDER, elevationField(id, column), sealed)
}

/** Seals them. */
export function sealWords(
  { keys }: Pick<ElevationParts, 'keys'>,
  id: string,
  column: 'reason' | 'decision_reason' | 'review_note',
  words: string,
): Promise<Buffer> {
  return keys.sealText(PROVIDER, elevationField(id, column), words)
}

/** Whether a session carries on by the clock and was not ended. */
export function sessionStands(
  parts: Pick<ElevationParts, 'clock' | 'policy'>,
  state: Pick<ElevationState, 'session_started' | 'session_ended' | 'disabled_at'>,
): boolean {
  const { session_started, session_ended, disabled_at } = state
  if (session_started === null || session_ended !== null || disabled_at !== null) return false
  return parts.clock.now() < sessionEnd(parts, session_started)
}
