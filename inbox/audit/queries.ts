import { sql } from 'kysely'
import type { Database } from '../db/database.ts'

/** An event as it waits; `body` is an envelope unless the workspace is null. */
export interface WaitingEvent {
  readonly id: string
  readonly workspace_id: string | null
  readonly body: Buffer
}

/** Writes an event into the outbox. */
export async function insertWaitingEvent(db: Database, event: WaitingEvent): Promise<void> {
  await db.insertInto('audit_outbox').values(event).execute()
}

/** The oldest waiting events, locked so that two relays never carry the same ones; `except` are workspaces to leave. */
export function lockWaitingEvents(
  db: Database,
  countMax: number,
  except: readonly string[],
): Promise<WaitingEvent[]> {
  return db
    .selectFrom('audit_outbox')
    .select(['id', 'workspace_id', 'body'])
    .$if(except.length > 0, (query) =>
      query.where((eb) => eb.or([eb('workspace_id', 'is', null), eb('workspace_id', 'not in', except)])),
    )
    .orderBy('seq')
    .limit(countMax)
    .forUpdate()
    .skipLocked()
    .execute()
}

/** Removes events that Surety has written. */
export async function deleteWaitingEvents(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom('audit_outbox').where('id', 'in', ids).execute()
}

/** How many events wait. */
export async function countWaitingEvents(db: Database): Promise<number> {
  const row = await db
    .selectFrom('audit_outbox')
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return row.count
}
