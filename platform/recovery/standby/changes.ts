import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { z } from '../../kernel/schema.ts'
import { RECOVERY } from '../schedule/run-backup.ts'
import { insertChange, newestHeartbeat, type ChangeRow } from './queries.ts'

const site = z.enum(['a', 'b'])
const moment = z.iso.datetime().transform((text) => new Date(text))

/** A change of the database's site, as the process that starts everything tells of it. */
export const changeShape = z.object({
  kind: z.enum(['failover', 'switchover']),
  from: site,
  to: site,
  beganAt: moment,
  fencedAt: moment,
  promotedAt: moment,
})

/** The two sites, as that process tells of them. */
export const sitesShape = z.object({
  primary: site,
  standby: z.enum(['ready', 'starting', 'failed']),
  why: z.string().nullable(),
  changes: z.array(changeShape),
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
    const heartbeat = await newestHeartbeat(tx)
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
    }
    if (!(await insertChange(tx, row))) return
    await audit.record(tx, {
      type: change.kind === 'failover' ? 'recovery.failed-over' : 'recovery.switched-over',
      tenant: null,
      actor: RECOVERY,
      target: { kind: 'database-change', id },
      outcome: 'success',
      details: { from: change.from, to: change.to, seconds: secondsBetween(change.beganAt, written) },
      request: null,
    })
  })
}

/** A change as it is shown; seconds from its beginning to the platform's first write. */
export function changeView(row: ChangeRow) {
  return {
    id: row.id,
    kind: row.kind,
    from: row.from_site,
    to: row.to_site,
    beganAt: row.began_at.toISOString(),
    promotedAt: row.promoted_at.toISOString(),
    writtenAt: row.written_at.toISOString(),
    seconds: secondsBetween(row.began_at, row.written_at),
    // A switchover waits until everything has come over.
    lostSecondsMax:
      row.kind === 'switchover' || row.heartbeat_at === null
        ? 0
        : Math.max(0, secondsBetween(row.heartbeat_at, row.fenced_at)),
  }
}
