import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { StaffRole } from '../../kernel/permission.ts'
import { faceOf } from '../accounts/accounts.ts'
import { elevationLimit } from '../parameters.ts'
import { ELIGIBLE, isEligible } from './eligible.ts'
import { openWords, type ElevationParts } from './elevation-parts.ts'
import { overBy } from './ending.ts'
import { BREAK_GLASS_SECONDS, elevationEnd } from './live.ts'
import {
  elevationStates,
  elevationsOfAccount,
  latestElevations,
  staffRoleOf,
  unreviewedBreakGlass,
} from './queries.ts'

/** Elevations and requests shown as history. */
const HISTORY_MAX = 50

type StoredElevation = Awaited<ReturnType<typeof elevationsOfAccount>>[number]

/** An elevation or a request as the console shows it; `until` is what the countdown counts to. */
export interface ElevationFace {
  readonly id: string
  readonly kind: 'approved' | 'break-glass'
  readonly state: 'waiting' | 'active' | 'ended'
  readonly account: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly workspace: string | null
  readonly reason: string
  readonly minutes: number
  readonly requestedAt: string
  /** When the request or the elevation ends by itself; null once it has. */
  readonly until: string | null
  readonly grantedAt: string | null
  readonly decidedBy: string | null
  readonly decisionReason: string | null
  readonly endedAt: string | null
  readonly endReason: string | null
  readonly reviewedBy: string | null
  readonly reviewNote: string | null
  /** Whether it belongs to the session that asks for this list. */
  readonly here: boolean
}

async function nameOf(parts: ElevationParts, db: Database, account: string | null): Promise<string | null> {
  return account === null ? null : ((await faceOf(parts, db, account))?.name ?? null)
}

function untilOf(parts: ElevationParts, row: StoredElevation): Date {
  const { granted_at: grantedAt, expires_at: expiresAt } = row
  if (grantedAt === null || expiresAt === null) return row.request_expires_at
  const kind = row.kind === 'break-glass' ? ('break-glass' as const) : ('approved' as const)
  return elevationEnd({ kind, grantedAt, expiresAt }, parts.policy)
}

async function faceOfElevation(
  parts: ElevationParts,
  row: StoredElevation,
  { caller }: RequestContext,
): Promise<ElevationFace> {
  const { db } = parts
  const until = untilOf(parts, row)
  const over = row.ended_at !== null || parts.clock.now() >= until
  return {
    id: row.id,
    kind: row.kind === 'break-glass' ? 'break-glass' : 'approved',
    state: over ? 'ended' : row.granted_at === null ? 'waiting' : 'active',
    account: row.account_id,
    name: (await nameOf(parts, db, row.account_id)) ?? '',
    permissions: row.permissions,
    workspace: row.workspace_id,
    reason: (await openWords(parts, row.id, 'reason', row.reason)) ?? '',
    minutes: row.minutes,
    requestedAt: row.requested_at.toISOString(),
    until: over ? null : until.toISOString(),
    grantedAt: row.granted_at?.toISOString() ?? null,
    decidedBy: await nameOf(parts, db, row.decided_by),
    decisionReason: await openWords(parts, row.id, 'decision_reason', row.decision_reason),
    endedAt: row.ended_at?.toISOString() ?? (over ? until.toISOString() : null),
    endReason: row.end_reason ?? (over ? (row.granted_at === null ? 'unanswered' : 'expired') : null),
    reviewedBy: await nameOf(parts, db, row.reviewed_by),
    reviewNote: await openWords(parts, row.id, 'review_note', row.review_note),
    here: row.session_id === caller.sessionId,
  }
}

/** What the caller may ask for, has, and has to decide. */
export async function listElevations(parts: ElevationParts, context: RequestContext) {
  const { db, policy } = parts
  const { id, kind } = context.caller
  const role: StaffRole | null = kind === 'account' ? await staffRoleOf(db, id) : null
  const face = (row: StoredElevation): Promise<ElevationFace> => faceOfElevation(parts, row, context)
  const open = (await elevationStates(db)).filter((state) => !state.probe && overBy(parts, state) === null)
  const waiting = open.filter(
    (row) => row.account_id !== id && row.granted_at === null && isEligible(role, row.permissions),
  )
  const running = open.filter((row) => row.account_id !== id && row.granted_at !== null)
  const past =
    role === null ? await elevationsOfAccount(db, id, HISTORY_MAX) : await latestElevations(db, HISTORY_MAX)
  const toReview = role === null ? [] : await unreviewedBreakGlass(db)
  const own = await elevationsOfAccount(db, id, HISTORY_MAX)
  const mine = await Promise.all(own.map(face))
  return {
    now: parts.clock.now().toISOString(),
    eligible: role === null ? [] : ELIGIBLE[role],
    minutesMax: Math.floor(policy.read(elevationLimit) / 60),
    breakGlassMinutesMax: Math.floor(Math.min(policy.read(elevationLimit), BREAK_GLASS_SECONDS) / 60),
    mine: mine.filter((one) => one.state !== 'ended'),
    waiting: await Promise.all(waiting.map(face)),
    running: role === null ? [] : await Promise.all(running.map(face)),
    toReview: (await Promise.all(toReview.map(face))).map((one) => ({ ...one, own: one.account === id })),
    history: (await Promise.all(past.map(face))).filter((one) => one.state === 'ended'),
  }
}
