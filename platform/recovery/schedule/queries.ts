import { sql, type Insertable, type Selectable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'
import type { MadeBackup } from './due.ts'

/** A backup that was begun. */
export type RunRow = Selectable<Tables['backup_run']>
/** A time without backups. */
export type PauseRow = Selectable<Tables['backup_pause']>

/** Notes the newest moment that the platform wrote. Policy 6.2-b. */
export async function beat(db: Database, at: Date): Promise<void> {
  await db
    .insertInto('heartbeat')
    .values({ at })
    .onConflict((conflict) => conflict.column('one').doUpdateSet({ at }))
    .execute()
}

/** Notes that a backup is being made; whatever still counts as running belongs to a process that is gone. */
export async function beginRun(db: Database, row: Insertable<Tables['backup_run']>, at: Date): Promise<void> {
  await db
    .updateTable('backup_run')
    .set({ state: 'failed', code: 'cut-off', finished_at: at })
    .where('state', '=', 'running')
    .execute()
  await db.insertInto('backup_run').values(row).execute()
}

/** Notes how far a backup has come. */
export async function noteProgress(
  db: Database,
  id: string,
  progress: { readonly at: Date; readonly doneBytes: number; readonly totalBytes: number | null },
): Promise<void> {
  await db
    .updateTable('backup_run')
    .set({ heard_at: progress.at, done_bytes: progress.doneBytes, total_bytes: progress.totalBytes })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute()
}

/** Notes how a backup ended. */
export async function endRun(
  db: Database,
  id: string,
  end: { readonly at: Date } & (
    | { readonly name: string; readonly storedBytes: number }
    | { readonly code: string }
  ),
): Promise<void> {
  const set =
    'name' in end
      ? { state: 'done', name: end.name, stored_bytes: end.storedBytes }
      : { state: 'failed', code: end.code }
  await db
    .updateTable('backup_run')
    .set({ ...set, finished_at: end.at })
    .where('id', '=', id)
    .execute()
}

/** The newest runs, the newest first. */
export function newestRuns(db: Database, most: number): Promise<RunRow[]> {
  return db.selectFrom('backup_run').selectAll().orderBy('started_at', 'desc').limit(most).execute()
}

/** Backups that are whole and began no earlier than `since`, the newest first. */
export async function madeSince(db: Database, since: Date): Promise<readonly MadeBackup[]> {
  const rows = await db
    .selectFrom('backup_run')
    .select(['kind', 'name', 'started_at'])
    .where('state', '=', 'done')
    .where('started_at', '>=', since)
    .orderBy('started_at', 'desc')
    .execute()
  return rows.map(({ kind, name, started_at }) => ({
    kind: kind === 'full' ? 'full' : 'incremental',
    name: name ?? '',
    startedAt: started_at,
  }))
}

/** The pause that is in force at `now`; null when the schedule goes on. */
export async function pauseAt(db: Database, now: Date): Promise<PauseRow | null> {
  const row = await db
    .selectFrom('backup_pause')
    .selectAll()
    .where('ended_at', 'is', null)
    .where('ends_at', '>', now)
    .orderBy('ends_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

/** Notes a pause. */
export async function insertPause(db: Database, row: Insertable<Tables['backup_pause']>): Promise<void> {
  await db.insertInto('backup_pause').values(row).execute()
}

/** Ends every pause that is in force; tells how many there were. */
export async function endPauses(
  db: Database,
  end: { readonly at: Date; readonly kind: string; readonly id: string },
): Promise<number> {
  const done = await db
    .updateTable('backup_pause')
    .set({ ended_at: end.at, ended_by_kind: end.kind, ended_by_id: end.id })
    .where('ended_at', 'is', null)
    .where('ends_at', '>', end.at)
    .executeTakeFirst()
  return Number(done.numUpdatedRows)
}

/** Adds samples of lags to their hour. Policy 6.2-b. */
export async function addLags(
  db: Database,
  hour: Date,
  lags: readonly { readonly region: string; readonly seconds: number | null }[],
): Promise<void> {
  if (lags.length === 0) return
  await db
    .insertInto('backup_lag')
    .values(
      lags.map(({ region, seconds }) => ({
        hour,
        region,
        samples: 1,
        unknown: seconds === null ? 1 : 0,
        worst_seconds: seconds ?? 0,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['hour', 'region']).doUpdateSet({
        samples: sql`backup_lag.samples + 1`,
        unknown: sql`backup_lag.unknown + excluded.unknown`,
        worst_seconds: sql`greatest(backup_lag.worst_seconds, excluded.worst_seconds)`,
      }),
    )
    .execute()
}

/** The worst lag of each region in each hour since `since`. Policy 6.2-b. */
export function lagsSince(
  db: Database,
  since: Date,
): Promise<{ readonly hour: Date; readonly region: string; readonly worst_seconds: number }[]> {
  return db
    .selectFrom('backup_lag')
    .select(['hour', 'region', 'worst_seconds'])
    .where('hour', '>=', since)
    .execute()
}

/** Removes samples and runs that nobody asks for any more. */
export async function forgetBefore(
  db: Database,
  before: { readonly lags: Date; readonly runs: Date },
): Promise<void> {
  await db.deleteFrom('backup_lag').where('hour', '<', before.lags).execute()
  await db
    .deleteFrom('backup_run')
    .where('started_at', '<', before.runs)
    .where('state', '<>', 'running')
    .execute()
}

/** How a slot stands: what the server still keeps for it, and how much more it would. */
export interface SlotState {
  readonly active: boolean
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  readonly status: string
  readonly keptBytes: number
  /** Null where the server keeps log without a limit. */
  readonly roomBytes: number | null
}

/** Asks the server how the slot stands; null when there is none. */
export async function slotState(db: Database, slot: string): Promise<SlotState | null> {
  const { rows } = await sql<{
    active: boolean
    wal_status: string | null
    kept: string | null
    room: string | null
  }>`
    select active, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint::text as kept,
           safe_wal_size::text as room
      from pg_replication_slots where slot_name = ${slot}`.execute(db)
  const [row] = rows
  if (row === undefined) return null
  return {
    active: row.active,
    status: row.wal_status ?? 'lost',
    keptBytes: Number(row.kept ?? 0),
    roomBytes: row.room === null ? null : Number(row.room),
  }
}

/** Makes commits wait until the standby of this name has what they wrote, or (empty) for nobody; needs a superuser. */
export async function setSynchronous(db: Database, standby: string): Promise<void> {
  // A setting takes no parameter, but a name.
  await (
    standby === ''
      ? sql`alter system reset synchronous_standby_names`
      : sql`alter system set synchronous_standby_names = ${sql.id(standby)}`
  ).execute(db)
  await sql`select pg_reload_conf()`.execute(db)
}
