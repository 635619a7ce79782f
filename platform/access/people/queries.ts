import { sql, type Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'

/** Held while first-administrator links are made or used, so that there is one at a time. */
const FIRST_LINK_LOCK = 0x5ec0_0002

/** Lets only one transaction at a time decide about the first administrator. */
export async function lockFirstLinks(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(${FIRST_LINK_LOCK}::bigint)`.execute(db)
}

/** Holds a workspace, so that changes of its members happen one after another; false when it is removed. */
export async function lockWorkspace(db: Database, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('workspace')
    .select('id')
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return row !== undefined
}

/** Holds every workspace that an account is a member of, and one more, in the order of their ids: workspaces come before accounts. */
export async function lockWorkspacesOf(db: Database, account: string, also: string | null): Promise<void> {
  await db
    .selectFrom('workspace')
    .select('id')
    .where((either) =>
      either.or([
        either('id', 'in', (member) =>
          member.selectFrom('membership').select('workspace_id').where('account_id', '=', account),
        ),
        either('id', '=', also),
      ]),
    )
    .orderBy('id')
    .forUpdate()
    .execute()
}

/** Stores a link. */
export async function insertLink(db: Database, row: Insertable<Tables['link']>): Promise<void> {
  await db.insertInto('link').values(row).execute()
}

/** Makes unused first-administrator links worthless. */
export async function voidFirstLinks(db: Database, at: Date): Promise<void> {
  await db
    .updateTable('link')
    .set({ voided_at: at })
    .where('kind', '=', 'first-administrator')
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .execute()
}

/** Makes unused invitations of a workspace worthless: all to one address, or one by its id; tells how many. */
export async function voidInvitations(
  db: Database,
  workspace: string,
  which: { readonly id: string } | { readonly emailLookUp: LookUp },
  at: Date,
): Promise<number> {
  const query = db
    .updateTable('link')
    .set({ voided_at: at })
    .where('workspace_id', '=', workspace)
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
  const done = await (
    'id' in which ? query.where('id', '=', which.id) : query.where('email_index', 'in', which.emailLookUp)
  ).executeTakeFirst()
  return Number(done.numUpdatedRows)
}

/** A link that can still be used at `now`. */
export function usableLink(db: Database, tokenHash: Buffer, now: Date) {
  return db
    .selectFrom('link')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** Uses a link up; false when somebody else was first or it expired. */
export async function useLink(db: Database, id: string, now: Date): Promise<boolean> {
  const done = await db
    .updateTable('link')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Invitations to a workspace that were not used yet. */
export function openInvitations(db: Database, workspace: string, now: Date) {
  return db
    .selectFrom('link')
    .select(['id', 'workspace_id', 'role', 'job_function', 'email', 'expires_at', 'made_by'])
    .where('workspace_id', '=', workspace)
    .where('kind', '=', 'invitation')
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('created_at')
    .execute()
}

/** How many second factors each of these accounts has; those without any are left out. */
export async function factorCounts(
  db: Database,
  accounts: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (accounts.length === 0) return new Map()
  const rows = await db
    .selectFrom('second_factor')
    .select(({ fn }) => ['account_id', fn.countAll<number>().as('factors')])
    .where('account_id', 'in', accounts)
    .groupBy('account_id')
    .execute()
  return new Map(rows.map((row) => [row.account_id ?? '', row.factors]))
}

/** The members of a workspace with their sealed faces. */
export function members(db: Database, workspace: string) {
  return db
    .selectFrom('membership')
    .innerJoin('account', 'account.id', 'membership.account_id')
    .select([
      'account.id',
      'account.email',
      'account.display_name',
      'membership.role',
      'membership.job_function',
      'membership.role_until',
      'membership.suspended_at',
      'membership.created_at',
    ])
    .where('membership.workspace_id', '=', workspace)
    .where('account.probe', '=', false)
    .orderBy('membership.created_at')
    .execute()
}

/** Members, but for one, who have a session in the workspace. */
export async function membersSignedIn(
  db: Database,
  workspace: string,
  except: string,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('session')
    .innerJoin('membership', (join) =>
      join
        .onRef('membership.account_id', '=', 'session.account_id')
        .onRef('membership.workspace_id', '=', 'session.workspace_id'),
    )
    .select('session.account_id')
    .distinct()
    .where('session.workspace_id', '=', workspace)
    .where('session.account_id', '!=', except)
    .where('session.ended_at', 'is', null)
    .execute()
  return rows.map((row) => row.account_id)
}

/** How many owners a workspace has who are neither suspended nor disabled. */
export async function ownerCount(db: Database, workspace: string): Promise<number> {
  const row = await db
    .selectFrom('membership')
    .innerJoin('account', 'account.id', 'membership.account_id')
    .select(({ fn }) => fn.countAll<number>().as('owners'))
    .where('membership.workspace_id', '=', workspace)
    .where('membership.role', '=', 'owner')
    .where('membership.suspended_at', 'is', null)
    .where('account.disabled_at', 'is', null)
    .executeTakeFirstOrThrow()
  return row.owners
}

/** Suspends a member, or (with null) lets a suspended one in again. */
export async function setSuspended(
  db: Database,
  workspace: string,
  account: string,
  at: Date | null,
): Promise<void> {
  await db
    .updateTable('membership')
    .set({ suspended_at: at })
    .where('workspace_id', '=', workspace)
    .where('account_id', '=', account)
    .execute()
}

/** Ends a membership. */
export async function deleteMember(db: Database, workspace: string, account: string): Promise<void> {
  await db
    .deleteFrom('membership')
    .where('workspace_id', '=', workspace)
    .where('account_id', '=', account)
    .execute()
}

/** The staff role of an account, held until the transaction ends. */
export async function lockStaffRole(db: Database, account: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('staff')
    .select('role')
    .where('account_id', '=', account)
    .forUpdate()
    .executeTakeFirst()
  return row?.role
}

/** Deletes links that ended before `before`. */
export async function deleteOldLinks(db: Database, before: Date): Promise<void> {
  await db.deleteFrom('link').where('expires_at', '<', before).execute()
}
