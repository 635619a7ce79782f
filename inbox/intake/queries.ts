import { sql, type Selectable } from 'kysely'
import type { LookUp } from '#envelope'
import type { Database } from '../db/database.ts'
import { holdLookUps } from '../db/look-up.ts'
import type { Inbound } from '../db/types.ts'

/** A delivery as stored. */
export type InboundRow = Selectable<Inbound>

/** Stores a delivery; false when an identical one is there already. */
export async function insertInbound(
  db: Database,
  row: {
    readonly workspace_id: string
    readonly id: string
    readonly channel_id: string
    readonly dedupe_key: LookUp
    readonly raw: Buffer
    readonly received_at: Date
  },
): Promise<boolean> {
  const { dedupe_key: lookUp } = row
  if (lookUp.length > 1) {
    await holdLookUps(db, [lookUp])
    if (await isKept(db, row, lookUp)) return false
  }
  const done = await db
    .insertInto('inbound')
    .values({ ...row, dedupe_key: lookUp[0] })
    .onConflict((conflict) => conflict.columns(['workspace_id', 'channel_id', 'dedupe_key']).doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

async function isKept(
  db: Database,
  {
    workspace_id: workspace,
    channel_id: channel,
  }: { readonly workspace_id: string; readonly channel_id: string },
  lookUp: LookUp,
): Promise<boolean> {
  const row = await db
    .selectFrom('inbound')
    .select('id')
    .where('workspace_id', '=', workspace)
    .where('channel_id', '=', channel)
    .where('dedupe_key', 'in', lookUp)
    .executeTakeFirst()
  return row !== undefined
}

/** A delivery that still waits, locked; undefined when it is done or another process works on it. */
export function lockInbound(db: Database, id: string): Promise<InboundRow | undefined> {
  return db
    .selectFrom('inbound')
    .selectAll()
    .where('id', '=', id)
    .where('processed_at', 'is', null)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
}

/** Closes a delivery. */
export async function finishInbound(
  db: Database,
  id: string,
  verdict: 'done' | 'quarantined',
  at: Date,
): Promise<void> {
  await db.updateTable('inbound').set({ processed_at: at, verdict }).where('id', '=', id).execute()
}

/** Counts a failed try; returns how many there were, and whose it is. */
export function countTry(
  db: Database,
  id: string,
): Promise<{ tries: number; workspace_id: string; channel_id: string } | undefined> {
  return db
    .updateTable('inbound')
    .set({ tries: sql`tries + 1` })
    .where('id', '=', id)
    .where('processed_at', 'is', null)
    .returning(['tries', 'workspace_id', 'channel_id'])
    .executeTakeFirst()
}

/** Deliveries that wait since before `before`, oldest first. */
export async function waitingInbound(db: Database, before: Date, countMax: number): Promise<string[]> {
  const rows = await db
    .selectFrom('inbound')
    .select('id')
    .where('processed_at', 'is', null)
    .where('received_at', '<=', before)
    .orderBy('received_at')
    .limit(countMax)
    .execute()
  return rows.map((row) => row.id)
}

/** Drops the raw bytes of finished deliveries received before `rawBefore`, and whole rows from before `rowsBefore`. */
export async function expireInbound(
  db: Database,
  rawBefore: Date,
  rowsBefore: Date,
): Promise<{ raw: number; rows: number }> {
  const rows = await db
    .deleteFrom('inbound')
    .where('processed_at', 'is not', null)
    .where('received_at', '<', rowsBefore)
    .executeTakeFirst()
  const raw = await db
    .updateTable('inbound')
    .set({ raw: null })
    .where('processed_at', 'is not', null)
    .where('raw', 'is not', null)
    .where('received_at', '<', rawBefore)
    .executeTakeFirst()
  return { raw: Number(raw.numUpdatedRows), rows: Number(rows.numDeletedRows) }
}

/** Days (UTC) that ended before `before`, that deliveries are known of, and none with its bytes any more. */
export async function emptiedDays(
  db: Database,
  before: Date,
): Promise<readonly { workspace: string; day: string }[]> {
  const { rows } = await sql<{ workspace: string; day: string }>`
    select workspace_id as workspace, to_char(received_at at time zone 'UTC', 'YYYY-MM-DD') as day
    from inbound
    where received_at < date_trunc('day', ${before}::timestamptz, 'UTC')
    group by 1, 2
    having bool_and(raw is null)`.execute(db)
  return rows
}
