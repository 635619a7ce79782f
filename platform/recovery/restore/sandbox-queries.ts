import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** A sandbox as it is kept. */
export type SandboxRow = Selectable<Tables['sandbox']>

/** Notes a sandbox that was asked for. */
export async function insertSandbox(db: Database, row: Insertable<Tables['sandbox']>): Promise<void> {
  await db.insertInto('sandbox').values(row).execute()
}

/** Changes a sandbox that was not removed; tells whether there is one. */
export async function changeSandbox(
  db: Database,
  id: string,
  change: Updateable<Tables['sandbox']>,
): Promise<boolean> {
  const done = await db
    .updateTable('sandbox')
    .set(change)
    .where('id', '=', id)
    .where('state', '!=', 'removed')
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The newest sandboxes first. */
export function newestSandboxes(db: Database, most: number): Promise<SandboxRow[]> {
  return db.selectFrom('sandbox').selectAll().orderBy('asked_at', 'desc').limit(most).execute()
}

/** Those that are being restored or can be used. */
export function openSandboxRows(db: Database): Promise<SandboxRow[]> {
  return db
    .selectFrom('sandbox')
    .selectAll()
    .where('state', 'in', ['restoring', 'ready'])
    .orderBy('asked_at')
    .execute()
}
