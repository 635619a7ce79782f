import { sql, type Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** Signing keys that are published: all that are not retired, newest first. */
export function publishedKeys(db: Database) {
  return db
    .selectFrom('oauth_signing_key')
    .selectAll()
    .where('retired_at', 'is', null)
    .orderBy('signs_from', 'desc')
    .orderBy('id')
    .execute()
}

/** Stores signing keys. */
export async function insertKeys(
  db: Database,
  rows: readonly Insertable<Tables['oauth_signing_key']>[],
): Promise<void> {
  await db.insertInto('oauth_signing_key').values(rows).execute()
}

/** Retires keys for good: what they signed is not accepted any more. */
export async function retireKeys(db: Database, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length === 0) return
  await db
    .updateTable('oauth_signing_key')
    .set({ retired_at: at })
    .where('id', 'in', ids)
    .where('retired_at', 'is', null)
    .execute()
}

/** A number of our own; whoever makes keys holds it until the end of the transaction. */
const KEYS_LOCK = 3_104_301

/** Lets only one process at a time make keys. */
export async function lockKeys(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(${KEYS_LOCK}::bigint)`.execute(db)
}
