import { sql, type Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'
import type { StaffRole, WorkspaceRole } from '../../kernel/permission.ts'
import { isBuiltIn, ROLE_JOBS, STAFF_JOBS } from '../roles/role-table.ts'

/** Stores a workspace. */
export async function insertWorkspace(db: Database, row: Insertable<Tables['workspace']>): Promise<void> {
  await db.insertInto('workspace').values(row).execute()
}

/** Makes an account a member who does the usual work of the role; throws for one that is. */
export async function insertMember(
  db: Database,
  row: {
    readonly account_id: string
    readonly workspace_id: string
    readonly role: WorkspaceRole
    readonly created_at: Date
  },
): Promise<void> {
  const job_function = isBuiltIn(row.role) ? ROLE_JOBS[row.role][0] : null
  await db
    .insertInto('membership')
    .values({ job_function, ...row })
    .execute()
}

/** The workspaces of an account that were not removed, with its role. */
export async function workspacesOf(db: Database, account: string) {
  const rows = await db
    .selectFrom('membership')
    .innerJoin('workspace', 'workspace.id', 'membership.workspace_id')
    .select(['workspace.id', 'workspace.name', 'workspace.sample', 'membership.role'])
    .where('membership.account_id', '=', account)
    .where('membership.suspended_at', 'is', null)
    .where('workspace.removed_at', 'is', null)
    .orderBy('membership.created_at')
    .execute()
  return rows.map((row) => ({ ...row, role: row.role as WorkspaceRole }))
}

/** Every workspace there ever was but `except`, for the protected service. */
export function allWorkspaces(db: Database, except: string) {
  return db
    .selectFrom('workspace')
    .select(['id', 'sample', 'removed_at'])
    .where('id', '!=', except)
    .orderBy('id')
    .execute()
}

/** Whether there is such a workspace, other than `except`, that was not removed. */
export async function isPresent(db: Database, id: string, except: string): Promise<boolean> {
  const row = await db
    .selectFrom('workspace')
    .select('id')
    .where('id', '=', id)
    .where('id', '!=', except)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** Workspaces marked sample that still exist, held until the transaction ends. */
export async function sampleWorkspaces(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('workspace')
    .select('id')
    .where('sample', '=', true)
    .where('removed_at', 'is', null)
    .forUpdate()
    .execute()
  return rows.map((row) => row.id)
}

/** Those of these workspaces that were not removed, held until the transaction ends. */
export async function presentAmong(db: Database, ids: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('workspace')
    .select('id')
    .where((one) => one(sql<string>`id::text`, 'in', [...ids]))
    .where('removed_at', 'is', null)
    .forUpdate()
    .execute()
  return rows.map(({ id }) => id)
}

/** The newest owner of a workspace. */
export async function newestOwner(db: Database, workspace: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('membership')
    .select('account_id')
    .where('workspace_id', '=', workspace)
    .where('role', '=', 'owner')
    .where('suspended_at', 'is', null)
    .orderBy('created_at', 'desc')
    .executeTakeFirst()
  return row?.account_id
}

/** Removes what belongs to a workspace and blanks its name; the row stays, so that the service learns of it. */
export async function clearWorkspace(db: Database, id: string, at: Date): Promise<void> {
  await db.deleteFrom('api_key').where('workspace_id', '=', id).execute()
  await db.deleteFrom('oauth_client').where('workspace_id', '=', id).execute()
  await db.deleteFrom('link').where('workspace_id', '=', id).execute()
  await db.deleteFrom('membership').where('workspace_id', '=', id).execute()
  for (const table of ['role_grant', 'own_role', 'job_function', 'duty_rule', 'permission_use'] as const)
    await db.deleteFrom(table).where('workspace_id', '=', id).execute()
  await db
    .updateTable('workspace')
    .set({ removed_at: at, name: Buffer.alloc(0) })
    .where('id', '=', id)
    .execute()
}

/** Gives, changes or (with null) withdraws a role among the provider's staff. */
export async function setStaffRole(
  db: Database,
  account: string,
  role: StaffRole | null,
  at: Date,
  job: string | null = role === null ? null : STAFF_JOBS[role][0],
): Promise<void> {
  if (role === null) {
    await db.deleteFrom('staff').where('account_id', '=', account).execute()
    return
  }
  await db
    .insertInto('staff')
    .values({ account_id: account, role, created_at: at, job_function: job })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet({ role, job_function: job }))
    .execute()
}

/** Administrators of the provider, oldest first, and whether each has completed set-up with a second factor. */
export async function administrators(db: Database) {
  const rows = await db
    .selectFrom('staff')
    .innerJoin('account', 'account.id', 'staff.account_id')
    .select(({ exists, selectFrom }) => [
      'staff.account_id as id',
      exists(
        selectFrom('second_factor')
          .select('second_factor.id')
          .whereRef('second_factor.account_id', '=', 'staff.account_id'),
      ).as('complete'),
    ])
    .where('staff.role', '=', 'administrator')
    .where('account.disabled_at', 'is', null)
    .where('account.probe', '=', false)
    .orderBy('staff.created_at')
    .orderBy('staff.account_id')
    .execute()
  return rows.map((row) => ({ id: row.id, complete: Boolean(row.complete) }))
}

/** The provider's staff with their sealed faces. */
export function staffMembers(db: Database) {
  return db
    .selectFrom('staff')
    .innerJoin('account', 'account.id', 'staff.account_id')
    .select([
      'account.id',
      'account.email',
      'account.display_name',
      'staff.role',
      'staff.job_function',
      'staff.created_at',
    ])
    .where('account.probe', '=', false)
    .orderBy('staff.created_at')
    .execute()
}
