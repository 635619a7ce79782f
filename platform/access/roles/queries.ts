import { sql, type Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'
import type { BuiltInRole, OwnRoleId, StaffRole, WorkspaceRole } from '../../kernel/permission.ts'

/** The role that a member holds, as the rows say. */
export interface HeldRole {
  readonly role: WorkspaceRole
  /** What a workspace's own role allows; null for a built-in one. */
  readonly permissions: readonly string[] | null
  readonly jobFunction: string | null
  /** When the role ends, if it was given by an exception. */
  readonly until: Date | null
  readonly suspendedAt: Date | null
  readonly since: Date
}

/** The role of an account in a workspace, suspended members and ended exceptions included. */
export async function heldRole(
  db: Database,
  workspace: string,
  account: string,
): Promise<HeldRole | undefined> {
  const row = await db
    .selectFrom('membership')
    .leftJoin('own_role', 'own_role.id', 'membership.own_role_id')
    .select([
      'membership.role',
      'own_role.permissions',
      'membership.job_function as jobFunction',
      'membership.role_until as until',
      'membership.suspended_at as suspendedAt',
      'membership.created_at as since',
    ])
    .where('membership.workspace_id', '=', workspace)
    .where('membership.account_id', '=', account)
    .executeTakeFirst()
  return row === undefined ? undefined : { ...row, role: row.role as WorkspaceRole }
}

/** Makes an account a member, or gives a member another role. */
export async function putMember(
  db: Database,
  row: {
    readonly account_id: string
    readonly workspace_id: string
    readonly role: WorkspaceRole
    readonly job_function: string | null
    readonly role_until: Date | null
    readonly created_at: Date
  },
): Promise<void> {
  const { role, job_function, role_until } = row
  await db
    .insertInto('membership')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['account_id', 'workspace_id']).doUpdateSet({ role, job_function, role_until }),
    )
    .execute()
}

/** Writes what work a member does and, if told, when the role ends. */
export async function updateJob(
  db: Database,
  workspace: string,
  account: string,
  set: { readonly job_function: string | null; readonly role_until?: Date },
): Promise<void> {
  await db
    .updateTable('membership')
    .set(set)
    .where('workspace_id', '=', workspace)
    .where('account_id', '=', account)
    .execute()
}

/** Stores who was given which role. */
export async function insertGrant(db: Database, row: Insertable<Tables['role_grant']>): Promise<void> {
  await db.insertInto('role_grant').values(row).execute()
}

/** Ends the open grant of an account in a workspace, or among the staff. */
export async function endGrant(
  db: Database,
  of: { readonly account: string; readonly workspace: string | null },
  end: {
    readonly ended_at: Date
    readonly ended_by_kind: string
    readonly ended_by: string
    readonly ended_via: string
  },
): Promise<void> {
  await db
    .updateTable('role_grant')
    .set(end)
    .where('account_id', '=', of.account)
    .where('workspace_id', of.workspace === null ? 'is' : '=', of.workspace)
    .where('ended_at', 'is', null)
    .execute()
}

/** Ends the open grants whose exception is over, and returns them. */
export function endOverdueGrants(
  db: Database,
  end: {
    readonly ended_at: Date
    readonly ended_by_kind: string
    readonly ended_by: string
    readonly ended_via: string
  },
) {
  return db
    .updateTable('role_grant')
    .set(end)
    .where('ended_at', 'is', null)
    .where('exception_until', '<=', end.ended_at)
    .returning(['account_id', 'workspace_id', 'role'])
    .execute()
}

/** Every grant of an account in a workspace (or, with null, among the staff), newest first. */
export function grantsOf(db: Database, account: string, workspace: string | null) {
  return db
    .selectFrom('role_grant')
    .selectAll()
    .where('account_id', '=', account)
    .where('workspace_id', workspace === null ? 'is' : '=', workspace)
    .orderBy('granted_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

/** A role that a workspace made for itself. */
export async function ownRole(db: Database, workspace: string, id: string) {
  const row = await db
    .selectFrom('own_role')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .where(sql<string>`id::text`, '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : { ...row, id: row.id as OwnRoleId }
}

/** Every role that a workspace made for itself, oldest first. */
export async function ownRoles(db: Database, workspace: string) {
  const rows = await db
    .selectFrom('own_role')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({ ...row, id: row.id as OwnRoleId }))
}

/** Stores a role of a workspace's own. */
export async function insertOwnRole(db: Database, row: Insertable<Tables['own_role']>): Promise<void> {
  await db.insertInto('own_role').values(row).execute()
}

/** Changes a role of a workspace's own. */
export async function updateOwnRole(
  db: Database,
  id: string,
  set: {
    readonly name: Buffer
    readonly permissions: string[]
    readonly job_functions: string[]
    readonly changed_at: Date
  },
): Promise<void> {
  await db.updateTable('own_role').set(set).where('id', '=', id).execute()
}

/** Deletes a role of a workspace's own, with the links that named it and lead nowhere any more. */
export async function deleteOwnRole(db: Database, id: string, now: Date): Promise<void> {
  await db
    .deleteFrom('link')
    .where('own_role_id', '=', id)
    .where((or) =>
      or.or([or('used_at', 'is not', null), or('voided_at', 'is not', null), or('expires_at', '<=', now)]),
    )
    .execute()
  await db.deleteFrom('own_role').where('id', '=', id).execute()
}

/** The members of a workspace by role, with the work they do. */
export async function roleHolders(db: Database, workspace: string) {
  const rows = await db
    .selectFrom('membership')
    .select(['account_id as account', 'role', 'job_function as jobFunction', 'role_until as until'])
    .where('workspace_id', '=', workspace)
    .orderBy('created_at')
    .orderBy('account_id')
    .execute()
  return rows.map((row) => ({ ...row, role: row.role as WorkspaceRole }))
}

/** How many open invitations name each role. */
export async function invitedRoles(
  db: Database,
  workspace: string,
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('link')
    .select(({ fn }) => ['role', fn.countAll<number>().as('open')])
    .where('workspace_id', '=', workspace)
    .where('kind', '=', 'invitation')
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', now)
    .groupBy('role')
    .execute()
  return new Map(rows.map((row) => [row.role ?? '', row.open]))
}

/** The kinds of work that a workspace named itself. */
export async function jobFunctionsOf(db: Database, workspace: string) {
  const rows = await db
    .selectFrom('job_function')
    .select(['name', 'roles'])
    .where('workspace_id', '=', workspace)
    .orderBy('name')
    .execute()
  return rows.map((row) => ({ name: row.name, roles: row.roles as BuiltInRole[] }))
}

/** Stores or changes a kind of work of a workspace. */
export async function putJobFunction(
  db: Database,
  row: {
    readonly workspace_id: string
    readonly name: string
    readonly roles: string[]
    readonly created_at: Date
  },
): Promise<void> {
  await db
    .insertInto('job_function')
    .values(row)
    .onConflict((conflict) => conflict.columns(['workspace_id', 'name']).doUpdateSet({ roles: row.roles }))
    .execute()
}

/** Deletes a kind of work of a workspace; false when there is none. */
export async function deleteJobFunction(db: Database, workspace: string, name: string): Promise<boolean> {
  const done = await db
    .deleteFrom('job_function')
    .where('workspace_id', '=', workspace)
    .where('name', '=', name)
    .executeTakeFirst()
  return done.numDeletedRows === 1n
}

/** Two permissions that a workspace keeps apart, by its own rules. */
export function dutyRulesOf(db: Database, workspace: string) {
  return db
    .selectFrom('duty_rule')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

/** Stores a rule; false when the workspace keeps these two apart already. */
export async function insertDutyRule(db: Database, row: Insertable<Tables['duty_rule']>): Promise<boolean> {
  const done = await db
    .insertInto('duty_rule')
    .values(row)
    .onConflict((conflict) => conflict.columns(['workspace_id', 'one', 'other']).doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Deletes a rule of a workspace; false when there is none. */
export async function deleteDutyRule(db: Database, workspace: string, id: string): Promise<boolean> {
  const done = await db
    .deleteFrom('duty_rule')
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .executeTakeFirst()
  return done.numDeletedRows === 1n
}

/** The staff role of an account with the work that the person does. */
export async function staffOf(db: Database, account: string) {
  const row = await db
    .selectFrom('staff')
    .select(['role', 'job_function as jobFunction', 'created_at as since'])
    .where('account_id', '=', account)
    .executeTakeFirst()
  return row === undefined ? undefined : { ...row, role: row.role as StaffRole }
}

/** Holds an account's row, so that what somebody holds altogether is decided by one at a time. */
export async function lockAccount(db: Database, account: string): Promise<void> {
  await db.selectFrom('account').select('id').where('id', '=', account).forNoKeyUpdate().executeTakeFirst()
}

/** What elevations that were given and not ended allow an account at `now`. */
export async function elevatedNow(db: Database, account: string, now: Date) {
  return db
    .selectFrom('elevation')
    .select(['permissions', 'expires_at'])
    .where('account_id', '=', account)
    .where('granted_at', 'is not', null)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('expires_at', 'desc')
    .execute()
}
