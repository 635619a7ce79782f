import { sql } from 'kysely'
import { notify, type Database } from '../../db/index.ts'
import { OWN_SECOND_FACTORS } from '../sign-in/asserted.ts'

/** Ends the sessions of an account whose second factor is the word of an identity provider alone; returns their ids. */
export async function endAssertedSessions(db: Database, account: string, at: Date): Promise<string[]> {
  const rows = await db
    .updateTable('session')
    .set({ ended_at: at, end_reason: 'withdrawn' })
    .where('account_id', '=', account)
    .where('ended_at', 'is', null)
    .where(sql<boolean>`'upstream-second' = any(factors)`)
    .where(sql<boolean>`not factors && ${[...OWN_SECOND_FACTORS]}::text[]`)
    .returning('id')
    .execute()
  for (const { id } of rows) await notify(db, 'session_revoked', id)
  return rows.map(({ id }) => id)
}
