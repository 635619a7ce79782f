import type { Database } from '../../db/index.ts'
import { localProgram, type RequestContext } from '../../kernel/caller.ts'
import { forEachOne } from '../../kernel/each.ts'
import { newId } from '../../kernel/id.ts'
import type { StaffRole } from '../../kernel/permission.ts'
import { accessChanged } from '../changed.ts'
import type { CredentialKind, Trial } from '../credentials/credential.ts'
import { eventOf } from '../parts.ts'
import { isEligible } from './eligible.ts'
import { elevationEvent, sessionStands, type ElevationParts } from './elevation-parts.ts'
import { elevationEnd } from './live.ts'
import {
  elevationState,
  elevationStates,
  endElevation,
  openElevations,
  setSupportAccess,
  supportAccess,
  type ElevationEnd,
  type ElevationState,
} from './queries.ts'

type Ending = Pick<ElevationParts, 'db' | 'clock' | 'policy' | 'audit'>

/** An elevation or a request as far as ending it needs to know. */
type Closing = Pick<
  ElevationState,
  'id' | 'account_id' | 'permissions' | 'workspace_id' | 'granted_at' | 'session_id'
>

/** Ends one and says so, exactly once however many try: false for who comes later. Policy 3.2-d. */
export async function closeElevation(
  { clock, audit }: Pick<Ending, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  row: Closing,
  reason: ElevationEnd,
  at: Date = clock.now(),
): Promise<boolean> {
  if (!(await endElevation(tx, row.id, reason, at))) return false
  const details = { reason, at: at.toISOString() }
  await audit.record(tx, elevationEvent(context, 'elevation.ended', row, details))
  if (row.workspace_id !== null && row.granted_at !== null) {
    const target = { kind: 'elevation', id: row.id }
    const tenant = row.workspace_id
    await audit.record(tx, eventOf(context, 'support.ended', { tenant, target, details: { reason } }))
  }
  await accessChanged(tx, { account: row.account_id })
  return true
}

/** Ends what an account, a session or a workspace has, in the caller's transaction; returns the ids. */
export async function endElevationsOf(
  parts: Pick<Ending, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  of: { readonly account?: string; readonly session?: string; readonly workspace?: string },
  reason: ElevationEnd,
): Promise<string[]> {
  const ended: string[] = []
  for (const row of await openElevations(tx, of))
    if (await closeElevation(parts, tx, context, row, reason)) ended.push(row.id)
  return ended
}

/** Why one that nobody ended is over at `now`, and since when; null for one that goes on. Policy 3.2-d. */
export function overBy(
  parts: Pick<Ending, 'clock' | 'policy'>,
  state: ElevationState,
): { readonly reason: ElevationEnd; readonly at: Date } | null {
  const now = parts.clock.now()
  const { granted_at: grantedAt, expires_at: expiresAt, request_expires_at: unanswered } = state
  const kind = state.kind === 'break-glass' ? ('break-glass' as const) : ('approved' as const)
  const end =
    grantedAt === null || expiresAt === null
      ? unanswered
      : elevationEnd({ kind, grantedAt, expiresAt }, parts.policy)
  if (now >= end) return { reason: grantedAt === null ? 'unanswered' : 'expired', at: end }
  if (state.disabled_at !== null) return { reason: 'account-disabled', at: now }
  if (!sessionStands(parts, state)) return { reason: 'session-ended', at: state.session_ended ?? now }
  if (!isEligible(state.staff_role as StaffRole | null, state.permissions))
    return { reason: 'role-lost', at: now }
  const closed = state.support_access === false || state.workspace_removed !== null
  return state.workspace_id !== null && closed ? { reason: 'support-refused', at: now } : null
}

/** Ends everything whose time has come, even if nobody returns to it; returns how many. Policy 3.2-d. */
export async function endOverdue(parts: Ending): Promise<number> {
  let ended = 0
  await forEachOne(await elevationStates(parts.db), async (state) => {
    const over = overBy(parts, state)
    if (over === null) return
    const context = { requestId: newId(parts.clock), caller: localProgram('service', 'elevation') }
    const done = await parts.db
      .transaction()
      .execute((tx) => closeElevation(parts, tx, context, state, over.reason, over.at))
    if (done) ended += 1
  })
  return ended
}

/**
 * Whether an elevation still counts now, with this permission: asked by queued work at the moment it runs. It counts
 * only while its session, its account, the role and the limit of the policy in force stand. Policy 3.2-d.
 */
export async function stillElevated(
  parts: Pick<Ending, 'db' | 'clock' | 'policy'>,
  id: string,
  permission: string,
): Promise<boolean> {
  const state = await elevationState(parts.db, id)
  if (state === undefined || state.ended_at !== null || state.granted_at === null) return false
  return state.permissions.includes(permission) && overBy(parts, state) === null
}

/** Runs work that somebody queued while elevated, only if they still are; otherwise records that it was not done. Policy 3.2-d. */
export async function whileElevated(
  parts: Ending,
  wanted: { readonly elevation: string; readonly permission: string; readonly job: string },
  work: () => Promise<void>,
): Promise<boolean> {
  if (await stillElevated(parts, wanted.elevation, wanted.permission)) {
    await work()
    return true
  }
  const context = { requestId: newId(parts.clock), caller: localProgram('service', wanted.job) }
  const target = { kind: 'elevation', id: wanted.elevation }
  const details = { job: wanted.job, permission: wanted.permission }
  const refused = { tenant: null, target, outcome: 'refused', details } as const
  await parts.db
    .transaction()
    .execute((tx) => parts.audit.record(tx, eventOf(context, 'elevation.job-refused', refused)))
  return false
}

/** Elevations and requests for them, for whoever withdraws everything that somebody has. Policy 3.2-c, 3.2-d. */
export function elevationCredential(parts: Ending): CredentialKind {
  return {
    name: 'elevation',
    end: (tx, context, holder) => {
      const { account, workspace } = holder
      const of = workspace === undefined ? { account } : { account, workspace }
      return endElevationsOf(parts, tx, context, of, 'rights-withdrawn')
    },
    tryAgain: async (ids) => {
      const trials: Trial[] = []
      for (const id of ids) {
        const state = await elevationState(parts.db, id)
        const live = state !== undefined && state.ended_at === null && overBy(parts, state) === null
        trials.push({
          id,
          refused: !live,
          saw: live ? 'the elevation still counts' : 'the elevation is over',
        })
      }
      return trials
    },
  }
}

/** Lets the provider's support in or keeps it out, by the choice of a workspace's owners; what runs ends at once. */
export async function chooseSupportAccess(
  parts: Ending,
  context: RequestContext,
  workspace: string,
  allowed: boolean,
): Promise<void> {
  await parts.db.transaction().execute(async (tx) => {
    if (!(await setSupportAccess(tx, workspace, allowed))) return
    await parts.audit.record(
      tx,
      eventOf(context, 'support.access-set', { tenant: workspace, details: { allowed } }),
    )
    if (!allowed) await endElevationsOf(parts, tx, context, { workspace }, 'support-refused')
  })
}

/** What they chose. */
export function readSupportAccess({ db }: Pick<Ending, 'db'>, workspace: string): Promise<boolean> {
  return supportAccess(db, workspace)
}
