import { sql, type Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'
import type { Holder, Trial } from '../credentials/credential.ts'

/** Stores a departure; false when the same one is under way. */
export async function insertLeaver(db: Database, row: Insertable<Tables['leaver']>): Promise<boolean> {
  const done = await db
    .insertInto('leaver')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** A departure of this holder that is not finished. */
export async function openLeaver(
  db: Database,
  of: { readonly account: string; readonly workspace: string | null; readonly everywhere: boolean },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('leaver')
    .select('id')
    .where('account_id', '=', of.account)
    .where('workspace_id', of.workspace === null ? 'is' : '=', of.workspace)
    .where('everywhere', '=', of.everywhere)
    .where('finished_at', 'is', null)
    .executeTakeFirst()
  return row?.id
}

/** A departure, held until the transaction ends when `hold` is given. */
export function leaverById(db: Database, id: string, hold = false) {
  const query = db.selectFrom('leaver').selectAll().where('id', '=', id)
  return (hold ? query.forUpdate() : query).executeTakeFirst()
}

/** Departures that nobody finished since `before`, oldest first. */
export async function unfinishedLeavers(db: Database, before: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('leaver')
    .select('id')
    .where('finished_at', 'is', null)
    .where('denied_at', '<=', before)
    .orderBy('denied_at')
    .limit(500)
    .execute()
  return rows.map((row) => row.id)
}

/** Departures of accounts that are to be erased and still are there, since `before`, oldest first; who asked is their cause. */
export function unfinishedErasures(db: Database, before: Date) {
  return db
    .selectFrom('leaver')
    .select(['id', 'account_id as account', 'cause'])
    .where('reason', '=', 'erasure')
    .where('denied_at', '<=', before)
    .orderBy('denied_at')
    .limit(500)
    .execute()
}

/** Whether the erasure of an account was decided and is not over. */
export async function isBeingErased(db: Database, account: string): Promise<boolean> {
  const row = await db
    .selectFrom('leaver')
    .select('id')
    .where('account_id', '=', account)
    .where('reason', '=', 'erasure')
    .executeTakeFirst()
  return row !== undefined
}

/** Sets the flag that every rule asks for first; false when it stood. */
export async function disableAccount(db: Database, account: string, at: Date): Promise<boolean> {
  const done = await db
    .updateTable('account')
    .set({ disabled_at: at })
    .where('id', '=', account)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Takes the flag back. */
export async function enableAccount(db: Database, account: string): Promise<void> {
  await db.updateTable('account').set({ disabled_at: null }).where('id', '=', account).execute()
}

/** Suspends a member; false when there is none or it is suspended already. */
export async function suspendMember(
  db: Database,
  account: string,
  workspace: string,
  at: Date,
): Promise<boolean> {
  const done = await db
    .updateTable('membership')
    .set({ suspended_at: at })
    .where('workspace_id', '=', workspace)
    .where('account_id', '=', account)
    .where('suspended_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The workspaces of an account in which it alone is an owner, held until the transaction ends. */
export async function solelyOwned(db: Database, holder: Holder): Promise<string[]> {
  const { rows } = await sql<{ workspace_id: string }>`
    select workspace.id as workspace_id from workspace
    where workspace.removed_at is null
      and (${holder.workspace ?? null}::uuid is null or workspace.id = ${holder.workspace ?? null}::uuid)
      and exists (
        select from membership where membership.workspace_id = workspace.id
          and membership.account_id = ${holder.account}::uuid and membership.role = 'owner'
      )
      and not exists (
        select from membership other join account on account.id = other.account_id
        where other.workspace_id = workspace.id and other.account_id <> ${holder.account}::uuid
          and other.role = 'owner' and other.suspended_at is null and account.disabled_at is null
      )
    order by workspace.id for update of workspace`.execute(db)
  return rows.map((row) => row.workspace_id)
}

/** Whether an account is a member whom nothing keeps out. */
export async function isActiveMember(db: Database, account: string, workspace: string): Promise<boolean> {
  const row = await db
    .selectFrom('membership')
    .innerJoin('account', 'account.id', 'membership.account_id')
    .select('account.id')
    .where('membership.account_id', '=', account)
    .where('membership.workspace_id', '=', workspace)
    .where('membership.suspended_at', 'is', null)
    .where('account.disabled_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether an account has a membership elsewhere than in `workspace`, or a role among the staff. */
export async function livesElsewhere(db: Database, account: string, workspace: string): Promise<boolean> {
  const { rows } = await sql<{ elsewhere: boolean }>`
    select exists (select from membership join workspace on workspace.id = membership.workspace_id
        where account_id = ${account}::uuid and workspace_id <> ${workspace}::uuid
          and suspended_at is null and workspace.removed_at is null)
      or exists (select from staff where account_id = ${account}::uuid) as elsewhere`.execute(db)
  return rows[0]?.elsewhere === true
}

/** The steps of departures. */
export function stepsOf(db: Database, leavers: readonly string[]) {
  return db
    .selectFrom('leaver_step')
    .selectAll()
    .where('leaver_id', 'in', leavers)
    .orderBy('ended_at')
    .orderBy('kind')
    .execute()
}

/** Notes that a kind of credential was ended. */
export async function insertStep(
  db: Database,
  step: {
    readonly leaver_id: string
    readonly kind: string
    readonly ended_at: Date
    readonly ended: string[]
  },
): Promise<void> {
  await db.insertInto('leaver_step').values(step).execute()
}

/** Notes what came of trying the credentials of a kind. */
export async function noteTrials(
  db: Database,
  leaver: string,
  kind: string,
  trials: readonly Trial[],
  at: Date,
): Promise<void> {
  await db
    .updateTable('leaver_step')
    .set({ tried_at: at, trials: JSON.stringify(trials) })
    .where('leaver_id', '=', leaver)
    .where('kind', '=', kind)
    .execute()
}

/** Changes what is known of a departure. */
export async function updateLeaver(
  db: Database,
  id: string,
  change: {
    readonly reason?: string
    readonly cause?: string
    readonly closed?: boolean
    readonly handed_on_at?: Date
    readonly ownerless?: string[]
    readonly finished_at?: Date
    readonly still_live?: number
  },
): Promise<void> {
  await db.updateTable('leaver').set(change).where('id', '=', id).execute()
}

/** Departures from a workspace, or (null) all, newest first. */
export function listLeavers(db: Database, workspace: string | null, since: Date, limit: number) {
  let query = db
    .selectFrom('leaver')
    .innerJoin('account', 'account.id', 'leaver.account_id')
    .selectAll('leaver')
    .select(['account.email', 'account.display_name'])
    .where('leaver.told_at', '>=', since)
    .where('account.probe', '=', false)
  if (workspace !== null) query = query.where('leaver.workspace_id', '=', workspace)
  return query.orderBy('leaver.told_at', 'desc').limit(limit).execute()
}

/** The last departure of somebody from a workspace that closed the account. */
export async function closedBy(db: Database, account: string, workspace: string): Promise<boolean> {
  const row = await db
    .selectFrom('leaver')
    .select(['workspace_id', 'closed'])
    .where('account_id', '=', account)
    .where('closed', '=', true)
    .orderBy('denied_at', 'desc')
    .executeTakeFirst()
  return row?.workspace_id === workspace
}

/** Whether somebody is a suspended member. */
export async function isSuspended(db: Database, account: string, workspace: string): Promise<boolean> {
  const row = await db
    .selectFrom('membership')
    .select('account_id')
    .where('workspace_id', '=', workspace)
    .where('account_id', '=', account)
    .where('suspended_at', 'is not', null)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * People who left and whom nothing brought back: accounts that are disabled, members who are suspended, and those whom a
 * directory says to be inactive.
 */
export async function leftPeople(db: Database) {
  const { rows } = await sql<{ account_id: string; workspace_id: string | null }>`
    select id as account_id, null::uuid as workspace_id from account where disabled_at is not null
    union
    select account_id, workspace_id from membership where suspended_at is not null
    union
    select account_id, workspace_id from directory_user where not active and account_id is not null
    order by 1, 2 limit 20000`.execute(db)
  return rows
}

/** Seconds from the news to the proof, of each departure since a moment that is finished. */
export async function secondsOfLeavers(
  db: Database,
  workspace: string | null,
  since: Date,
): Promise<number[]> {
  let query = db
    .selectFrom('leaver')
    .innerJoin('account', 'account.id', 'leaver.account_id')
    .select(['told_at', 'finished_at'])
    .where('told_at', '>=', since)
    .where('finished_at', 'is not', null)
    .where('account.probe', '=', false)
  if (workspace !== null) query = query.where('leaver.workspace_id', '=', workspace)
  const rows = await query.execute()
  return rows.flatMap(({ told_at, finished_at }) =>
    finished_at === null ? [] : [(finished_at.getTime() - told_at.getTime()) / 1000],
  )
}

/** How many departures since a moment ended with something that still worked, and how many are under way. */
export async function troubledLeavers(db: Database, workspace: string | null, since: Date) {
  let query = db
    .selectFrom('leaver')
    .innerJoin('account', 'account.id', 'leaver.account_id')
    .select(({ fn }) => [
      fn.countAll<number>().filterWhere('still_live', '>', 0).as('live'),
      fn.countAll<number>().filterWhere('finished_at', 'is', null).as('open'),
    ])
    .where('told_at', '>=', since)
    .where('account.probe', '=', false)
  if (workspace !== null) query = query.where('leaver.workspace_id', '=', workspace)
  return query.executeTakeFirstOrThrow()
}
