import { sql, type Insertable, type Selectable, type Updateable } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Conversation } from '../db/types.ts'

/** A conversation as stored. */
export type ConversationRow = Selectable<Conversation>

/** Stores a conversation unless the contact has an open one on the channel; the new row, or undefined. */
export function insertConversation(
  db: Database,
  row: Insertable<Conversation>,
): Promise<ConversationRow | undefined> {
  return db
    .insertInto('conversation')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['workspace_id', 'contact_id', 'channel_id'])
        .where('status', '<>', 'closed')
        .doNothing(),
    )
    .returningAll()
    .executeTakeFirst()
}

/** The open conversation of a contact on a channel, locked. */
export function lockOpenConversation(
  db: Database,
  of: { readonly workspace: string; readonly contact: string; readonly channel: string },
): Promise<ConversationRow | undefined> {
  return db
    .selectFrom('conversation')
    .selectAll()
    .where('workspace_id', '=', of.workspace)
    .where('contact_id', '=', of.contact)
    .where('channel_id', '=', of.channel)
    .where('status', '<>', 'closed')
    .forUpdate()
    .executeTakeFirst()
}

/** A conversation of this workspace, locked. */
export function lockConversation(
  db: Database,
  workspace: string,
  id: string,
): Promise<ConversationRow | undefined> {
  return db
    .selectFrom('conversation')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** Changes a conversation of this workspace. */
export async function updateConversation(
  db: Database,
  workspace: string,
  id: string,
  set: Updateable<Conversation>,
): Promise<void> {
  await db
    .updateTable('conversation')
    .set(set)
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .execute()
}

/** A conversation for a list, with its contact, channel and last message. */
export interface ConversationLine extends ConversationRow {
  readonly contact_name: Buffer | null
  readonly contact_state: string
  readonly channel_kind: string
  readonly last_id: string | null
  readonly last_body: Buffer | null
  readonly last_author: string | null
  readonly last_status: string | null
  readonly last_at: Date | null
}

/** Which conversations a list shows. */
export type ConversationFilter = 'open' | 'waiting' | 'bot' | 'human' | 'closed'

/** Where the next page of a list begins: after this conversation. */
export interface ListCursor {
  readonly at: string
  readonly id: string
}

// Conversations that wait for nobody come last.
const waitingKey = sql<Date>`coalesce(conversation.waiting_since, 'infinity'::timestamptz)`

/** The time that a list is sorted by, exact to the microsecond, as text. */
const waitingKeyText = sql<string>`coalesce(to_char(conversation.waiting_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'infinity')`
const changedKeyText = sql<string>`to_char(conversation.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

function lines(db: Database, workspace: string) {
  return db
    .selectFrom('conversation')
    .innerJoin('contact', (join) =>
      join
        .onRef('contact.workspace_id', '=', 'conversation.workspace_id')
        .onRef('contact.id', '=', 'conversation.contact_id'),
    )
    .innerJoin('channel', (join) =>
      join
        .onRef('channel.workspace_id', '=', 'conversation.workspace_id')
        .onRef('channel.id', '=', 'conversation.channel_id'),
    )
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('message')
          .select([
            'message.id as last_id',
            'message.body as last_body',
            'message.author as last_author',
            'message.status as last_status',
            'message.sent_at as last_at',
          ])
          .whereRef('message.workspace_id', '=', 'conversation.workspace_id')
          .whereRef('message.conversation_id', '=', 'conversation.id')
          .orderBy('message.seq', 'desc')
          .limit(1)
          .as('last'),
      (join) => join.onTrue(),
    )
    .selectAll('conversation')
    .select([
      'contact.display_name as contact_name',
      'contact.state as contact_state',
      'channel.kind as channel_kind',
      'last_id',
      'last_body',
      'last_author',
      'last_status',
      'last_at',
    ])
    .where('conversation.workspace_id', '=', workspace)
}

/** A page of conversations: oldest waiting first; closed ones newest first. `sort_key` is where the page after begins. */
export function conversationPage(
  db: Database,
  workspace: string,
  page: {
    readonly filter: ConversationFilter
    readonly after: ListCursor | null
    readonly countMax: number
  },
): Promise<(ConversationLine & { sort_key: string })[]> {
  const { filter, after } = page
  if (filter === 'closed')
    return lines(db, workspace)
      .select(changedKeyText.as('sort_key'))
      .where('conversation.status', '=', 'closed')
      .$if(after !== null, (query) =>
        query.where(
          sql<boolean>`(conversation.changed_at, conversation.id) < (${after?.at}::timestamptz, ${after?.id}::uuid)`,
        ),
      )
      .orderBy('conversation.changed_at', 'desc')
      .orderBy('conversation.id', 'desc')
      .limit(page.countMax)
      .execute()
  return lines(db, workspace)
    .select(waitingKeyText.as('sort_key'))
    .where('conversation.status', 'in', filter === 'bot' || filter === 'human' ? [filter] : ['bot', 'human'])
    .$if(filter === 'waiting', (query) => query.where('conversation.waiting_since', 'is not', null))
    .$if(after !== null, (query) =>
      query.where(
        sql<boolean>`(${waitingKey}, conversation.id) > (${after?.at}::timestamptz, ${after?.id}::uuid)`,
      ),
    )
    .orderBy(waitingKey)
    .orderBy('conversation.id')
    .limit(page.countMax)
    .execute()
}

/** One conversation with its contact, channel and last message. */
export function conversationLine(
  db: Database,
  workspace: string,
  id: string,
): Promise<ConversationLine | undefined> {
  return lines(db, workspace).where('conversation.id', '=', id).executeTakeFirst()
}

/** Counts of a workspace. */
export interface WorkspaceCounts {
  readonly waiting: number
  readonly bot: number
  readonly human: number
  readonly oldest: Date | null
  readonly queued: number
  readonly failed: number
  readonly quarantined: number
}

/** Counts what waits, what is on its way and what went wrong since `since`. */
export async function workspaceCounts(
  db: Database,
  workspace: string,
  since: Date,
): Promise<WorkspaceCounts> {
  const { rows } = await sql<WorkspaceCounts>`
    select
      count(*) filter (where waiting_since is not null) as waiting,
      count(*) filter (where status = 'bot') as bot,
      count(*) filter (where status = 'human') as human,
      min(waiting_since) as oldest,
      (select count(*) from outbox where workspace_id = ${workspace}) as queued,
      (select count(*) from message where workspace_id = ${workspace} and status = 'failed' and created_at > ${since}) as failed,
      (select count(*) from inbound where workspace_id = ${workspace} and verdict = 'quarantined') as quarantined
    from conversation
    where workspace_id = ${workspace} and status <> 'closed'`.execute(db)
  const [counts] = rows
  if (counts === undefined) throw new Error('an aggregate gave no row')
  return counts
}

/** The verdicts that messages left with, by decision id. */
export async function decisionCodes(
  db: Database,
  workspace: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('gate_decision')
    .select(['id', 'code'])
    .where('workspace_id', '=', workspace)
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map(({ id, code }) => [id, code]))
}
