import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Rule } from '../db/types.ts'

/** A rule as stored: its content sealed. */
export type RuleRow = Selectable<Rule>

/** The rules of a workspace, in the order they are tried. */
export function rulesOf(db: Database, workspace: string): Promise<RuleRow[]> {
  return db
    .selectFrom('rule')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .orderBy('priority')
    .orderBy('id')
    .limit(1000)
    .execute()
}

/** A rule of this workspace. */
export function ruleOf(db: Database, workspace: string, id: string): Promise<RuleRow | undefined> {
  return db
    .selectFrom('rule')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Stores a rule. */
export async function insertRule(db: Database, row: Insertable<Rule>): Promise<void> {
  await db.insertInto('rule').values(row).execute()
}

/** Changes a rule that still has version `version`; tells whether it had. */
export async function updateRule(
  db: Database,
  workspace: string,
  id: string,
  version: number,
  set: Updateable<Rule>,
): Promise<boolean> {
  const done = await db
    .updateTable('rule')
    .set(set)
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Removes a rule; tells whether there was one. */
export async function deleteRule(db: Database, workspace: string, id: string): Promise<boolean> {
  const done = await db
    .deleteFrom('rule')
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .executeTakeFirst()
  return done.numDeletedRows === 1n
}
