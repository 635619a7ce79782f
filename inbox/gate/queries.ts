import { sql, type Insertable } from 'kysely'
import type { Database } from '../db/database.ts'
import type { GateDecision } from '../db/types.ts'

/** Stores a decision. */
export async function insertDecision(db: Database, row: Insertable<GateDecision>): Promise<void> {
  await db.insertInto('gate_decision').values(row).execute()
}

/** When the newest chat session of a contact's visitor ends. */
export async function sessionEnd(
  db: Database,
  workspace: string,
  visitorIds: readonly string[],
): Promise<Date | null> {
  if (visitorIds.length === 0) return null
  const row = await db
    .selectFrom('visitor')
    .select('expires_at')
    .where('workspace_id', '=', workspace)
    .where('id', 'in', visitorIds)
    .orderBy('expires_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.expires_at ?? null
}

/** What is stored about a contact and decides whether a message may leave. */
export interface StoredFacts {
  readonly opted_out: boolean
  readonly last_fired_at: Date | null
  readonly automatic: number
}

/**
 * The latest that the contact said about being written to, when the rule last answered them, and how many automatic messages they
 * got since `since`; only messages before `beforeSeq` count.
 */
export async function storedFacts(
  db: Database,
  of: { readonly workspace: string; readonly contact: string; readonly channel: string },
  about: { readonly rule: string | null; readonly since: Date; readonly beforeSeq: number | null },
): Promise<StoredFacts> {
  const { workspace, contact, channel } = of
  const automatic = sql`from message
    where workspace_id = ${workspace} and contact_id = ${contact} and author = 'rule' and status <> 'refused'
      and (${about.beforeSeq}::bigint is null or seq < ${about.beforeSeq}::bigint)`
  const { rows } = await sql<StoredFacts>`
    select
      coalesce((
        select state = 'stopped' from consent
        where workspace_id = ${workspace} and contact_id = ${contact} and channel_id = ${channel}
        order by seq desc limit 1), false) as opted_out,
      (select max(created_at) ${automatic} and rule_id = ${about.rule}) as last_fired_at,
      (select count(*) ${automatic} and created_at > ${about.since}) as automatic`.execute(db)
  const [facts] = rows
  if (facts === undefined) throw new Error('a select without a table gave no row')
  return facts
}
