import { sql, type Insertable } from 'kysely'
import { holdLookUp, type Database, type Tables } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'
import { narrowed, type Narrow } from './narrow-queries.ts'

/** The tables that hold resources. */
export type ResourceTable = 'directory_user' | 'directory_group'

/** A person or a group as stored. */
export interface ResourceRow {
  readonly id: string
  readonly content: Buffer
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
}

/** A person as stored. */
export interface UserRow extends ResourceRow {
  readonly account_id: string | null
  readonly account_email_index: Buffer | null
  readonly active: boolean
}

/** A group as stored. */
export interface GroupRow extends ResourceRow {
  readonly role: string | null
}

const USER_COLUMNS = [
  'id',
  'content',
  'version',
  'created_at',
  'updated_at',
  'account_id',
  'account_email_index',
  'active',
] as const
const GROUP_COLUMNS = ['id', 'content', 'version', 'created_at', 'updated_at', 'role'] as const

/** Stores a person; false when the workspace's directory has one of that name. */
export async function insertUser(
  db: Database,
  row: Omit<Insertable<Tables['directory_user']>, 'user_name_index'> & { readonly user_name_index: LookUp },
): Promise<boolean> {
  const { user_name_index: lookUp } = row
  await holdLookUp(db, lookUp)
  if (lookUp.length > 1 && (await userNameTaken(db, row.workspace_id, lookUp, null))) return false
  const done = await db
    .insertInto('directory_user')
    .values({ ...row, user_name_index: lookUp[0] })
    .onConflict((conflict) => conflict.columns(['workspace_id', 'user_name_index']).doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** A person of a workspace's directory, held until the transaction ends when `hold` is given. */
export function userById(
  db: Database,
  workspace: string,
  id: string,
  hold = false,
): Promise<UserRow | undefined> {
  const query = db
    .selectFrom('directory_user')
    .select(USER_COLUMNS)
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
  return (hold ? query.forUpdate() : query).executeTakeFirst()
}

/** Whether somebody of the workspace, other than `but`, has this name. */
export async function userNameTaken(
  db: Database,
  workspace: string,
  lookUp: LookUp,
  but: string | null,
): Promise<boolean> {
  const named = db
    .selectFrom('directory_user')
    .select('id')
    .where('workspace_id', '=', workspace)
    .where('user_name_index', 'in', lookUp)
  const row = await (but === null ? named : named.where('id', '!=', but)).executeTakeFirst()
  return row !== undefined
}

/** Changes a person. */
export async function updateUser(
  db: Database,
  id: string,
  change: Partial<Insertable<Tables['directory_user']>>,
): Promise<void> {
  await db.updateTable('directory_user').set(change).where('id', '=', id).execute()
}

/** Forgets a person. */
export async function deleteUser(db: Database, id: string): Promise<void> {
  await db.deleteFrom('directory_user').where('id', '=', id).execute()
}

/** The account of a member of a workspace, by address, if no person of the directory is joined with it. */
export async function freeMemberByEmail(
  db: Database,
  workspace: string,
  lookUp: LookUp,
): Promise<{ account: string; suspended: boolean } | undefined> {
  const row = await db
    .selectFrom('account')
    .innerJoin('membership', 'membership.account_id', 'account.id')
    .select(['account.id', 'account.disabled_at', 'membership.suspended_at'])
    .where('account.email_index', 'in', lookUp)
    .where('membership.workspace_id', '=', workspace)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('directory_user')
            .select('directory_user.id')
            .whereRef('directory_user.account_id', '=', 'account.id')
            .where('directory_user.workspace_id', '=', workspace),
        ),
      ),
    )
    .executeTakeFirst()
  if (row === undefined) return undefined
  return { account: row.id, suspended: row.suspended_at !== null || row.disabled_at !== null }
}

/** The oldest person of a directory with this address who is not joined with an account yet. */
export async function waitingUser(
  db: Database,
  workspace: string,
  lookUp: LookUp,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('directory_user')
    .select('id')
    .where('workspace_id', '=', workspace)
    .where('account_email_index', 'in', lookUp)
    .where('account_id', 'is', null)
    .orderBy('id')
    .executeTakeFirst()
  return row?.id
}

/** Stores a group. */
export async function insertGroup(db: Database, row: Insertable<Tables['directory_group']>): Promise<void> {
  await db.insertInto('directory_group').values(row).execute()
}

/** A group of a workspace's directory, held until the transaction ends when `hold` is given. */
export function groupById(
  db: Database,
  workspace: string,
  id: string,
  hold = false,
): Promise<GroupRow | undefined> {
  const query = db
    .selectFrom('directory_group')
    .select(GROUP_COLUMNS)
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
  return (hold ? query.forUpdate() : query).executeTakeFirst()
}

/** Changes a group. */
export async function updateGroup(
  db: Database,
  id: string,
  change: Partial<Insertable<Tables['directory_group']>>,
): Promise<void> {
  await db.updateTable('directory_group').set(change).where('id', '=', id).execute()
}

/** Forgets a group. */
export async function deleteGroup(db: Database, id: string): Promise<void> {
  await db.deleteFrom('directory_group').where('id', '=', id).execute()
}

/** The members of groups. */
export async function membersOf(db: Database, groups: readonly string[]) {
  if (groups.length === 0) return []
  return db
    .selectFrom('directory_member')
    .select(['group_id', 'user_id', 'display'])
    .where('group_id', 'in', groups)
    .orderBy('user_id')
    .execute()
}

/** Which of these are people of the workspace's directory. */
export async function knownUsers(
  db: Database,
  workspace: string,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('directory_user')
    .select('id')
    .where('workspace_id', '=', workspace)
    .where(sql<boolean>`id = any(${[...ids]}::uuid[])`)
    .execute()
  return new Set(rows.map((row) => row.id))
}

/** Adds members, or changes how they are shown. */
export async function putMembers(
  db: Database,
  rows: readonly { workspace_id: string; group_id: string; user_id: string; display: Buffer | null }[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += 1000)
    await db
      .insertInto('directory_member')
      .values(rows.slice(at, at + 1000))
      .onConflict((conflict) =>
        conflict
          .columns(['group_id', 'user_id'])
          .doUpdateSet((row) => ({ display: row.ref('excluded.display') })),
      )
      .execute()
}

/** Takes members out of a group. */
export async function deleteMembers(db: Database, group: string, users: readonly string[]): Promise<void> {
  if (users.length === 0) return
  await db
    .deleteFrom('directory_member')
    .where('group_id', '=', group)
    .where(sql<boolean>`user_id = any(${[...users]}::uuid[])`)
    .execute()
}

/** The groups of people, with the role that each gives. */
export async function groupsOf(db: Database, users: readonly string[]) {
  if (users.length === 0) return []
  return db
    .selectFrom('directory_member')
    .innerJoin('directory_group', 'directory_group.id', 'directory_member.group_id')
    .select([
      'directory_member.user_id',
      'directory_group.id',
      'directory_group.role',
      'directory_group.content',
    ])
    .where(sql<boolean>`directory_member.user_id = any(${[...users]}::uuid[])`)
    .orderBy('directory_group.id')
    .execute()
}

/** How many resources of a workspace can meet a filter. */
export async function countResources(
  db: Database,
  table: ResourceTable,
  workspace: string,
  where: Narrow,
): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('workspace_id', '=', workspace)
    .where(narrowed(where))
    .executeTakeFirstOrThrow()
  return row.count
}

/** Where a page of resources begins and how long it is. */
export interface PageOf {
  readonly order: 'id' | 'updated_at'
  readonly descending: boolean
  readonly after: string | null
  readonly offset: number
  readonly limit: number
}

/** A page of the people of a workspace that can meet a filter. */
export function pageOfUsers(
  db: Database,
  workspace: string,
  where: Narrow,
  page: PageOf,
): Promise<UserRow[]> {
  const { order, descending, after, offset, limit } = page
  const direction = descending ? 'desc' : 'asc'
  let query = db
    .selectFrom('directory_user')
    .select(USER_COLUMNS)
    .where('workspace_id', '=', workspace)
    .where(narrowed(where))
  if (after !== null) query = query.where('id', descending ? '<' : '>', after)
  return query.orderBy(order, direction).orderBy('id', direction).offset(offset).limit(limit).execute()
}

/** A page of the groups of a workspace that can meet a filter. */
export function pageOfGroups(
  db: Database,
  workspace: string,
  where: Narrow,
  page: PageOf,
): Promise<GroupRow[]> {
  const { order, descending, after, offset, limit } = page
  const direction = descending ? 'desc' : 'asc'
  let query = db
    .selectFrom('directory_group')
    .select(GROUP_COLUMNS)
    .where('workspace_id', '=', workspace)
    .where(narrowed(where))
  if (after !== null) query = query.where('id', descending ? '<' : '>', after)
  return query.orderBy(order, direction).orderBy('id', direction).offset(offset).limit(limit).execute()
}

/** How many members each group of a workspace has. */
export async function memberCounts(db: Database, workspace: string): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('directory_member')
    .innerJoin('directory_group', 'directory_group.id', 'directory_member.group_id')
    .select(({ fn }) => ['directory_group.id', fn.countAll<number>().as('members')])
    .where('directory_group.workspace_id', '=', workspace)
    .groupBy('directory_group.id')
    .execute()
  return new Map(rows.map((row) => [row.id, row.members]))
}

/** Forgets people of a workspace's directory who were made before a moment, for checks that were cut off. */
export async function deleteUsersOf(db: Database, workspace: string, before: Date): Promise<void> {
  await db
    .deleteFrom('directory_user')
    .where('workspace_id', '=', workspace)
    .where('created_at', '<', before)
    .execute()
}
