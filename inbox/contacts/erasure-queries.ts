import { sql } from 'kysely'
import type { LookUp } from '#envelope'
import type { Database } from '../db/database.ts'

/** Those of these contacts of any workspace that are held and not erased. */
export async function presentContacts(
  db: Database,
  of: readonly { readonly tenant: string; readonly person: string }[],
): Promise<readonly { workspace: string; contact: string }[]> {
  if (of.length === 0) return []
  const { rows } = await sql<{ workspace: string; contact: string }>`
    select workspace_id as workspace, id as contact
    from unnest(${of.map(({ tenant }) => tenant)}::uuid[], ${of.map(({ person }) => person)}::uuid[]) as gone (tenant, person)
    join contact on workspace_id = tenant and id = person
    where state <> 'erased'`.execute(db)
  return rows
}

/** What was removed: how many rows, and which conversations. */
export interface RemovedRows {
  readonly messages: number
  readonly conversations: readonly string[]
  readonly identities: number
}

/**
 * Removes everything held of a contact but the row of its id, and what was kept of deliveries. Keyed hashes of the ids of messages
 * that came since `repeatedSince` stay, so that a delivery that the provider repeats makes nobody anew.
 */
export async function removeContactRows(
  db: Database,
  { workspace, contact }: { readonly workspace: string; readonly contact: string },
  times: { readonly now: Date; readonly repeatedSince: Date },
): Promise<RemovedRows> {
  await sql`
    insert into erased_message (workspace_id, channel_id, provider_index, erased_at)
    select workspace_id, channel_id, provider_index, ${times.now} from message
    where workspace_id = ${workspace} and contact_id = ${contact} and direction = 'in'
      and provider_index is not null and created_at >= ${times.repeatedSince}
    on conflict do nothing`.execute(db)
  const removed = async (table: 'message' | 'contact_identity' | 'consent') => {
    const done = await db
      .deleteFrom(table)
      .where('workspace_id', '=', workspace)
      .where('contact_id', '=', contact)
      .executeTakeFirst()
    return Number(done.numDeletedRows)
  }
  const messages = await removed('message')
  const conversations = await db
    .deleteFrom('conversation')
    .where('workspace_id', '=', workspace)
    .where('contact_id', '=', contact)
    .returning('id')
    .execute()
  const identities = await removed('contact_identity')
  await removed('consent')
  await db
    .updateTable('contact')
    .set({ state: 'erased', display_name: null, erased_at: times.now })
    .where('workspace_id', '=', workspace)
    .where('id', '=', contact)
    .execute()
  await db
    .updateTable('inbound')
    .set({ raw: null })
    .where('workspace_id', '=', workspace)
    .where('processed_at', 'is not', null)
    .where('raw', 'is not', null)
    .execute()
  return { messages, conversations: conversations.map(({ id }) => id), identities }
}

/** Whether a message belonged to somebody who was erased since. */
export async function isErasedMessage(
  db: Database,
  of: { readonly workspace: string; readonly channel: string; readonly provider: LookUp },
): Promise<boolean> {
  const row = await db
    .selectFrom('erased_message')
    .select('erased_at')
    .where('workspace_id', '=', of.workspace)
    .where('channel_id', '=', of.channel)
    .where('provider_index', 'in', of.provider)
    .executeTakeFirst()
  return row !== undefined
}

/** Forgets the messages of those who were erased before `before`: the provider does not repeat them any more. */
export async function expireErasedMessages(db: Database, before: Date): Promise<void> {
  await db.deleteFrom('erased_message').where('erased_at', '<', before).execute()
}
