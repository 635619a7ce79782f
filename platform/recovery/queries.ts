import type { Insertable, Selectable } from 'kysely'
import type { Database, Tables } from '../db/index.ts'

/** A backup that was made. */
export type BackupRow = Selectable<Tables['backup']>

/** Notes a backup; one that is known already is left as it is. Tells whether it was new. */
export async function insertBackup(db: Database, row: Insertable<Tables['backup']>): Promise<boolean> {
  const done = await db
    .insertInto('backup')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Every backup, the newest first. */
export function backups(db: Database): Promise<BackupRow[]> {
  return db.selectFrom('backup').selectAll().orderBy('taken_at', 'desc').execute()
}

/** The backups that were taken before `cutoff` and not removed yet, the oldest first. */
export function backupsBefore(db: Database, cutoff: Date): Promise<BackupRow[]> {
  return db
    .selectFrom('backup')
    .selectAll()
    .where('taken_at', '<', cutoff)
    .where('removed_at', 'is', null)
    .orderBy('taken_at')
    .execute()
}

/** Notes that a backup was removed, and the limit that was obeyed; tells whether it was there. */
export async function markRemoved(
  db: Database,
  name: string,
  removed: { readonly removed_at: Date; readonly removed_limit_seconds: number },
): Promise<boolean> {
  const done = await db
    .updateTable('backup')
    .set(removed)
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Since when a key seals backups; null when it sealed none yet. */
export async function sealingSince(db: Database, fingerprint: string): Promise<Date | null> {
  const row = await db
    .selectFrom('backup')
    .select((one) => one.fn.min('taken_at').as('since'))
    .where('key_fingerprint', '=', fingerprint)
    .executeTakeFirstOrThrow()
  return row.since
}
