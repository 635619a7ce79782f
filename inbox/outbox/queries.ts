import { sql } from 'kysely'
import type { Database } from '../db/database.ts'

/** A message that one process may send now. */
export interface LeasedMessage {
  readonly workspace_id: string
  readonly message_id: string
  /** This try's number, from 1. */
  readonly attempts: number
}

/** Puts a message on its way. */
export async function insertOutbox(
  db: Database,
  row: {
    readonly workspace_id: string
    readonly message_id: string
    readonly gate_decision_id: string
    readonly next_at: Date
    readonly created_at: Date
  },
): Promise<void> {
  await db.insertInto('outbox').values(row).execute()
}

/** Takes a due message for this process until `until`; undefined when it is not due, held by another, or gone. */
export function leaseMessage(
  db: Database,
  workspace: string,
  message: string,
  now: Date,
  until: Date,
): Promise<LeasedMessage | undefined> {
  return db
    .updateTable('outbox')
    .set({ lease_until: until, attempts: sql`attempts + 1` })
    .where('workspace_id', '=', workspace)
    .where('message_id', '=', message)
    .where('next_at', '<=', now)
    .where((eb) => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]))
    .returning(['workspace_id', 'message_id', 'attempts'])
    .executeTakeFirst()
}

/** Gives a message back for a later try. */
export async function postpone(
  db: Database,
  workspace: string,
  message: string,
  nextAt: Date,
): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ next_at: nextAt, lease_until: null })
    .where('workspace_id', '=', workspace)
    .where('message_id', '=', message)
    .execute()
}

/** Takes a message off the way out. */
export async function leaveOutbox(db: Database, workspace: string, message: string): Promise<void> {
  await db
    .deleteFrom('outbox')
    .where('workspace_id', '=', workspace)
    .where('message_id', '=', message)
    .execute()
}

/** Messages that are due and that nobody holds, oldest first. */
export function dueMessages(
  db: Database,
  now: Date,
  countMax: number,
): Promise<{ workspace_id: string; message_id: string }[]> {
  return db
    .selectFrom('outbox')
    .select(['workspace_id', 'message_id'])
    .where('next_at', '<=', now)
    .where((eb) => eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]))
    .orderBy('next_at')
    .limit(countMax)
    .execute()
}
