import { sql } from 'kysely'
import type { Database } from '../../db/index.ts'

/** Stands for what belongs to no workspace. */
export const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** The last day (`2026-01-30`) on which an account used a permission in a workspace. */
export interface UseRow {
  readonly account: string
  readonly workspace: string
  readonly permission: string
  readonly day: string
}

/** Writes last days of use in one statement; a day never goes back, and accounts that are gone are left out. */
export async function writeUses(db: Database, rows: readonly UseRow[]): Promise<void> {
  await sql`
    insert into permission_use (account_id, workspace_id, permission, last_day)
    select used.account, used.workspace, used.permission, used.day
    from unnest(
      ${rows.map((row) => row.account)}::uuid[],
      ${rows.map((row) => row.workspace)}::uuid[],
      ${rows.map((row) => row.permission)}::text[],
      ${rows.map((row) => row.day)}::date[]
    ) as used (account, workspace, permission, day)
    join account on account.id = used.account
    on conflict (account_id, workspace_id, permission)
      do update set last_day = greatest(permission_use.last_day, excluded.last_day)
  `.execute(db)
}

/** The last days of use in a workspace, of one account or of everybody. */
export async function usesIn(db: Database, workspace: string, account?: string): Promise<UseRow[]> {
  return db
    .selectFrom('permission_use')
    .select([
      'account_id as account',
      'workspace_id as workspace',
      'permission',
      sql<string>`last_day::text`.as('day'),
    ])
    .where('workspace_id', '=', workspace)
    .$if(account !== undefined, (query) => query.where('account_id', '=', account ?? ''))
    .execute()
}

/** The members of a workspace with the role each holds now, since when, and since when uses are written down. */
export async function grantedSince(db: Database, workspace: string) {
  return db
    .selectFrom('membership')
    .innerJoin('account', 'account.id', 'membership.account_id')
    .leftJoin('own_role', 'own_role.id', 'membership.own_role_id')
    .leftJoin('role_grant', (join) =>
      join
        .onRef('role_grant.account_id', '=', 'membership.account_id')
        .onRef('role_grant.workspace_id', '=', 'membership.workspace_id')
        .on('role_grant.ended_at', 'is', null),
    )
    .select([
      'membership.account_id as account',
      'membership.role',
      'own_role.permissions',
      'own_role.changed_at as changedAt',
      sql<Date>`greatest(coalesce(role_grant.granted_at, membership.created_at),
        (select applied_at from migration where name = '0046-roles.sql'))`.as('since'),
    ])
    .where('membership.workspace_id', '=', workspace)
    .where('membership.suspended_at', 'is', null)
    .where('account.probe', '=', false)
    .orderBy('membership.created_at')
    .execute()
}

/** Every workspace that exists. */
export async function presentWorkspaces(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('workspace')
    .select('id')
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute()
  return rows.map((row) => row.id)
}
