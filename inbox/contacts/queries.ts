import type { Insertable, Selectable } from 'kysely'
import type { LookUp } from '#envelope'
import type { Database } from '../db/database.ts'
import { holdLookUps } from '../db/look-up.ts'
import type { Contact, ContactIdentity as IdentityTable } from '../db/types.ts'

/** A contact as stored. */
export type ContactRow = Selectable<Contact>

/** An identity as looked up. */
export interface IdentityKey {
  readonly workspace: string
  readonly channel: string
  readonly kind: string
  readonly lookUp: LookUp
}

/** Work on these identities goes one after the other until the transaction ends, also before rows for them exist. */
export function lockIdentities(db: Database, keys: readonly IdentityKey[]): Promise<void> {
  return holdLookUps(
    db,
    keys.map(({ lookUp }) => lookUp),
  )
}

/** The contact that an identity belongs to. */
export async function contactOfIdentity(db: Database, key: IdentityKey): Promise<string | undefined> {
  const row = await db
    .selectFrom('contact_identity')
    .select('contact_id')
    .where('workspace_id', '=', key.workspace)
    .where('channel_id', '=', key.channel)
    .where('kind', '=', key.kind)
    .where('value_index', 'in', key.lookUp)
    .executeTakeFirst()
  return row?.contact_id
}

/** Stores an identity, which is held, unless it belongs to a contact already; tells whether it did. */
export async function insertIdentity(
  db: Database,
  key: IdentityKey,
  row: Omit<Insertable<IdentityTable>, 'value_index'>,
): Promise<boolean> {
  if (key.lookUp.length > 1 && (await contactOfIdentity(db, key)) !== undefined) return false
  const done = await db
    .insertInto('contact_identity')
    .values({ ...row, value_index: key.lookUp[0] })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** A contact's identities on a channel. */
export function identitiesOf(
  db: Database,
  workspace: string,
  contact: string,
  channel: string,
): Promise<{ kind: string; value: Buffer }[]> {
  return db
    .selectFrom('contact_identity')
    .select(['kind', 'value'])
    .where('workspace_id', '=', workspace)
    .where('contact_id', '=', contact)
    .where('channel_id', '=', channel)
    .orderBy('created_at')
    .execute()
}

/** Stores a new contact. */
export async function insertContact(db: Database, row: Insertable<Contact>): Promise<void> {
  await db.insertInto('contact').values(row).execute()
}

/** A contact, locked until the transaction ends, so that rules and answers for one contact go one after the other. */
export function lockContact(db: Database, workspace: string, id: string): Promise<ContactRow | undefined> {
  return db
    .selectFrom('contact')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/** Sets a contact's sealed name. */
export async function renameContact(
  db: Database,
  workspace: string,
  id: string,
  displayName: Buffer,
): Promise<void> {
  await db
    .updateTable('contact')
    .set({ display_name: displayName })
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .execute()
}

/** Blocks or unblocks a contact; tells whether anything changed. */
export async function setContactState(
  db: Database,
  workspace: string,
  id: string,
  state: 'active' | 'blocked',
): Promise<boolean> {
  const done = await db
    .updateTable('contact')
    .set({ state })
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .where('state', '<>', state)
    .where('state', '<>', 'erased')
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Adds what a contact said about being written to. */
export async function insertConsent(
  db: Database,
  row: {
    readonly workspace_id: string
    readonly channel_id: string
    readonly contact_id: string
    readonly state: 'stopped' | 'started'
    readonly message_id: string
    readonly at: Date
  },
): Promise<void> {
  await db.insertInto('consent').values(row).execute()
}
