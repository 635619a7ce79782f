import { sql } from 'kysely'
import type { Database } from '../../db/index.ts'

/** What is stored of an account, as long as it is. */
export function accountRow(db: Database, id: string) {
  return db.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst()
}

/** How often the log says that an account was erased. */
export async function erasuresOf(db: Database, id: string): Promise<number> {
  const found = db.selectFrom('audit_event').select('actor_id').where('type', '=', 'account.erased')
  return (await found.where('target_id', '=', id).execute()).length
}

/** Returns once so many statements wait for a lock. */
export async function lockWaits(db: Database, count: number): Promise<void> {
  const seen = sql<{ waits: number }>`select count(*)::int as waits from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  while (((await seen.execute(db)).rows[0]?.waits ?? 0) < count);
}
