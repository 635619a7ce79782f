import { sql } from 'kysely'
import type { Database } from '../db/database.ts'

/** Tables in an order that respects their references, and that leaves nothing of a workspace. */
const TABLES = [
  'outbox',
  'erased_message',
  'message',
  'gate_decision',
  'conversation',
  'consent',
  'contact_identity',
  'contact',
  'visitor',
  'inbound',
  'rule',
  'channel',
] as const

/** Deletes everything of a workspace; returns the rows deleted by table. */
export async function deleteWorkspace(db: Database, workspace: string): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {}
  for (const table of TABLES) {
    const done = await sql`delete from ${sql.table(table)} where workspace_id = ${workspace}`.execute(db)
    deleted[table] = Number(done.numAffectedRows ?? 0n)
  }
  return deleted
}

/** Deletes events that no key can open any more; returns how many. */
export async function deleteWorkspaceEvents(db: Database, workspace: string): Promise<number> {
  const done = await db.deleteFrom('audit_outbox').where('workspace_id', '=', workspace).executeTakeFirst()
  return Number(done.numDeletedRows)
}

/** Every workspace that something is held for. */
export async function heldWorkspaces(db: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ workspace_id: string }>`
    select workspace_id from channel
    union select workspace_id from contact
    union select workspace_id from rule
    union select workspace_id from audit_outbox where workspace_id is not null`.execute(db)
  return rows.map((row) => row.workspace_id)
}
