import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Channel } from '../db/types.ts'

/** A channel as stored: settings and secrets sealed. */
export type ChannelRow = Selectable<Channel>

/** A channel by its own id, whoever owns it; for deliveries, which carry no identity. */
export function channelById(db: Database, id: string): Promise<ChannelRow | undefined> {
  return db.selectFrom('channel').selectAll().where('id', '=', id).executeTakeFirst()
}

/** A web chat by the id that web pages carry. */
export function channelByPublicId(db: Database, publicId: string): Promise<ChannelRow | undefined> {
  return db
    .selectFrom('channel')
    .selectAll()
    .where('public_id', '=', publicId)
    .where('state', '<>', 'disabled')
    .executeTakeFirst()
}

/** What is read of a channel whose provider signs. */
export type SignedChannel = Pick<ChannelRow, 'id' | 'workspace_id' | 'changed_at' | 'app_secret'>

/** The channels of all workspaces whose provider signs its deliveries. */
export function signedChannels(db: Database): Promise<SignedChannel[]> {
  return db
    .selectFrom('channel')
    .select(['id', 'workspace_id', 'changed_at', 'app_secret'])
    .where('kind', '=', 'whatsapp')
    .where('app_secret', 'is not', null)
    .execute()
}

/** A channel of this workspace. */
export function channelOf(db: Database, workspace: string, id: string): Promise<ChannelRow | undefined> {
  return db
    .selectFrom('channel')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** The channels of a workspace, oldest first. */
export function channelsOf(db: Database, workspace: string): Promise<ChannelRow[]> {
  return db
    .selectFrom('channel')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .orderBy('id')
    .limit(500)
    .execute()
}

/** Stores a new channel; false when the workspace already has one with this number. */
export async function insertChannel(db: Database, row: Insertable<Channel>): Promise<boolean> {
  const done = await db
    .insertInto('channel')
    .values(row)
    .onConflict((conflict) => conflict.columns(['workspace_id', 'phone_number_id']).doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Changes a channel of this workspace. */
export async function updateChannel(
  db: Database,
  workspace: string,
  id: string,
  set: Updateable<Channel>,
): Promise<void> {
  await db
    .updateTable('channel')
    .set(set)
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .execute()
}

/** Marks a working channel as broken; tells whether it was working. */
export async function breakChannel(
  db: Database,
  workspace: string,
  id: string,
  code: string,
  at: Date,
): Promise<boolean> {
  const done = await db
    .updateTable('channel')
    .set({ state: 'broken', broken_code: code, changed_at: at })
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .where('state', '=', 'ready')
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Removes a channel with its conversations and with contacts that no other channel knows; tells whether there was one. */
export async function deleteChannel(db: Database, workspace: string, id: string): Promise<boolean> {
  const done = await db
    .deleteFrom('channel')
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .executeTakeFirst()
  await db
    .deleteFrom('contact')
    .where('workspace_id', '=', workspace)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('contact_identity')
            .select('contact_id')
            .whereRef('contact_identity.workspace_id', '=', 'contact.workspace_id')
            .whereRef('contact_identity.contact_id', '=', 'contact.id'),
        ),
      ),
    )
    .execute()
  return done.numDeletedRows === 1n
}
