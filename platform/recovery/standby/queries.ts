import { sql, type Insertable, type Selectable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** A change of the database's site. */
export type ChangeRow = Selectable<Tables['database_change']>

/** Notes a change; tells whether it was new. */
export async function insertChange(
  db: Database,
  row: Insertable<Tables['database_change']>,
): Promise<boolean> {
  const done = await db
    .insertInto('database_change')
    .values(row)
    .onConflict((conflict) => conflict.column('promoted_at').doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** The newest changes, the last one first. */
export function newestChanges(db: Database, most: number): Promise<ChangeRow[]> {
  return db.selectFrom('database_change').selectAll().orderBy('promoted_at', 'desc').limit(most).execute()
}

/** The last change; null when there was none. */
export async function newestChange(db: Database): Promise<ChangeRow | null> {
  return (await newestChanges(db, 1))[0] ?? null
}

/** Leaves no change, in a transaction that is undone. */
export async function dropChanges(tx: Database): Promise<void> {
  await tx.deleteFrom('database_change').execute()
}

/** The newest moment that is in the database. */
export async function newestHeartbeat(db: Database): Promise<Date | null> {
  const row = await db.selectFrom('heartbeat').select('at').executeTakeFirst()
  return row?.at ?? null
}

/** A standby as the server sees it that sends its log; `seconds` is how far it is behind, 0 when it has all. */
export interface Follower {
  readonly streaming: boolean
  readonly behindBytes: number
  readonly seconds: number
}

/** The standby of this name; null when none is connected. */
export async function follower(db: Database, name: string): Promise<Follower | null> {
  const { rows } = await sql<{ streaming: boolean; behind: number | null; seconds: number | null }>`
    select state = 'streaming' as streaming,
      pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 as behind,
      extract(epoch from replay_lag)::float8 as seconds
    from pg_stat_replication where application_name = ${name}`.execute(db)
  const [row] = rows
  if (row === undefined) return null
  return { streaming: row.streaming, behindBytes: row.behind ?? 0, seconds: row.seconds ?? 0 }
}
