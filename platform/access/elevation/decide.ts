import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import type { StaffRole } from '../../kernel/permission.ts'
import { accessChanged } from '../changed.ts'
import { requireFresh } from '../factors/freshness.ts'
import { isEligible, sensitiveOf } from './eligible.ts'
import {
  elevationEvent,
  endOf,
  hindrance,
  sealWords,
  sessionStands,
  staffActor,
  type Actor,
  type ElevationParts,
} from './elevation-parts.ts'
import { closeElevation } from './ending.ts'
import { tellOwners } from './letters.ts'
import { decideElevation, lockElevation, markReviewed, type ElevationState } from './queries.ts'

/** A request that this person may decide about: it waits, is somebody else's, and within the own reach. Policy 3.2-d. */
async function waitingFor(
  parts: ElevationParts,
  tx: Database,
  actor: Actor,
  id: string,
): Promise<ElevationState> {
  const state = await lockElevation(tx, id)
  if (state === undefined) throw new Problem('resource.unknown', 'There is no such request.')
  if (state.account_id === actor.id)
    throw new Problem('access.own-request', 'Somebody else has to decide about your request.')
  if (!isEligible(actor.role, state.permissions))
    throw new Problem('access.not-eligible', 'Who approves must be able to hold it, too.')
  if (state.decided_at !== null || state.granted_at !== null || state.ended_at !== null)
    throw new Problem('access.too-late', 'This request was decided or withdrawn.')
  if (parts.clock.now() >= state.request_expires_at)
    throw new Problem('access.too-late', 'Nobody answered in time. Ask again.')
  return state
}

/** Gives what was asked for. Throws `access.own-request`, `access.not-eligible`, `access.too-late`. Policy 3.2-d. */
export async function approveElevation(
  parts: ElevationParts,
  context: RequestContext,
  id: string,
  note: string | null,
) {
  requireFresh(parts, context.caller)
  const sealed = note === null ? null : await sealWords(parts, id, 'decision_reason', note)
  return parts.db.transaction().execute(async (tx) => {
    const actor = await staffActor(tx, context)
    const state = await waitingFor(parts, tx, actor, id)
    if (!sessionStands(parts, state) || state.session_started === null)
      throw new Problem('access.too-late', 'The session that asked has ended.')
    const against = await hindrance(parts, tx, {
      account: state.account_id,
      role: state.staff_role as StaffRole | null,
      permissions: sensitiveOf(state.permissions),
      workspace: state.workspace_id,
      except: id,
    })
    if (against !== null) throw against
    const { minutes, session_started: sessionStarted } = state
    const { grantedAt, expiresAt } = endOf(parts, { kind: 'approved', minutes, sessionStarted })
    const decision = { decided_by: actor.id, decided_at: grantedAt, decision_reason: sealed }
    const given = { ...decision, granted_at: grantedAt, expires_at: expiresAt }
    if (!(await decideElevation(tx, id, given)))
      throw new Problem('access.too-late', 'Somebody else was first.')
    const until = expiresAt.toISOString()
    await parts.audit.record(tx, elevationEvent(context, 'elevation.approved', state, { until }))
    await tellOwners(parts, tx, context, state, until)
    await accessChanged(tx, { account: state.account_id })
    return { until }
  })
}

/** Refuses a request, with the reason. */
export async function denyElevation(
  parts: ElevationParts,
  context: RequestContext,
  id: string,
  reason: string,
): Promise<void> {
  const decision_reason = await sealWords(parts, id, 'decision_reason', reason)
  await parts.db.transaction().execute(async (tx) => {
    const actor = await staffActor(tx, context)
    const state = await waitingFor(parts, tx, actor, id)
    const now = parts.clock.now()
    const done = await decideElevation(tx, id, {
      decided_by: actor.id,
      decided_at: now,
      decision_reason,
      ended_at: now,
      end_reason: 'denied',
    })
    if (!done) throw new Problem('access.too-late', 'Somebody else was first.')
    await parts.audit.record(tx, elevationEvent(context, 'elevation.denied', state))
  })
}

/** Ends an elevation before its time, or withdraws a request: by whoever asked, or by anybody who could have approved. */
export async function endEarly(parts: ElevationParts, context: RequestContext, id: string): Promise<void> {
  await parts.db.transaction().execute(async (tx) => {
    const actor = await staffActor(tx, context)
    const state = await lockElevation(tx, id)
    const mayEnd = state?.account_id === actor.id || isEligible(actor.role, state?.permissions ?? [])
    if (state === undefined || !mayEnd) throw new Problem('resource.unknown', 'There is no such elevation.')
    const reason = state.granted_at === null ? 'withdrawn' : 'ended-early'
    if (!(await closeElevation(parts, tx, context, state, reason)))
      throw new Problem('access.too-late', 'It has ended already.')
  })
}

/** Writes that somebody else looked at an emergency elevation afterwards, and what they found. Policy 3.2-d. */
export async function reviewBreakGlass(
  parts: ElevationParts,
  context: RequestContext,
  id: string,
  note: string,
): Promise<void> {
  const review_note = await sealWords(parts, id, 'review_note', note)
  await parts.db.transaction().execute(async (tx) => {
    const actor = await staffActor(tx, context)
    const state = await lockElevation(tx, id)
    if (state === undefined || state.kind !== 'break-glass')
      throw new Problem('resource.unknown', 'There is no such emergency elevation.')
    if (state.account_id === actor.id)
      throw new Problem('access.own-request', 'Somebody else has to look at it.')
    if (actor.role === 'staff-auditor' && !context.caller.permissions.has('review.decide'))
      throw new Problem('access.denied', 'Your role does not allow this.')
    const reviewed = { reviewed_by: actor.id, reviewed_at: parts.clock.now(), review_note }
    if (!(await markReviewed(tx, id, reviewed)))
      throw new Problem('access.too-late', 'Somebody else was first.')
    await parts.audit.record(tx, elevationEvent(context, 'elevation.reviewed', state))
  })
}
