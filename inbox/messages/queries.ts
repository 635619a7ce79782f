import { sql, type Insertable, type Selectable } from 'kysely'
import type { LookUp } from '#envelope'
import type { Database } from '../db/database.ts'
import { holdLookUps } from '../db/look-up.ts'
import type { Message } from '../db/types.ts'

/** A message as stored: its body sealed. */
export type MessageRow = Selectable<Message>

/** How far each status is; a status only ever moves to a higher rank. `failed` lies below `delivered`: proof of delivery wins. */
const STATUS_RANK = {
  received: 0,
  queued: 0,
  sent: 1,
  refused: 2,
  failed: 2,
  delivered: 3,
  read: 4,
} as const satisfies Record<string, number>

/** Where a message stands. */
export type MessageStatus = keyof typeof STATUS_RANK

/** Stores a message; false when the provider's id, the client's key or the answered message is there already. */
export async function insertMessage(
  db: Database,
  {
    provider: lookUp,
    ...row
  }: Omit<Insertable<Message>, 'provider_index' | 'provider'> & { readonly provider?: LookUp },
): Promise<boolean> {
  if (lookUp !== undefined && lookUp.length > 1) {
    await holdLookUps(db, [lookUp])
    if (await isStored(db, row, lookUp)) return false
  }
  const done = await db
    .insertInto('message')
    .values({ ...row, ...(lookUp && { provider_index: lookUp[0] }) })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

async function isStored(
  db: Database,
  {
    workspace_id: workspace,
    channel_id: channel,
  }: { readonly workspace_id: string; readonly channel_id: string },
  lookUp: LookUp,
): Promise<boolean> {
  const row = await db
    .selectFrom('message')
    .select('id')
    .where('workspace_id', '=', workspace)
    .where('channel_id', '=', channel)
    .where('provider_index', 'in', lookUp)
    .executeTakeFirst()
  return row !== undefined
}

/** A message of this workspace. */
export function messageOf(db: Database, workspace: string, id: string): Promise<MessageRow | undefined> {
  return db
    .selectFrom('message')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** The message that a client's key named before. */
export function messageByClientKey(
  db: Database,
  workspace: string,
  conversation: string,
  key: string,
): Promise<MessageRow | undefined> {
  return db
    .selectFrom('message')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .where('conversation_id', '=', conversation)
    .where('client_key', '=', key)
    .executeTakeFirst()
}

/** An outgoing message of a channel by the provider's id or, before that is known, by our own; locked. */
export function lockSentMessage(
  db: Database,
  of: {
    readonly workspace: string
    readonly channel: string
    readonly provider: LookUp
    readonly id: string | null
  },
): Promise<MessageRow | undefined> {
  return db
    .selectFrom('message')
    .selectAll()
    .where('workspace_id', '=', of.workspace)
    .where('channel_id', '=', of.channel)
    .where('direction', '=', 'out')
    .where((eb) =>
      eb.or([
        eb('provider_index', 'in', of.provider),
        ...(of.id === null ? [] : [eb.and([eb('id', '=', of.id), eb('provider_index', 'is', null)])]),
      ]),
    )
    .limit(1)
    .forUpdate()
    .executeTakeFirst()
}

const rankOf = sql<number>`array_position(array['received', 'sent', 'failed', 'delivered', 'read'],
  case status when 'queued' then 'received' when 'refused' then 'failed' else status end)`

/** Moves a message's status up, never down or sideways; tells whether it moved. */
export async function raiseStatus(
  db: Database,
  workspace: string,
  id: string,
  to: {
    readonly status: MessageStatus
    readonly errorCode?: string | null
    readonly providerIndex?: Buffer
  },
): Promise<boolean> {
  const done = await db
    .updateTable('message')
    .set({
      status: to.status,
      ...(to.errorCode === undefined ? {} : { error_code: to.errorCode }),
      ...(to.providerIndex === undefined ? {} : { provider_index: to.providerIndex }),
    })
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    // array_position counts from 1.
    .where(rankOf, '<', STATUS_RANK[to.status] + 1)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Notes who a message is handed to. */
export async function noteProvider(
  db: Database,
  workspace: string,
  id: string,
  provider: string,
): Promise<void> {
  await db
    .updateTable('message')
    .set({ provider })
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .execute()
}

/** Notes what the last try met; the status stays. */
export async function noteError(db: Database, workspace: string, id: string, code: string): Promise<void> {
  await db
    .updateTable('message')
    .set({ error_code: code })
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .execute()
}

/** Notes the provider's id of a message whose status is already further. */
export async function noteProviderId(
  db: Database,
  workspace: string,
  id: string,
  providerIndex: Buffer,
): Promise<void> {
  await db
    .updateTable('message')
    .set({ provider_index: providerIndex })
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .where('provider_index', 'is', null)
    .execute()
}

/** Forgets by which the provider calls messages from before a moment, the oldest first; returns of how many. */
export async function forgetProviderIds(db: Database, before: Date, countMax: number): Promise<number> {
  const old = db
    .selectFrom('message')
    .select(['workspace_id', 'id'])
    .where('provider_index', 'is not', null)
    .where('created_at', '<', before)
    .orderBy('created_at')
    .limit(countMax)
  const done = await db
    .updateTable('message')
    .from(old.as('old'))
    .set({ provider_index: null })
    .whereRef('message.workspace_id', '=', 'old.workspace_id')
    .whereRef('message.id', '=', 'old.id')
    .executeTakeFirst()
  return Number(done.numUpdatedRows)
}

/** A page of a conversation's messages, newest first, older than `before`. */
export function messagesOf(
  db: Database,
  workspace: string,
  conversation: string,
  page: { readonly before: number | null; readonly countMax: number },
): Promise<MessageRow[]> {
  return db
    .selectFrom('message')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .where('conversation_id', '=', conversation)
    .$if(page.before !== null, (query) => query.where('seq', '<', page.before ?? 0))
    .orderBy('seq', 'desc')
    .limit(page.countMax)
    .execute()
}

/** A contact's newest messages on a channel, newest first, without those that did not go out. */
export function messagesForContact(
  db: Database,
  of: { readonly workspace: string; readonly contact: string; readonly channel: string },
  countMax: number,
): Promise<MessageRow[]> {
  return db
    .selectFrom('message')
    .selectAll()
    .where('workspace_id', '=', of.workspace)
    .where('contact_id', '=', of.contact)
    .where('channel_id', '=', of.channel)
    .where('status', 'not in', ['refused', 'queued', 'failed'])
    .orderBy('seq', 'desc')
    .limit(countMax)
    .execute()
}

/** Whether a contact wrote on a channel before message `except`. */
export async function wroteBefore(
  db: Database,
  of: { readonly workspace: string; readonly contact: string; readonly channel: string },
  except: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('message')
    .select('id')
    .where('workspace_id', '=', of.workspace)
    .where('contact_id', '=', of.contact)
    .where('channel_id', '=', of.channel)
    .where('direction', '=', 'in')
    .where('id', '<>', except)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** When each rule last answered a contact, on any channel. */
export async function lastFirings(
  db: Database,
  workspace: string,
  contact: string,
): Promise<ReadonlyMap<string, Date>> {
  const rows = await db
    .selectFrom('message')
    .select(['rule_id', sql<Date>`max(created_at)`.as('at')])
    .where('workspace_id', '=', workspace)
    .where('contact_id', '=', contact)
    .where('author', '=', 'rule')
    .where('status', '<>', 'refused')
    .groupBy('rule_id')
    .execute()
  return new Map(rows.flatMap(({ rule_id, at }) => (rule_id === null ? [] : [[rule_id, at] as const])))
}
