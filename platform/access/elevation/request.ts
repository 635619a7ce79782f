import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import type { SensitivePermission } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { accessChanged } from '../changed.ts'
import { requireFresh } from '../factors/freshness.ts'
import {
  elevationEvent,
  endOf,
  hindrance,
  sealWords,
  sessionEnd,
  staffActor,
  type ElevationParts,
} from './elevation-parts.ts'
import { BREAK_GLASS_SECONDS } from './live.ts'
import { pageEverybody, tellApprovers, tellOwners } from './letters.ts'
import { insertElevation, lockRequester, openElevations, sessionStart } from './queries.ts'

/** A request that nobody answered in this time is over. */
const REQUEST_SECONDS = 3600
/** Requests of one person that may wait at a time. */
const WAITING_MAX = 5

/** What somebody asks for. */
export interface ElevationWish {
  readonly permissions: readonly SensitivePermission[]
  readonly reason: string
  readonly minutes: number
  /** The customer's workspace, for support. */
  readonly workspace: string | null
}

/** Who asks, one request of theirs at a time, and for what; throws whatever stands against it. Policy 3.2-d. */
async function entitled(
  parts: ElevationParts,
  tx: Database,
  context: RequestContext,
  { permissions: wished, workspace }: Pick<ElevationWish, 'permissions' | 'workspace'>,
) {
  const actor = await staffActor(tx, context)
  await lockRequester(tx, actor.id)
  const permissions = [...new Set(wished)]
  const against = await hindrance(parts, tx, {
    account: actor.id,
    role: actor.role,
    permissions,
    workspace,
  })
  if (against !== null) throw against
  return { actor, permissions }
}

/** Writes down a request; nothing is given before somebody else approves. Policy 3.2-d. */
export async function requestElevation(parts: ElevationParts, context: RequestContext, wish: ElevationWish) {
  const { db, clock, audit } = parts
  const id = newId(clock)
  const reason = await sealWords(parts, id, 'reason', wish.reason)
  return db.transaction().execute(async (tx) => {
    const { actor, permissions } = await entitled(parts, tx, context, wish)
    const { workspace, minutes } = wish
    const waiting = (await openElevations(tx, { account: actor.id })).filter((one) => one.granted_at === null)
    if (waiting.length >= WAITING_MAX)
      throw new Problem('resource.conflict', 'Withdraw a request that waits, or wait for its answer.')
    const requested_at = clock.now()
    const request_expires_at = secondsAfter(requested_at, REQUEST_SECONDS)
    const row = {
      id,
      kind: 'approved',
      account_id: actor.id,
      session_id: actor.session,
      workspace_id: workspace,
      permissions,
      reason,
      minutes,
      requested_at,
      request_expires_at,
    }
    await insertElevation(tx, row)
    await audit.record(tx, elevationEvent(context, 'elevation.requested', row, { minutes }))
    await tellApprovers(parts, tx, row)
    return { id, waitsUntil: request_expires_at.toISOString() }
  })
}

/**
 * Gives the caller a sensitive permission at once, in an emergency or because nobody else may approve: for a quarter of
 * an hour at most, after a fresh proof, and everybody is told. Policy 3.2-d.
 */
export async function breakGlass(
  parts: ElevationParts,
  context: RequestContext,
  wish: Omit<ElevationWish, 'minutes'>,
) {
  const { db, clock, audit } = parts
  requireFresh(parts, context.caller)
  const id = newId(clock)
  const reason = await sealWords(parts, id, 'reason', wish.reason)
  return db.transaction().execute(async (tx) => {
    const { actor, permissions } = await entitled(parts, tx, context, wish)
    const minutes = BREAK_GLASS_SECONDS / 60
    const now = clock.now()
    const started = await sessionStart(tx, actor.session)
    if (started === undefined || now >= sessionEnd(parts, started))
      throw new Problem('session.expired', 'Sign in again.')
    const { grantedAt, expiresAt } = endOf(parts, { kind: 'break-glass', minutes, sessionStarted: started })
    const row = {
      id,
      kind: 'break-glass',
      account_id: actor.id,
      session_id: actor.session,
      workspace_id: wish.workspace,
      permissions,
      reason,
      minutes,
      requested_at: now,
      request_expires_at: now,
      granted_at: grantedAt,
      expires_at: expiresAt,
    }
    await insertElevation(tx, row)
    const until = expiresAt.toISOString()
    await audit.record(tx, elevationEvent(context, 'elevation.break-glass', row, { until }))
    await tellOwners(parts, tx, context, row, until)
    await pageEverybody(parts, tx, row, wish.reason, until)
    await accessChanged(tx, { account: actor.id })
    return { id, until }
  })
}
