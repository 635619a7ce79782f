import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  type RawBuilder,
} from 'kysely'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { PUBLISHER_LOCK } from '../audit/index.ts'
import type { Contents } from './manifest.ts'

/** Compiles statements whose only moving parts are names; no connection belongs to it. */
const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** Copying and DDL take no parameters, so names are quoted by the compiler. Policy 5.3-c. */
function named(statement: RawBuilder<unknown>): string {
  const { sql: text, parameters } = statement.compile(compiler)
  if (parameters.length > 0) throw new Error('a statement of names was given a value')
  return text
}

/** The schemas that a backup holds, in the order in which they are made. */
export const BACKED_UP = ['surety', 'inbox'] as const

/** The name of a schema that a backup holds. */
export type BackedUpSchema = (typeof BACKED_UP)[number]

/** A table as the catalogue describes it; `refers` are the tables that its foreign keys point at. */
export interface Table {
  readonly schema: BackedUpSchema
  readonly table: string
  readonly columns: readonly string[]
  readonly key: readonly string[]
  readonly refers: readonly string[]
}

/** The list of applied migrations is made by migrating, not by copying. */
const MIGRATIONS = 'migration'

/** Connects for copying; every value is written in one form whatever the server's settings. */
export async function connectForCopy(url: string): Promise<pg.Client> {
  const options =
    '-c timezone=UTC -c datestyle=ISO,MDY -c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex -c client_encoding=UTF8'
  const client = new pg.Client({ connectionString: url, application_name: 'surety recovery', options })
  // A lost connection also fails the statement under way, which is what the caller hears of.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Ends the connection at once; a polite end would wait for rows that nobody reads any more. */
export function hangUp(client: pg.Client): void {
  client.connection.stream.destroy()
}

/** Every table of the schemas but their lists of migrations, by name. */
export async function tables(client: pg.Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(
    `select n.nspname as schema, c.relname as table,
       (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
       coalesce((select array_agg(a.attname::text order by k.place) from pg_index i,
           unnest(i.indkey) with ordinality as k (attnum, place), pg_attribute a
         where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.attnum), '{}') as key,
       coalesce((select array_agg(distinct fn.nspname || '.' || f.relname) from pg_constraint o
         join pg_class f on f.oid = o.confrelid join pg_namespace fn on fn.oid = f.relnamespace
         where o.conrelid = c.oid and o.contype = 'f' and o.confrelid <> c.oid), '{}') as refers
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> $2
     order by 1, 2`,
    [BACKED_UP, MIGRATIONS],
  )
  return rows
}

/** Where every sequence stands that gave a number. */
export async function sequences(client: pg.Client): Promise<Contents['sequences']> {
  const { rows } = await client.query<Contents['sequences'][number]>(
    `select schemaname as schema, sequencename as sequence, last_value as last
     from pg_sequences where schemaname = any($1) and last_value is not null order by 1, 2`,
    [BACKED_UP],
  )
  return rows
}

/** The migrations that were applied. */
export async function migrations(client: pg.Client): Promise<Contents['migrations']> {
  const found: Contents['migrations'] = []
  for (const schema of BACKED_UP) {
    const { rows: known } = await client.query('select to_regclass($1) as is', [`${schema}.${MIGRATIONS}`])
    if ((known[0] as { is: string | null } | undefined)?.is === null) continue
    const text = named(sql`select name, sha256 from ${sql.table(`${schema}.${MIGRATIONS}`)} order by name`)
    const { rows } = await client.query<{ name: string; sha256: string }>(text)
    found.push(...rows.map((row) => ({ schema, ...row })))
  }
  return found
}

/** Waits until nobody publishes the ledger and keeps it so while `work` runs: a publisher that finds the lock taken comes again. */
export async function whileUnpublished<Result>(
  client: pg.Client,
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query('select pg_advisory_lock($1::bigint)', [PUBLISHER_LOCK])
  try {
    return await work()
  } finally {
    await client.query('select pg_advisory_unlock($1::bigint)', [PUBLISHER_LOCK])
  }
}

/** Begins a transaction that sees one moment of the whole database, and tells the checkpoint that the ledger had then. */
export async function beginSnapshot(client: pg.Client): Promise<string | null> {
  await client.query('begin isolation level repeatable read read only')
  const { rows } = await client.query<{ checkpoint: string | null }>(
    'select checkpoint from surety.ledger_state',
  )
  return rows[0]?.checkpoint ?? null
}

/** Begins a transaction. */
export async function begin(client: pg.Client): Promise<void> {
  await client.query('begin')
}

/** Ends the transaction and keeps what it did. */
export async function commit(client: pg.Client): Promise<void> {
  await client.query('commit')
}

/** Ends the transaction and undoes what it did. */
export async function rollback(client: pg.Client): Promise<void> {
  await client.query('rollback')
}

/** Takes the lock that lets one backup run at a time, on this server, in whatever process; it ends with the connection. */
export async function takeBackupLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock(600001) as held')
  return rows[0]?.held === true
}

/** The rows of a table in PostgreSQL's text format, sorted by its key. */
export function copyOut(client: pg.Client, of: Pick<Table, 'schema' | 'table' | 'columns' | 'key'>) {
  const list = (names: readonly string[]): RawBuilder<unknown> => sql.join(names.map((name) => sql.ref(name)))
  const from = sql.table(`${of.schema}.${of.table}`)
  const order = of.key.length > 0 ? sql`order by ${list(of.key)}` : sql``
  return client.query(copyTo(named(sql`copy (select ${list(of.columns)} from ${from} ${order}) to stdout`)))
}

/** Takes rows in PostgreSQL's text format into a table; numbers that the database would give itself are kept. */
export function copyIn(client: pg.Client, to: Pick<Table, 'schema' | 'table' | 'columns'>) {
  const columns = sql.join(to.columns.map((name) => sql.ref(name)))
  return client.query(
    copyFrom(named(sql`copy ${sql.table(`${to.schema}.${to.table}`)} (${columns}) from stdin`)),
  )
}

/** Empties tables, all at once, so that rows which migrations put in do not stay. */
export async function empty(client: pg.Client, all: readonly Table[]): Promise<void> {
  const names = sql.join(all.map((one) => sql.table(`${one.schema}.${one.table}`)))
  await client.query(named(sql`truncate ${names}`))
}

/** Lets sequences go on where they stood. */
export async function setSequences(client: pg.Client, all: Contents['sequences']): Promise<void> {
  for (const { schema, sequence, last } of all)
    await client.query('select setval(format($1, $2::text, $3::text)::regclass, $4)', [
      '%I.%I',
      schema,
      sequence,
      last,
    ])
}

/** Whether the schemas hold any table. */
export async function holdsTables(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('select 1 from pg_tables where schemaname = any($1) limit 1', [
    BACKED_UP,
  ])
  return rows.length > 0
}

/** Removes the schemas again, after a restore into an empty database failed. */
export async function dropSchemas(client: pg.Client): Promise<void> {
  await client.query('drop schema if exists surety, inbox cascade')
}

/** The database that backups are tried in; one at a time, under the lock. */
const SCRATCH = 'surety_restore_check'

/** Makes the scratch database anew and gives its URL; the lock is held by `client` until its connection ends. */
export async function makeScratch(client: pg.Client, url: string): Promise<string> {
  await client.query('select pg_advisory_lock(600002)')
  await dropScratch(client)
  await client.query('create database surety_restore_check')
  return url.replace(/\/[^/?]*(\?|$)/, `/${SCRATCH}$1`)
}

/** Drops the scratch database. */
export async function dropScratch(client: pg.Client): Promise<void> {
  await client.query('drop database if exists surety_restore_check with (force)')
}
