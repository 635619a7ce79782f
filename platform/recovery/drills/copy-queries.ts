import { sql } from 'kysely'
import type { Database } from '../../db/index.ts'

/** A table or index of the product. */
export interface Relation {
  readonly oid: number
  readonly name: string
  /** Columns of the primary key; none for an index, or a table without one. */
  readonly key: readonly string[]
}

/** Every table outside of PostgreSQL's own. */
export async function tablesOf(db: Database): Promise<readonly Relation[]> {
  const { rows } = await sql<Relation>`
    select c.oid::int8 as oid, format('%I.%I', n.nspname, c.relname) as name,
      coalesce((select array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum)) from pg_index i
        join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indisprimary), '{}') as key
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') order by 2`.execute(db)
  return rows
}

/** Every B-tree index that is in use, of PostgreSQL's own tables too. */
export async function indexesOf(db: Database): Promise<readonly Relation[]> {
  const { rows } = await sql<Relation>`
    select c.oid::int8 as oid, c.oid::regclass::text as name, '{}'::text[] as key
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
    where m.amname = 'btree' and c.relkind = 'i' and i.indisvalid and i.indisready and c.relpersistence = 'p'
    order by 2`.execute(db)
  return rows
}

/** Whether the server brought amcheck, which is then switched on in this copy. */
export async function hasAmcheck(db: Database): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_available_extensions where name = 'amcheck'`.execute(db)
  if (rows.length === 0) return false
  await sql`create extension if not exists amcheck with schema pg_catalog`.execute(db)
  return true
}

/** What amcheck says against an index with every row of its table; null when nothing. */
export async function checkIndex(db: Database, oid: number): Promise<string | null> {
  return refusalOf(sql`select bt_index_check(${oid}::oid::regclass, true)`.execute(db))
}

/** What amcheck says against a table; null when nothing. */
export async function checkHeap(db: Database, oid: number): Promise<string | null> {
  const { rows } = await sql<{ msg: string; blkno: number }>`
    select msg, blkno from verify_heapam(${oid}::oid::regclass, on_error_stop => true)`.execute(db)
  const [first] = rows
  return first === undefined ? null : `block ${first.blkno}`
}

/** PostgreSQL's code for what it refuses; its words may show values of rows. */
async function refusalOf(asked: Promise<unknown>): Promise<string | null> {
  try {
    await asked
    return null
  } catch (error) {
    return `code ${(error as { readonly code?: string }).code ?? 'none'}`
  }
}

/** Rows of a table, counted through its primary key and by reading all of it. */
export async function countBothWays(
  db: Database,
  table: Relation,
): Promise<{ readonly byKey: number; readonly all: number }> {
  const from = sql.table(table.name.replaceAll('"', ''))
  const [first] = table.key
  return db.transaction().execute(async (tx) => {
    const count = async (): Promise<number> => {
      const key = first === undefined ? sql`true` : sql`${sql.ref(first)} is not null`
      const { rows } = await sql<{
        count: number
      }>`select count(*) as count from ${from} where ${key}`.execute(tx)
      return Number(rows[0]?.count)
    }
    await sql`set local enable_seqscan = off`.execute(tx)
    const byKey = await count()
    await sql`set local enable_seqscan = on`.execute(tx)
    await sql`set local enable_indexscan = off`.execute(tx)
    await sql`set local enable_indexonlyscan = off`.execute(tx)
    await sql`set local enable_bitmapscan = off`.execute(tx)
    return { byKey, all: await count() }
  })
}

/** Names of the migrations that were applied. */
export async function appliedMigrations(db: Database): Promise<readonly string[]> {
  const rows = await db.selectFrom('migration').select('name').execute()
  return rows.map(({ name }) => name)
}

/** How many values of the policy are in force. */
export async function valuesInForce(db: Database): Promise<number> {
  const row = await db
    .selectFrom('policy_in_force')
    .select((one) => one.fn.countAll<number>().as('count'))
    .executeTakeFirst()
  return row?.count ?? 0
}

/** Writes the heartbeat; returns what is read there afterwards, or what was there `before`. */
export async function writeHeartbeat(
  db: Database,
  at: Date,
  { read = 'after' }: { readonly read?: 'before' | 'after' } = {},
): Promise<Date | null> {
  const now = async (): Promise<Date | null> =>
    (await db.selectFrom('heartbeat').select('at').executeTakeFirst())?.at ?? null
  const before = await now()
  await db
    .insertInto('heartbeat')
    .values({ at })
    .onConflict((conflict) => conflict.column('one').doUpdateSet({ at }))
    .execute()
  return read === 'before' ? before : now()
}

/** Entries of the ledger below `size` whose row is not there, counted from the oldest row that the retention left. */
export async function lackingLedgerRows(db: Database, size: number): Promise<number> {
  const row = await db
    .selectFrom('audit_event')
    .select((one) => [
      one.fn.count<number>('ledger_index').as('count'),
      one.fn.min('ledger_index').as('oldest'),
    ])
    .where('ledger_index', '<', size)
    .executeTakeFirst()
  return size - (row?.oldest ?? 0) - (row?.count ?? 0)
}

/** Where the server listens, and whether it archives its log. */
export async function listensOn(
  db: Database,
): Promise<{ readonly addresses: string; readonly archives: boolean }> {
  const { rows } = await sql<{ addresses: string; archives: boolean }>`
    select current_setting('listen_addresses') as addresses, current_setting('archive_mode') <> 'off' as archives`.execute(
    db,
  )
  return rows[0] ?? { addresses: 'unknown', archives: true }
}

/** Programs that work on this cluster and are not the pool that asks. */
export async function foreignSessions(db: Database): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from pg_stat_activity
    where backend_type in ('client backend', 'walsender') and application_name <> 'surety'`.execute(db)
  return Number(rows[0]?.count)
}

/** Up to where the log is written. */
export async function currentLsn(db: Database): Promise<string | null> {
  const { rows } = await sql<{ lsn: string }>`select pg_current_wal_insert_lsn()::text as lsn`.execute(db)
  return rows[0]?.lsn ?? null
}

/** Has the server read its configuration again. */
export async function reloadSettings(db: Database): Promise<void> {
  await sql`select pg_reload_conf()`.execute(db)
}

/** Makes another database in the cluster. */
export async function createDatabase(db: Database, name: string): Promise<void> {
  await sql`create database ${sql.id(name)}`.execute(db)
}
