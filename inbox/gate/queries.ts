import type { Insertable } from 'kysely'
import type { Database } from '../db/database.ts'
import type { GateDecision } from '../db/types.ts'

/** Stores a decision. */
export async function insertDecision(db: Database, row: Insertable<GateDecision>): Promise<void> {
  await db.insertInto('gate_decision').values(row).execute()
}

/** When the newest chat session of a contact's visitor ends. */
export async function sessionEnd(
  db: Database,
  workspace: string,
  visitorIds: readonly string[],
): Promise<Date | null> {
  if (visitorIds.length === 0) return null
  const row = await db
    .selectFrom('visitor')
    .select('expires_at')
    .where('workspace_id', '=', workspace)
    .where('id', 'in', visitorIds)
    .orderBy('expires_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.expires_at ?? null
}
