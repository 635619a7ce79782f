import type { Database, Tables } from '../db/index.ts'
import type { Insertable } from 'kysely'

/** Writes an event, not yet in the ledger. */
export async function insertEvent(db: Database, row: Insertable<Tables['audit_event']>): Promise<void> {
  await db.insertInto('audit_event').values(row).execute()
}
