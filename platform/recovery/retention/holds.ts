import { newId } from '../../kernel/id.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Actor } from '../../kernel/event.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { insertHold, releaseHold } from './queries.ts'

/** Why backups are kept beyond their age. */
export const HOLD_REASONS = ['litigation', 'investigation', 'authority', 'audit'] as const

/** A hold that somebody asks for. */
export interface HoldRequest {
  readonly reason: (typeof HOLD_REASONS)[number]
  /** The number of the case. */
  readonly reference: string
  readonly from: Date
  /** Null: also what is written from now on. */
  readonly to: Date | null
}

/** What holds are placed with. */
export interface HoldParts {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
}

/** Keeps every backup of a span of time from removal until the hold is released. Policy 6.1-e. */
export async function placeHold(
  { db, clock, audit }: HoldParts,
  by: Actor,
  { reason, reference, from, to }: HoldRequest,
): Promise<{ readonly id: string }> {
  if (to !== null && to <= from) throw new Problem('request.invalid', 'A hold ends after it begins.')
  const id = newId(clock)
  await db.transaction().execute(async (tx) => {
    const placed = { placed_by_kind: by.kind, placed_by_id: by.id, placed_at: clock.now() }
    await insertHold(tx, { id, reason, reference, from_at: from, to_at: to, ...placed })
    const details = { reason, reference, from: from.toISOString(), to: to?.toISOString() ?? null }
    await audit.record(tx, holdEvent('backup.held', by, id, details))
  })
  return { id }
}

/** Lets the backups of a hold go again; those past their age are removed by the next run. Policy 6.1-e. */
export async function endHold({ db, clock, audit }: HoldParts, by: Actor, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await releaseHold(tx, id, { ...by, at: clock.now() })))
      throw new Problem('resource.unknown', 'There is no such hold, or it was released.')
    await audit.record(tx, holdEvent('backup.released', by, id, {}))
  })
}

function holdEvent(type: string, actor: Actor, id: string, details: Readonly<Record<string, string | null>>) {
  const target = { kind: 'backup-hold', id }
  return { type, tenant: null, actor, target, outcome: 'success', details, request: null } as const
}
