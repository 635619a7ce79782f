import type { Insertable } from 'kysely'
import { holdLookUp, type Database, type Tables } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'

/** A connection of a workspace that was not removed. */
export function connectionOf(db: Database, workspace: string) {
  return connections(db).where('upstream_connection.workspace_id', '=', workspace).executeTakeFirst()
}

/** The same by its id. */
export function connectionById(db: Database, id: string) {
  return connections(db).where('upstream_connection.id', '=', id).executeTakeFirst()
}

function connections(db: Database) {
  return db
    .selectFrom('upstream_connection')
    .innerJoin('workspace', 'workspace.id', 'upstream_connection.workspace_id')
    .where('workspace.removed_at', 'is', null)
    .selectAll('upstream_connection')
}

/** Stores or replaces the connection of a workspace. */
export async function storeConnection(
  db: Database,
  row: Insertable<Tables['upstream_connection']>,
): Promise<void> {
  const { id: _, workspace_id: __, created_at: ___, ...changed } = row
  await db
    .insertInto('upstream_connection')
    .values(row)
    .onConflict((conflict) => conflict.column('workspace_id').doUpdateSet(changed))
    .execute()
}

/** Removes the connection of a workspace with every link; tells whether there was one. */
export async function deleteConnection(db: Database, workspace: string): Promise<boolean> {
  const done = await db
    .deleteFrom('upstream_connection')
    .where('workspace_id', '=', workspace)
    .executeTakeFirst()
  return done.numDeletedRows === 1n
}

/** Stores a way to the provider. */
export async function insertAttempt(
  db: Database,
  row: Insertable<Tables['upstream_attempt']>,
): Promise<void> {
  await db.insertInto('upstream_attempt').values(row).execute()
}

/** Takes a way that came back, in the browser that began it; it is gone then. */
export function takeAttempt(db: Database, stateHash: Buffer, browserHash: Buffer, now: Date) {
  return db
    .deleteFrom('upstream_attempt')
    .where('state_hash', '=', stateHash)
    .where('browser_hash', '=', browserHash)
    .where('expires_at', '>', now)
    .returning(['connection_id', 'session_id', 'secrets'])
    .executeTakeFirst()
}

/** Forgets ways that nobody came back on. */
export async function deleteOldAttempts(db: Database, before: Date): Promise<void> {
  await db.deleteFrom('upstream_attempt').where('expires_at', '<', before).execute()
}

/** Live links, with what decides whether they open anything: an enabled account that is a member of the workspace. */
function liveLinks(db: Database) {
  return db
    .selectFrom('upstream_link')
    .innerJoin('upstream_connection', 'upstream_connection.id', 'upstream_link.connection_id')
    .innerJoin('workspace', 'workspace.id', 'upstream_connection.workspace_id')
    .innerJoin('account', 'account.id', 'upstream_link.account_id')
    .innerJoin('membership', (join) =>
      join
        .onRef('membership.account_id', '=', 'upstream_link.account_id')
        .onRef('membership.workspace_id', '=', 'upstream_connection.workspace_id'),
    )
    .where('upstream_link.ended_at', 'is', null)
    .where('workspace.removed_at', 'is', null)
    .where('account.disabled_at', 'is', null)
    .select([
      'upstream_link.id',
      'upstream_link.account_id',
      'upstream_link.connection_id',
      'upstream_link.created_at',
      'upstream_link.last_used_at',
      'upstream_connection.issuer',
      'upstream_connection.workspace_id',
    ])
}

/** Whom a provider means. */
export function linkBySubject(db: Database, connection: string, lookUp: LookUp) {
  return liveLinks(db)
    .where('upstream_link.connection_id', '=', connection)
    .where('upstream_link.subject_index', 'in', lookUp)
    .executeTakeFirst()
}

/** The live links of a person. */
export function linksOfAccount(db: Database, account: string) {
  return liveLinks(db)
    .where('upstream_link.account_id', '=', account)
    .orderBy('upstream_link.created_at')
    .execute()
}

/** Those of these links that still open something. */
export async function liveAmong(db: Database, ids: readonly string[]): Promise<Set<string>> {
  const rows = await liveLinks(db).where('upstream_link.id', 'in', ids).execute()
  return new Set(rows.map((row) => row.id))
}

/** Stores a link; false when person or subject has one already. */
export async function insertLink(
  db: Database,
  row: Omit<Insertable<Tables['upstream_link']>, 'subject_index'> & { readonly subject_index: LookUp },
): Promise<boolean> {
  const { subject_index: lookUp } = row
  await holdLookUp(db, lookUp)
  if (lookUp.length > 1 && (await isLinked(db, row.connection_id, lookUp))) return false
  const done = await db
    .insertInto('upstream_link')
    .values({ ...row, subject_index: lookUp[0] })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

async function isLinked(db: Database, connection: string, lookUp: LookUp): Promise<boolean> {
  const row = await db
    .selectFrom('upstream_link')
    .select('id')
    .where('connection_id', '=', connection)
    .where('subject_index', 'in', lookUp)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** Notes that a link was used; one from before subjects were sealed beside their indexes gets its own. */
export async function touchLink(db: Database, id: string, at: Date, subject: Buffer): Promise<void> {
  await db
    .updateTable('upstream_link')
    .set((one) => ({ last_used_at: at, subject: one.fn.coalesce('subject', one.val(subject)) }))
    .where('id', '=', id)
    .execute()
}

/** Ends live links, of a person, in a workspace or a single one, and returns their ids. */
export async function endLinks(
  db: Database,
  which: { readonly account?: string; readonly workspace?: string; readonly id?: string },
  at: Date,
): Promise<string[]> {
  let query = db.updateTable('upstream_link').set({ ended_at: at }).where('ended_at', 'is', null)
  const { account, workspace, id } = which
  if (account !== undefined) query = query.where('account_id', '=', account)
  if (id !== undefined) query = query.where('id', '=', id)
  if (workspace !== undefined)
    query = query.where('connection_id', 'in', (own) =>
      own.selectFrom('upstream_connection').select('id').where('workspace_id', '=', workspace),
    )
  return (await query.returning('id').execute()).map((row) => row.id)
}

/** The live full session of a member who wants to link, with the account. */
export function linkingSession(db: Database, session: string, workspace: string) {
  return db
    .selectFrom('session')
    .innerJoin('account', 'account.id', 'session.account_id')
    .innerJoin('membership', 'membership.account_id', 'account.id')
    .select(['account.id', 'account.email_index'])
    .where('session.id', '=', session)
    .where('session.level', '=', 'full')
    .where('session.ended_at', 'is', null)
    .where('account.disabled_at', 'is', null)
    .where('membership.workspace_id', '=', workspace)
    .executeTakeFirst()
}

/** In how many workspaces somebody is, and whether among the provider's staff. */
export async function reachOf(
  db: Database,
  account: string,
): Promise<{ readonly workspaces: number; readonly staff: boolean }> {
  const row = await db
    .selectFrom('account')
    .select(({ selectFrom, exists }) => [
      selectFrom('membership')
        .whereRef('membership.account_id', '=', 'account.id')
        .select(({ fn }) => fn.countAll<number>().as('workspaces'))
        .as('workspaces'),
      exists(selectFrom('staff').whereRef('staff.account_id', '=', 'account.id').select('staff.role')).as(
        'staff',
      ),
    ])
    .where('id', '=', account)
    .executeTakeFirstOrThrow()
  return { workspaces: row.workspaces ?? 0, staff: Boolean(row.staff) }
}
