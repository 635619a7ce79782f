import { sql, type Insertable, type Updateable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'
import type { Scope } from './grant-queries.ts'

/** A scope with how many people it has, since when there are two, and when its last review opened. */
export interface ScopeState {
  readonly workspace: string | null
  readonly people: number
  readonly secondSince: Date | null
  readonly lastOpened: Date | null
  readonly open: boolean
}

/** Every scope of people: workspaces that are no samples, and the provider's staff. */
export async function scopeStates(db: Database): Promise<ScopeState[]> {
  const { rows } = await sql<ScopeState>`
    with people as (
      select membership.workspace_id as workspace, account.id, membership.created_at as since
        from membership join account on account.id = membership.account_id
        join workspace on workspace.id = membership.workspace_id
        where workspace.removed_at is null and not workspace.sample and not account.probe
      union all
      select null, account.id, staff.created_at from staff join account on account.id = staff.account_id
        where not account.probe
    ), scopes as (
      select workspace, count(*)::int as people, (array_agg(since order by since))[2] as "secondSince"
        from people group by workspace
    )
    select scopes.*,
      (select max(opened_at) from review_campaign c
        where c.workspace_id is not distinct from scopes.workspace and not c.probe) as "lastOpened",
      exists (select 1 from review_campaign c
        where c.workspace_id is not distinct from scopes.workspace and not c.probe and c.closed_at is null) as open
    from scopes order by scopes.workspace nulls first`.execute(db)
  return rows
}

/** Stores a campaign; false when one is open for the same scope. */
export async function insertCampaign(
  db: Database,
  row: Insertable<Tables['review_campaign']>,
): Promise<boolean> {
  const done = await db
    .insertInto('review_campaign')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Stores the rows of a campaign. */
export async function insertItems(db: Database, rows: Insertable<Tables['review_item']>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 500)
    await db
      .insertInto('review_item')
      .values(rows.slice(at, at + 500))
      .execute()
}

/** The latest campaign of a scope. */
export function lastCampaign(db: Database, { workspace, probe }: Scope) {
  return db
    .selectFrom('review_campaign')
    .selectAll()
    .where('workspace_id', workspace === null ? 'is' : '=', workspace)
    .where('probe', '=', probe)
    .orderBy('opened_at', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** A campaign by its id, held until the transaction ends when `hold` is given. */
export function campaignById(db: Database, id: string, hold = false) {
  const query = db.selectFrom('review_campaign').selectAll().where('id', '=', id)
  return (hold ? query.forUpdate() : query).executeTakeFirst()
}

/** The campaign of a row, held until the transaction ends. */
export function campaignOfItem(db: Database, item: string) {
  return db
    .selectFrom('review_campaign')
    .selectAll()
    .where('id', '=', (row) => row.selectFrom('review_item').select('campaign_id').where('id', '=', item))
    .forUpdate()
    .executeTakeFirst()
}

/** A campaign as stored. */
export type Campaign = NonNullable<Awaited<ReturnType<typeof campaignById>>>

/** The campaigns of a scope with their progress, newest first. */
export async function campaignsOf(db: Database, workspace: string | null, reviewer: string) {
  const { rows } = await sql<
    Campaign & {
      decided: number
      kept: number
      revoked: number
      changed: number
      exceptions: number
      mine: number
      unassigned: number
    }
  >`
    select c.*, count(i.decided_at)::int as decided,
      (count(*) filter (where i.decision = 'keep'))::int as kept,
      (count(*) filter (where i.decision = 'revoke'))::int as revoked,
      (count(*) filter (where i.decision = 'change'))::int as changed,
      (count(*) filter (where i.decision = 'exception'))::int as exceptions,
      (count(*) filter (where i.decided_at is null and i.reviewer_id = ${reviewer}::uuid))::int as mine,
      (count(*) filter (where i.decided_at is null and i.reviewer_id is null))::int as unassigned
    from review_campaign c left join review_item i on i.campaign_id = c.id
    where c.workspace_id is not distinct from ${workspace}::uuid and not c.probe
    group by c.id order by c.opened_at desc limit 50`.execute(db)
  return rows
}

/** Campaigns that are not closed, oldest first; those of checks look after themselves. */
export function openCampaigns(db: Database) {
  return db
    .selectFrom('review_campaign')
    .selectAll()
    .where('closed_at', 'is', null)
    .where('probe', '=', false)
    .orderBy('due_at')
    .execute()
}

/** Notes that a reminder went out or that a campaign is closed. */
export async function updateCampaign(
  db: Database,
  id: string,
  set: Pick<Updateable<Tables['review_campaign']>, 'closed_at' | 'reminded_first_at' | 'reminded_last_at'>,
): Promise<boolean> {
  const done = await db
    .updateTable('review_campaign')
    .set(set)
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Rows of a campaign after a position, in their order. */
export function itemsOf(
  db: Database,
  campaign: string,
  which: {
    readonly after?: number
    readonly most?: number
    readonly reviewer?: string
    readonly open?: boolean
  } = {},
) {
  const { after = -1, most = 100_000, reviewer, open = false } = which
  return db
    .selectFrom('review_item')
    .selectAll()
    .where('campaign_id', '=', campaign)
    .where('position', '>', after)
    .$if(reviewer !== undefined, (query) => query.where('reviewer_id', '=', reviewer ?? ''))
    .$if(open, (query) => query.where('decided_at', 'is', null))
    .orderBy('position')
    .limit(most)
    .execute()
}

/** A row of a campaign as stored. */
export type Item = Awaited<ReturnType<typeof itemsOf>>[number]

/** A row by its id, held until the transaction ends. */
export function lockItem(db: Database, id: string): Promise<Item | undefined> {
  return db.selectFrom('review_item').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

/** Writes a decision; false when the row has one. */
export async function decideItem(
  db: Database,
  id: string,
  decision: {
    readonly decision: 'keep' | 'revoke' | 'change' | 'exception'
    readonly decided_at: Date
    readonly decided_by: string | null
    readonly new_role?: string
    readonly reason: Buffer | null
  },
): Promise<boolean> {
  const done = await db
    .updateTable('review_item')
    .set(decision)
    .where('id', '=', id)
    .where('decided_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Gives an undecided row to another reviewer. */
export async function assignItem(db: Database, id: string, reviewer: string): Promise<boolean> {
  const done = await db
    .updateTable('review_item')
    .set({ reviewer_id: reviewer })
    .where('id', '=', id)
    .where('decided_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Notes that the first of two warnings about a row went out. */
export async function warnItem(db: Database, id: string, at: Date): Promise<void> {
  await db
    .updateTable('review_item')
    .set({ warned_at: at })
    .where('id', '=', id)
    .where('warned_at', 'is', null)
    .execute()
}

/** Stores what came of trying what was ended. */
export async function noteItemTrials(db: Database, id: string, trials: object[], at: Date): Promise<void> {
  await db
    .updateTable('review_item')
    .set({ trials: JSON.stringify(trials), tried_at: at })
    .where('id', '=', id)
    .execute()
}

/** Revocations whose credentials were not tried yet, for example because the process was killed. */
export async function untriedRevocations(db: Database): Promise<Item[]> {
  return db
    .selectFrom('review_item')
    .innerJoin('review_campaign', 'review_campaign.id', 'review_item.campaign_id')
    .selectAll('review_item')
    .where('review_item.decision', '=', 'revoke')
    .where('review_item.tried_at', 'is', null)
    .where('review_campaign.probe', '=', false)
    .limit(200)
    .execute()
}

/** How many administrators who are not disabled the provider has; the rows are held until the transaction ends. */
export async function administratorCount(db: Database): Promise<number> {
  const rows = await db
    .selectFrom('staff')
    .innerJoin('account', 'account.id', 'staff.account_id')
    .select('staff.account_id')
    .where('staff.role', '=', 'administrator')
    .where('account.disabled_at', 'is', null)
    .where('account.probe', '=', false)
    .orderBy('staff.account_id')
    .forUpdate('staff')
    .execute()
  return rows.length
}

/** Removes a review that a check made for itself. */
export async function deleteCampaign(db: Database, id: string): Promise<void> {
  await db.deleteFrom('review_campaign').where('id', '=', id).where('probe', '=', true).execute()
}
