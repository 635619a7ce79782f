import { sql } from 'kysely'
import type { Database } from '../../db/index.ts'
import type { StaffRole } from '../../kernel/permission.ts'
import { STAFF_ROLES, WORKSPACE_ROLES } from '../roles/roles.ts'
import type { Reviewer } from './reviewers.ts'
import type { Grant } from './snapshot.ts'

/** What a review is of: a workspace, or (null) the provider's staff; a check reviews its own probes alone. */
export interface Scope {
  readonly workspace: string | null
  readonly probe: boolean
}

type Row = Omit<Grant, 'change' | 'before'>

/** The members of a workspace with their roles. */
async function memberGrants(db: Database, { workspace, probe }: Scope): Promise<Row[]> {
  const { rows } = await sql<{
    account: string
    role: string
    own: string[] | null
    job: string | null
    granted_by: string | null
    granted_at: Date
    until: Date | null
    used: Date | null
  }>`
    select membership.account_id as account, membership.role, own_role.permissions as own,
      membership.job_function as job, role_grant.granted_by_kind || ' ' || role_grant.granted_by as granted_by,
      coalesce(role_grant.granted_at, membership.created_at) as granted_at, membership.role_until as until,
      greatest(
        (select max(last_seen_at) from session
          where account_id = membership.account_id and workspace_id = membership.workspace_id),
        (select max(last_day) from permission_use
          where account_id = membership.account_id and workspace_id = membership.workspace_id)
      ) as used
    from membership join account on account.id = membership.account_id
    left join own_role on own_role.id = membership.own_role_id
    left join role_grant on role_grant.account_id = membership.account_id
      and role_grant.workspace_id = membership.workspace_id and role_grant.ended_at is null
    where membership.workspace_id = ${workspace}::uuid and account.probe = ${probe}
    order by membership.created_at, membership.account_id`.execute(db)
  return rows.map((row) => ({
    kind: 'membership',
    account: row.account,
    target: row.account,
    role: row.role,
    permissions: row.own ?? [...(WORKSPACE_ROLES[row.role as keyof typeof WORKSPACE_ROLES] ?? [])],
    jobFunction: row.job,
    grantedBy: row.granted_by ?? '',
    grantedAt: row.granted_at.toISOString(),
    expiresAt: row.until?.toISOString() ?? null,
    lastUsedAt: row.used?.toISOString() ?? null,
  }))
}

/** The provider's staff with their roles. */
async function staffGrants(db: Database, { probe }: Scope): Promise<Row[]> {
  const { rows } = await sql<{
    account: string
    role: StaffRole
    job: string | null
    granted_by: string | null
    granted_at: Date
    used: Date | null
  }>`
    select staff.account_id as account, staff.role, staff.job_function as job,
      role_grant.granted_by_kind || ' ' || role_grant.granted_by as granted_by,
      coalesce(role_grant.granted_at, staff.created_at) as granted_at,
      (select max(last_seen_at) from session where account_id = staff.account_id) as used
    from staff join account on account.id = staff.account_id
    left join role_grant on role_grant.account_id = staff.account_id
      and role_grant.workspace_id is null and role_grant.ended_at is null
    where account.probe = ${probe}
    order by staff.created_at, staff.account_id`.execute(db)
  return rows.map((row) => ({
    kind: 'staff',
    account: row.account,
    target: row.account,
    role: row.role,
    permissions: [...STAFF_ROLES[row.role]],
    jobFunction: row.job,
    grantedBy: row.granted_by ?? '',
    grantedAt: row.granted_at.toISOString(),
    expiresAt: null,
    lastUsedAt: row.used?.toISOString() ?? null,
  }))
}

/** Keys and OAuth 2.0 clients that can still be used. */
async function programGrants(db: Database, { workspace, probe }: Scope, now: Date): Promise<Row[]> {
  const { rows } = await sql<{
    kind: 'api-key' | 'client'
    target: string
    account: string
    scopes: string[]
    created_at: Date
    expires_at: Date
    used: Date | null
  }>`
    select grants.* from (
      select 'api-key' as kind, id as target, account_id as account, scopes, created_at, expires_at, last_used_at as used
        from api_key where workspace_id = ${workspace}::uuid and revoked_at is null and expires_at > ${now}
      union all
      select 'client', id, account_id, scopes, created_at, expires_at, last_used_at
        from oauth_client where workspace_id = ${workspace}::uuid and revoked_at is null and expires_at > ${now}
    ) grants join account on account.id = grants.account
    where account.probe = ${probe}
    order by grants.created_at, grants.target`.execute(db)
  return rows.map((row) => ({
    kind: row.kind,
    account: row.account,
    target: row.target,
    role: null,
    permissions: [...row.scopes].toSorted(),
    jobFunction: null,
    grantedBy: `account ${row.account}`,
    grantedAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    lastUsedAt: row.used?.toISOString() ?? null,
  }))
}

/** Every grant of a scope now, in a fixed order: people first, then programs. Policy 3.2-b. */
export async function readGrants(db: Database, scope: Scope, now: Date): Promise<Row[]> {
  if (scope.workspace === null) return staffGrants(db, scope)
  return [...(await memberGrants(db, scope)), ...(await programGrants(db, scope, now))]
}

/** Who may review in a scope now, oldest first. */
export async function possibleReviewers(db: Database, { workspace, probe }: Scope): Promise<Reviewer[]> {
  const { rows } =
    workspace === null
      ? await sql<Reviewer>`
        select staff.account_id as account, staff.role from staff join account on account.id = staff.account_id
        where staff.role in ('administrator', 'security-officer') and account.disabled_at is null
          and account.probe = ${probe} order by staff.created_at, staff.account_id`.execute(db)
      : await sql<Reviewer>`
        select membership.account_id as account, membership.role from membership
        join account on account.id = membership.account_id
        where membership.workspace_id = ${workspace}::uuid and membership.role in ('owner', 'admin')
          and membership.suspended_at is null and membership.role_until is null
          and account.disabled_at is null and account.probe = ${probe}
        order by membership.created_at, membership.account_id`.execute(db)
  return rows
}
