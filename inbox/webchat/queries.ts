import type { Selectable } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Visitor } from '../db/types.ts'

/** A visitor's session as stored. */
export type VisitorRow = Selectable<Visitor>

/** Stores a new visitor. */
export async function insertVisitor(db: Database, row: VisitorRow): Promise<void> {
  await db.insertInto('visitor').values(row).execute()
}

/** The visitor of a channel whose token has this hash and is not expired. */
export function visitorByToken(
  db: Database,
  channel: { readonly workspace_id: string; readonly id: string },
  tokenHash: Buffer,
  now: Date,
): Promise<VisitorRow | undefined> {
  return db
    .selectFrom('visitor')
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('workspace_id', '=', channel.workspace_id)
    .where('channel_id', '=', channel.id)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** Removes visitors whose session ended before `before`. */
export async function deleteVisitors(db: Database, before: Date): Promise<void> {
  await db.deleteFrom('visitor').where('expires_at', '<', before).execute()
}
