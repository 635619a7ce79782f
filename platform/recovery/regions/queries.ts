import type { Insertable, Selectable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** What the last copying to a region came to. */
export type CopyRow = Selectable<Tables['backup_copy']>

/** Every region that was ever copied to. */
export function regionCopies(db: Database): Promise<CopyRow[]> {
  return db.selectFrom('backup_copy').selectAll().orderBy('region').execute()
}

/** Writes what a copying came to in the place of the one before. */
export async function writeCopy(db: Database, row: Insertable<Tables['backup_copy']>): Promise<void> {
  await db
    .insertInto('backup_copy')
    .values(row)
    .onConflict((conflict) => conflict.column('region').doUpdateSet(row))
    .execute()
}
