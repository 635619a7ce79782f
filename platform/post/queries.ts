import type { Insertable } from 'kysely'
import type { Database, Tables } from '../db/index.ts'

/** Stores a message. */
export async function insertMessage(db: Database, row: Insertable<Tables['outbox']>): Promise<void> {
  await db.insertInto('outbox').values(row).execute()
}

/** A message that waits, held until the transaction ends; one that somebody else delivers right now is left to them. */
export function waitingMessage(db: Database, id: string) {
  return db
    .selectFrom('outbox')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
}

/** Notes a try that failed and is to be made again. */
export async function noteTry(db: Database, id: string, tries: number, reason: string): Promise<void> {
  await db.updateTable('outbox').set({ tries, reason }).where('id', '=', id).execute()
}

/** Ends a message; recipient and words are gone with it. */
export async function endMessage(
  db: Database,
  id: string,
  ended: {
    readonly state: 'delivered' | 'dead'
    readonly tries: number
    readonly carrier: string
    readonly reason: string | null
    readonly ended_at: Date
  },
): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ ...ended, message: null })
    .where('id', '=', id)
    .execute()
}

/** Messages that wait since before `before`. */
export async function waitingSince(db: Database, before: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('outbox')
    .select('id')
    .where('state', '=', 'waiting')
    .where('created_at', '<', before)
    .orderBy('created_at')
    .limit(1000)
    .execute()
  return rows.map((row) => row.id)
}

/** Removes rows of messages that ended before `endedBefore`, and kept ones from before `keptBefore`. */
export async function deleteOldMessages(db: Database, endedBefore: Date, keptBefore: Date): Promise<void> {
  await db.deleteFrom('outbox').where('ended_at', '<', endedBefore).execute()
  await db.deleteFrom('outbox').where('state', '=', 'kept').where('created_at', '<', keptBefore).execute()
}

/** The newest messages, whatever became of them, without recipient and words. */
export function newestMessages(db: Database, count: number) {
  return db
    .selectFrom('outbox')
    .select(['id', 'channel', 'kind', 'state', 'tries', 'carrier', 'reason', 'created_at', 'ended_at'])
    .where('state', '<>', 'kept')
    .orderBy('created_at', 'desc')
    .limit(count)
    .execute()
}

/** How many text messages ended since a moment, and how. */
export async function endedTexts(
  db: Database,
  since: Date,
): Promise<{ readonly delivered: number; readonly dead: number }> {
  return db
    .selectFrom('outbox')
    .select(({ fn }) => [
      fn.countAll<number>().filterWhere('state', '=', 'delivered').as('delivered'),
      fn.countAll<number>().filterWhere('state', '=', 'dead').as('dead'),
    ])
    .where('channel', '=', 'text')
    .where('ended_at', '>', since)
    .executeTakeFirstOrThrow()
}

/** The kept messages to an account, the newest first. */
export function keptMessages(db: Database, account: string) {
  return db
    .selectFrom('outbox')
    .select(['id', 'kind', 'message'])
    .where('account_id', '=', account)
    .where('state', '=', 'kept')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}
