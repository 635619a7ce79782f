import { sql } from 'kysely'
import type { Database } from '../../db/index.ts'
import type { BuiltInRole, StaffRole, WorkspaceRole } from '../../kernel/permission.ts'

/** Every role in a workspace that counts at `now`; of accounts that checks made only the one named. */
export async function heldRoles(db: Database, now: Date, probe: string | null) {
  const rows = await db
    .selectFrom('membership')
    .innerJoin('account', 'account.id', 'membership.account_id')
    .innerJoin('workspace', 'workspace.id', 'membership.workspace_id')
    .leftJoin('own_role', 'own_role.id', 'membership.own_role_id')
    .leftJoin('role_grant', (join) =>
      join
        .onRef('role_grant.account_id', '=', 'membership.account_id')
        .onRef('role_grant.workspace_id', '=', 'membership.workspace_id')
        .on('role_grant.ended_at', 'is', null),
    )
    .select([
      'membership.account_id as account',
      'membership.workspace_id as workspace',
      'membership.role',
      'membership.job_function as job',
      'membership.role_until as until',
      'own_role.permissions',
      'own_role.job_functions as jobs',
      'role_grant.role as granted',
      'role_grant.exception_until as exceptionUntil',
      'account.probe',
    ])
    .where('workspace.removed_at', 'is', null)
    .where('membership.suspended_at', 'is', null)
    .where((or) => or.or([or('membership.role_until', 'is', null), or('membership.role_until', '>', now)]))
    .where((or) =>
      or.or([or('account.probe', '=', false), ...(probe === null ? [] : [or('account.id', '=', probe)])]),
    )
    .execute()
  return rows.map((row) => ({ ...row, role: row.role as WorkspaceRole }))
}

/** Every role among the provider's staff, with the role that was written down as given. */
export async function heldStaffRoles(db: Database, probe: string | null) {
  const rows = await db
    .selectFrom('staff')
    .innerJoin('account', 'account.id', 'staff.account_id')
    .leftJoin('role_grant', (join) =>
      join
        .onRef('role_grant.account_id', '=', 'staff.account_id')
        .on('role_grant.workspace_id', 'is', null)
        .on('role_grant.ended_at', 'is', null),
    )
    .select([
      'staff.account_id as account',
      'staff.role',
      'staff.job_function as job',
      'role_grant.role as granted',
      'account.probe',
    ])
    .where((or) =>
      or.or([or('account.probe', '=', false), ...(probe === null ? [] : [or('account.id', '=', probe)])]),
    )
    .execute()
  return rows.map((row) => ({ ...row, role: row.role as StaffRole }))
}

/** What accounts hold by elevations at `now`. */
export function heldElevations(db: Database, now: Date) {
  return db
    .selectFrom('elevation')
    .select(['account_id as account', 'permissions'])
    .where('granted_at', 'is not', null)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .execute()
}

/** The kinds of work that workspaces named, with the built-in roles for each. */
export async function namedJobs(db: Database) {
  const rows = await db
    .selectFrom('job_function')
    .select(['workspace_id as workspace', 'name', 'roles'])
    .execute()
  return rows.map((row) => ({ ...row, roles: row.roles as BuiltInRole[] }))
}

/** The duties that workspaces keep apart themselves. */
export function keptApart(db: Database) {
  return db.selectFrom('duty_rule').select(['id', 'workspace_id as workspace', 'one', 'other']).execute()
}

/** Every list of permissions that something grants, with where it stands; of roles of `probes` only the one named. */
export async function grantedNames(db: Database, probes: string, role: string | null) {
  const { rows } = await sql<{ where: string; names: string[] }>`
    select 'role ' || id as "where", permissions as names from own_role
      where workspace_id <> ${probes} or id = ${role}
    union all select 'elevation ' || id, permissions from elevation where ended_at is null
    union all select 'API key ' || id, scopes from api_key where revoked_at is null
  `.execute(db)
  return rows
}
