import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { z } from '../../kernel/schema.ts'
import { pairSight, secondsLost, siteName } from '../../kernel/server-pair.ts'
import { RECOVERY } from '../schedule/run-backup.ts'
import { insertChange, newestHeartbeat, type ChangeRow } from './queries.ts'

const moment = z.iso.datetime().transform((text) => new Date(text))

/** A change of the database's site, as the process that starts everything tells of it. */
export const changeShape = z.object({
  kind: z.enum(['failover', 'switchover']),
  from: siteName,
  to: siteName,
  beganAt: moment,
  fencedAt: moment,
  promotedAt: moment,
  /** The rest is told of servers of the operator's own. */
  fencedBy: z.enum(['read-only', 'command', 'somebody-else']).optional(),
  timeline: z.number().int().optional(),
  fromRegion: z.string().optional(),
  toRegion: z.string().optional(),
  heartbeatAt: moment.nullable().optional(),
})

/** The two sites, as that process tells of them. */
export const sitesShape = z.object({
  primary: siteName,
  /** How often the primary changed; whoever asks for a change says it. */
  term: z.number().int(),
  standby: z.enum(['ready', 'starting', 'failed']),
  why: z.string().nullable(),
  changes: z.array(changeShape),
  /** What was seen of two servers of the operator's own; absent where both are started here. */
  pair: pairSight.optional(),
})

/** The two sites; what `sitesShape` gives. */
export type Sites = z.output<typeof sitesShape>

/** What noting changes needs. */
export interface ChangeNotes {
  readonly db: Database
  readonly clock: Clock
  readonly audit: Pick<Audit, 'record'>
}

/**
 * Notes a change of the site with its event, once: the row is the platform's own first write after it, so its moment is when
 * the application could write again. Policy 6.2-d.
 */
export async function noteChange(
  { db, clock, audit }: ChangeNotes,
  change: z.output<typeof changeShape>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const id = newId(clock)
    const heartbeat = change.heartbeatAt === undefined ? await newestHeartbeat(tx) : change.heartbeatAt
    const written = clock.now()
    const row = {
      id,
      kind: change.kind,
      from_site: change.from,
      to_site: change.to,
      began_at: change.beganAt,
      fenced_at: change.fencedAt,
      promoted_at: change.promotedAt,
      written_at: written,
      heartbeat_at: heartbeat,
      ...(change.fencedBy === undefined ? {} : { fenced_by: change.fencedBy }),
      timeline: change.timeline ?? null,
      from_region: change.fromRegion ?? null,
      to_region: change.toRegion ?? null,
    }
    if (!(await insertChange(tx, row))) return
    await audit.record(tx, {
      type: change.kind === 'failover' ? 'recovery.failed-over' : 'recovery.switched-over',
      tenant: null,
      actor: RECOVERY,
      target: { kind: 'database-change', id },
      outcome: 'success',
      details: {
        from: change.from,
        to: change.to,
        seconds: secondsBetween(change.beganAt, written),
        fencedBy: change.fencedBy ?? 'ended',
        ...(change.kind === 'failover' ? { lostSecondsMax: lostSecondsMax(row) ?? 'unknown' } : {}),
        ...(change.timeline === undefined ? {} : { timeline: change.timeline }),
      },
      request: null,
    })
  })
}

/** What was lost at most by a change, in seconds: nothing when it is done in order; null where no heartbeat tells. */
export function lostSecondsMax(row: Pick<ChangeRow, 'kind' | 'heartbeat_at' | 'fenced_at'>): number | null {
  return row.kind === 'switchover' ? 0 : secondsLost(row.heartbeat_at, row.fenced_at)
}

/** A change as it is shown; seconds from its beginning to the platform's first write. */
export function changeView(row: ChangeRow) {
  return {
    id: row.id,
    kind: row.kind,
    from: row.from_site,
    to: row.to_site,
    fromRegion: row.from_region,
    toRegion: row.to_region,
    fencedBy: row.fenced_by,
    timeline: row.timeline,
    beganAt: row.began_at.toISOString(),
    promotedAt: row.promoted_at.toISOString(),
    writtenAt: row.written_at.toISOString(),
    seconds: secondsBetween(row.began_at, row.written_at),
    lostSecondsMax: lostSecondsMax(row),
  }
}
