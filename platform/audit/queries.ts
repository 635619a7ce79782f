import { sql, type Insertable, type Selectable, type SelectQueryBuilder } from 'kysely'
import { keptPlan, type Database, type Tables, type Transaction } from '../db/index.ts'

/** An event as it is stored. */
export type StoredEvent = Selectable<Tables['audit_event']>

/** How far the ledger is: indices given, and entries under the published checkpoint. */
export type LedgerState = Selectable<Tables['ledger_state']>

/** Writes an event, not yet in the ledger; an id that is there already is left alone. Tells whether it was written. */
export async function insertEvent(db: Database, row: Insertable<Tables['audit_event']>): Promise<boolean> {
  const done = await db
    .insertInto('audit_event')
    .values(row)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** `insertEvent` for an event that stands in no ledger yet, and tells whoever publishes the ledger: one statement. */
export async function insertNews(
  db: Database,
  row: Omit<Insertable<Tables['audit_event']>, 'ledger_index' | 'written'>,
): Promise<void> {
  await sql`with news as (
      insert into audit_event (id, at, kind, type, tenant, actor_kind, actor_id, target_kind, target_id, outcome,
        request_id, details, sealed)
      values (${row.id}, ${row.at}, ${row.kind}, ${row.type}, ${row.tenant}, ${row.actor_kind}, ${row.actor_id},
        ${row.target_kind}, ${row.target_id}, ${row.outcome}, ${row.request_id}, ${row.details}, ${row.sealed})
      on conflict (id) do nothing returning id)
    select pg_notify('audit_recorded', '') from news ${keptPlan}`.execute(db)
}

/** The state of the ledger. */
export function ledgerState(db: Database): Promise<LedgerState> {
  return db.selectFrom('ledger_state').selectAll().executeTakeFirstOrThrow()
}

/** Gives the next indices to events that have none, oldest first; returns how many. The row lock makes one process do it. */
export async function giveIndices(tx: Transaction, most: number): Promise<number> {
  const { sequenced } = await tx
    .selectFrom('ledger_state')
    .select('sequenced')
    .forUpdate()
    .executeTakeFirstOrThrow()
  const waiting = tx
    .selectFrom('audit_event')
    .select(['id', sql<number>`row_number() over (order by written) - 1`.as('place')])
    .where('ledger_index', 'is', null)
    .orderBy('written')
    .limit(most)
    .as('waiting')
  const done = await tx
    .updateTable('audit_event')
    .from(waiting)
    .set({ ledger_index: sql<number>`${sequenced}::bigint + waiting.place` })
    .whereRef('audit_event.id', '=', 'waiting.id')
    .executeTakeFirst()
  const given = Number(done.numUpdatedRows)
  if (given > 0)
    await tx
      .updateTable('ledger_state')
      .set({ sequenced: sequenced + given })
      .execute()
  return given
}

/** Events with an index in `[from, to)`, in the ledger's order. */
export function eventsByIndex(db: Database, from: number, to: number): Promise<StoredEvent[]> {
  return db
    .selectFrom('audit_event')
    .selectAll()
    .where('ledger_index', '>=', from)
    .where('ledger_index', '<', to)
    .orderBy('ledger_index')
    .execute()
}

/** Marks the log as published up to `state.published`, unless another process published more. */
export async function storePublished(
  db: Database,
  before: number,
  state: Pick<LedgerState, 'published' | 'root' | 'checkpoint' | 'published_at'>,
): Promise<void> {
  const done = await db
    .updateTable('ledger_state')
    .set(state)
    .where('published', '=', before)
    .executeTakeFirst()
  if (done.numUpdatedRows !== 1n) throw new Error('another process published the ledger meanwhile')
}

/** An event as it stands in the ledger, to be written back into its row. */
export type LedgerRow = Omit<Insertable<Tables['audit_event']>, 'details' | 'ledger_index' | 'written'> & {
  readonly id: string
  readonly details: string | null
  readonly ledger_index: number
}

/** Those of these events that there are. */
export function eventsByIds(db: Database, ids: readonly string[]): Promise<StoredEvent[]> {
  return db
    .selectFrom('audit_event')
    .selectAll()
    .where('id', 'in', [...ids])
    .execute()
}

/** Writes events back that stand in the ledger already. */
export async function insertLedgerRows(tx: Database, rows: readonly LedgerRow[]): Promise<void> {
  await tx
    .insertInto('audit_event')
    .values([...rows])
    .execute()
}

/** Gives an event the place that it has in the ledger. */
export async function placeInLedger(tx: Database, id: string, index: number): Promise<void> {
  await tx.updateTable('audit_event').set({ ledger_index: index }).where('id', '=', id).execute()
}

/** Sets how far the ledger is, after a restore. */
export async function storeRejoined(
  tx: Database,
  state: Pick<LedgerState, 'sequenced' | 'published' | 'root' | 'checkpoint'>,
): Promise<void> {
  await tx.updateTable('ledger_state').set(state).execute()
}

/** The advisory lock of whoever publishes the ledger; while another holds it, files and database show the same ledger. */
export const PUBLISHER_LOCK = 590001

/** Runs `work` while holding the publisher's lock; undefined when another process holds it. */
export async function asOnlyPublisher<Result>(
  db: Database,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  return db.connection().execute(async (connection) => {
    const lock = await sql<{
      held: boolean
    }>`select pg_try_advisory_lock(${PUBLISHER_LOCK}::bigint) as held`.execute(connection)
    if (lock.rows[0]?.held !== true) return undefined
    try {
      return await work()
    } finally {
      await sql`select pg_advisory_unlock(${PUBLISHER_LOCK}::bigint)`.execute(connection)
    }
  })
}

/** What a reader of the log may narrow it by; `tenant` null means the provider's own events. */
export interface EventFilter {
  readonly tenant: string | null
  readonly type?: string | undefined
  readonly kind?: string | undefined
  readonly actor?: string | undefined
  /** Only events written before this one. */
  readonly before?: number | undefined
  readonly most: number
}

/** The newest events first. */
export function findEvents(db: Database, filter: EventFilter): Promise<StoredEvent[]> {
  let query = db.selectFrom('audit_event').selectAll()
  query =
    filter.tenant === null ? query.where('tenant', 'is', null) : query.where('tenant', '=', filter.tenant)
  if (filter.type !== undefined) query = query.where('type', '=', filter.type)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.actor !== undefined) query = query.where('actor_id', '=', filter.actor)
  if (filter.before !== undefined) query = query.where('written', '<', filter.before)
  return query.orderBy('written', 'desc').limit(filter.most).execute()
}

/** The newest events of authentication and security that an account did or that happened to it, in any workspace. */
export function eventsOfAccount(db: Database, account: string, most: number): Promise<StoredEvent[]> {
  const newest = (query: SelectQueryBuilder<Tables, 'audit_event', object>) =>
    query
      .select('id')
      .where('kind', 'in', ['authentication', 'security'])
      .orderBy('written', 'desc')
      .limit(most)
  const own = newest(
    db.selectFrom('audit_event').where('actor_id', '=', account).where('actor_kind', '=', 'account'),
  )
  const about = newest(db.selectFrom('audit_event').where('target_id', '=', account))
  return db
    .selectFrom('audit_event')
    .selectAll()
    .where((or) => or.or([or('id', 'in', own), or('id', 'in', about)]))
    .orderBy('written', 'desc')
    .limit(most)
    .execute()
}

/** One event by its id. */
export function eventById(db: Database, id: string): Promise<StoredEvent | undefined> {
  return db.selectFrom('audit_event').selectAll().where('id', '=', id).executeTakeFirst()
}

/** How many events wait for an index, and since when. */
export async function waitingEvents(
  db: Database,
): Promise<{ readonly count: number; readonly oldest: Date | null }> {
  const row = await db
    .selectFrom('audit_event')
    .select((one) => [one.fn.countAll<number>().as('count'), one.fn.min('at').as('oldest')])
    .where('ledger_index', 'is', null)
    .executeTakeFirstOrThrow()
  return { count: row.count, oldest: row.oldest }
}

/** Removes events that are older than `cutoff` and in the ledger; returns how many. Policy 8.2-a.1. */
export async function removeEventsBefore(db: Database, cutoff: Date): Promise<number> {
  const done = await db
    .deleteFrom('audit_event')
    .where('at', '<', cutoff)
    .where('ledger_index', 'is not', null)
    .executeTakeFirst()
  return Number(done.numDeletedRows)
}

/** The oldest kept event, the number of kept events in the ledger below an index, and the span of their indices. */
export async function keptEvents(
  db: Database,
  below: number,
): Promise<{
  readonly count: number
  readonly first: number | null
  readonly last: number | null
  readonly oldest: Date | null
}> {
  const row = await db
    .selectFrom('audit_event')
    .select((one) => [
      one.fn.countAll<number>().as('count'),
      one.fn.min('ledger_index').as('first'),
      one.fn.max('ledger_index').as('last'),
      one.fn.min('at').as('oldest'),
    ])
    .where('ledger_index', '<', below)
    .executeTakeFirstOrThrow()
  return { ...row, count: row.count }
}

/** Events that are neither open nor sealed in the field envelope's format (its first byte). */
export async function unsealedEvents(db: Database): Promise<number> {
  const row = await db
    .selectFrom('audit_event')
    .select((one) => one.fn.countAll<number>().as('count'))
    .where('sealed', 'is not', null)
    .where(sql<boolean>`substr(sealed, 1, 1) <> '\\xf6'::bytea`)
    .executeTakeFirstOrThrow()
  return row.count
}

/** Event types that the protected service declared. */
export function serviceEventTypes(db: Database): Promise<Selectable<Tables['service_event_type']>[]> {
  return db.selectFrom('service_event_type').selectAll().execute()
}

/** Declares or rewords event types of the protected service. */
export async function storeServiceEventTypes(
  db: Database,
  types: readonly Insertable<Tables['service_event_type']>[],
): Promise<void> {
  await db
    .insertInto('service_event_type')
    .values([...types])
    .onConflict((conflict) =>
      conflict
        .column('type')
        .doUpdateSet((row) => ({ kind: row.ref('excluded.kind'), says: row.ref('excluded.says') })),
    )
    .execute()
}

/** Which of these requests left an event. */
export async function requestsWithEvents(db: Database, requestIds: readonly string[]): Promise<string[]> {
  if (requestIds.length === 0) return []
  const rows = await db
    .selectFrom('audit_event')
    .select('request_id')
    .distinct()
    .where('request_id', 'in', [...requestIds])
    .execute()
  return rows.flatMap((row) => (row.request_id === null ? [] : [row.request_id]))
}

/** The whole row of the event with this target, as PostgreSQL prints it: bytes in hexadecimal. */
export async function rowText(db: Database, targetId: string): Promise<string> {
  const row = await db
    .selectFrom('audit_event')
    .select(sql<string>`audit_event::text`.as('text'))
    .where('target_id', '=', targetId)
    .executeTakeFirstOrThrow()
  return row.text
}

/** Where the newest event about each target stands in the ledger; a target whose event is not sequenced yet is missing. */
export async function ledgerIndices(
  db: Database,
  targetIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (targetIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('audit_event')
    .select((one) => ['target_id', one.fn.max('ledger_index').as('index')])
    .where('target_id', 'in', [...targetIds])
    .where('ledger_index', 'is not', null)
    .groupBy('target_id')
    .execute()
  return new Map(rows.map((row) => [row.target_id ?? '', row.index ?? -1]))
}

/** What events these requests left: kind, type and outcome of each. */
export function eventsOfRequests(
  db: Database,
  requestIds: readonly string[],
): Promise<Pick<StoredEvent, 'request_id' | 'kind' | 'type' | 'outcome'>[]> {
  return db
    .selectFrom('audit_event')
    .select(['request_id', 'kind', 'type', 'outcome'])
    .where('request_id', 'in', [...requestIds])
    .execute()
}
