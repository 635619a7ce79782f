import type { Insertable } from 'kysely'
import { holdLookUp, type Database, type Tables } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'

/** Stores a connection to a personnel system. */
export async function insertConnection(
  db: Database,
  row: Insertable<Tables['personnel_connection']>,
): Promise<void> {
  await db.insertInto('personnel_connection').values(row).execute()
}

/** A connection that was not ended, whose maker is still a member whom nothing keeps out, in a workspace that exists. */
export function openConnection(db: Database, id: string) {
  return db
    .selectFrom('personnel_connection')
    .innerJoin('workspace', 'workspace.id', 'personnel_connection.workspace_id')
    .innerJoin('account', 'account.id', 'personnel_connection.account_id')
    .innerJoin('membership', (join) =>
      join
        .onRef('membership.account_id', '=', 'personnel_connection.account_id')
        .onRef('membership.workspace_id', '=', 'personnel_connection.workspace_id'),
    )
    .select([
      'personnel_connection.id',
      'personnel_connection.workspace_id',
      'personnel_connection.secret',
      'personnel_connection.account_id',
    ])
    .where('personnel_connection.id', '=', id)
    .where('personnel_connection.revoked_at', 'is', null)
    .where('workspace.removed_at', 'is', null)
    .where('account.disabled_at', 'is', null)
    .where('membership.suspended_at', 'is', null)
    .executeTakeFirst()
}

/** The connections of a workspace, newest first. */
export function connectionsOf(db: Database, workspace: string) {
  return db
    .selectFrom('personnel_connection')
    .select(['id', 'label', 'account_id', 'created_at', 'last_used_at', 'revoked_at'])
    .where('workspace_id', '=', workspace)
    .orderBy('created_at', 'desc')
    .execute()
}

/** Writes that a connection was used. */
export async function touchConnection(db: Database, id: string, at: Date): Promise<void> {
  await db.updateTable('personnel_connection').set({ last_used_at: at }).where('id', '=', id).execute()
}

/** Ends connections: one of a workspace, or those that an account made; returns their ids. */
export async function revokeConnections(
  db: Database,
  which: { readonly workspace?: string; readonly id?: string; readonly account?: string },
  at: Date,
): Promise<string[]> {
  let query = db.updateTable('personnel_connection').set({ revoked_at: at }).where('revoked_at', 'is', null)
  if (which.workspace !== undefined) query = query.where('workspace_id', '=', which.workspace)
  if (which.id !== undefined) query = query.where('id', '=', which.id)
  if (which.account !== undefined) query = query.where('account_id', '=', which.account)
  return (await query.returning('id').execute()).map((row) => row.id)
}

/** Stores an event; false when the personnel system told of it before. */
export async function insertEvent(
  db: Database,
  row: Omit<Insertable<Tables['personnel_event']>, 'event_index'> & { readonly event_index: LookUp },
): Promise<boolean> {
  const { event_index: lookUp } = row
  await holdLookUp(db, lookUp)
  if (lookUp.length > 1 && (await wasTold(db, row.connection_id, lookUp))) return false
  const done = await db
    .insertInto('personnel_event')
    .values({ ...row, event_index: lookUp[0] })
    .onConflict((conflict) => conflict.columns(['connection_id', 'event_index']).doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

async function wasTold(db: Database, connection: string, lookUp: LookUp): Promise<boolean> {
  const row = await db
    .selectFrom('personnel_event')
    .select('id')
    .where('connection_id', '=', connection)
    .where('event_index', 'in', lookUp)
    .executeTakeFirst()
  return row !== undefined
}

/** Events whose time has come and that are not done, oldest first. */
export async function dueEvents(db: Database, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('personnel_event')
    .select('id')
    .where('done_at', 'is', null)
    .where('effective_at', '<=', now)
    .orderBy('effective_at')
    .orderBy('id')
    .limit(500)
    .execute()
  return rows.map((row) => row.id)
}

/** An event that is not done, held until the transaction ends. */
export function lockEvent(db: Database, id: string) {
  return db
    .selectFrom('personnel_event')
    .selectAll()
    .where('id', '=', id)
    .where('done_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** Notes what came of an event. */
export async function finishEvent(db: Database, id: string, outcome: string, at: Date): Promise<void> {
  await db.updateTable('personnel_event').set({ done_at: at, outcome }).where('id', '=', id).execute()
}

/** The member of a workspace with this address, suspended or not. */
export async function memberByEmail(
  db: Database,
  workspace: string,
  lookUp: LookUp,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('account')
    .innerJoin('membership', 'membership.account_id', 'account.id')
    .select('account.id')
    .where('account.email_index', 'in', lookUp)
    .where('membership.workspace_id', '=', workspace)
    .executeTakeFirst()
  return row?.id
}
