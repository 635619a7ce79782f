import { sql } from 'kysely'
import { fieldHeaderBytes } from '#envelope'
import type { Database, Transaction } from '../db/index.ts'

/** A column of sealed values, and how the tenant of each is found. */
export interface SealedColumn {
  readonly schema: string
  readonly table: string
  readonly column: string
  /** The column that holds the tenant; null: the provider; `orProvider`: the provider where that column is null. */
  readonly tenant: string | null
  readonly orProvider?: true
  /** Only rows with a tenant hold an envelope. */
  readonly onlyWithTenant?: true
}

/** Values that begin alike: how many, the shortest of them, and the bytes they begin with. */
export interface HeaderCount {
  readonly tenant: string | null
  readonly header: Buffer
  readonly bytesMin: number
  readonly count: number
}

/** Counts the values of a sealed column by tenant and envelope header. */
export async function headerCounts(
  db: Database,
  of: SealedColumn,
  provider: string,
): Promise<readonly HeaderCount[]> {
  const column = sql.ref(of.column)
  const own = of.tenant === null ? sql`${provider}::text` : sql`${sql.ref(of.tenant)}::text`
  const tenant = of.orProvider === true ? sql`coalesce(${own}, ${provider})` : own
  const only = of.onlyWithTenant === true ? sql`and ${own} is not null` : sql``
  const { rows } = await sql<HeaderCount>`
    select ${tenant} as tenant, substr(${column}, 1, ${fieldHeaderBytes}::int) as header,
      min(length(${column}))::int as "bytesMin", count(*)::int as count
    from ${sql.table(`${of.schema}.${of.table}`)}
    where length(${column}) > 0 ${only}
    group by 1, 2`.execute(db)
  return rows
}

/** Every column of type bytea of the tables that hold data; views show what tables hold. */
export async function byteColumns(
  db: Database,
): Promise<readonly { readonly schema: string; readonly table: string; readonly column: string }[]> {
  const { rows } = await sql<{ schema: string; table: string; column: string }>`
    select c.table_schema as schema, c.table_name as table, c.column_name as column
    from information_schema.columns c
    join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
    where c.table_schema in ('surety', 'inbox') and c.data_type = 'bytea' and t.table_type = 'BASE TABLE'
    order by 1, 2, 3`.execute(db)
  return rows
}

/** How many rows that this very transaction wrote show `text`, in any table, in the clear or in hexadecimal. */
export async function rowsShowing(tx: Transaction, text: string): Promise<number> {
  const { rows: tables } = await sql<{ schema: string; table: string }>`
    select schemaname as schema, tablename as table from pg_tables where schemaname in ('surety', 'inbox')`.execute(
    tx,
  )
  let found = 0
  for (const { schema, table } of tables) {
    const { rows } = await sql<{ found: number }>`
      select count(*)::int as found from ${sql.table(`${schema}.${table}`)} as one
      where one.xmin = pg_current_xact_id()::xid
        and (strpos(one::text, ${text}) > 0 or strpos(one::text, ${Buffer.from(text).toString('hex')}) > 0)`.execute(
      tx,
    )
    found += rows[0]?.found ?? 0
  }
  return found
}

/** Overwrites the sealed value of the event with this target, inside a transaction that is undone. */
export async function overwriteProbe(tx: Transaction, targetId: string, bytes: Uint8Array): Promise<void> {
  await tx
    .updateTable('audit_event')
    .set({ sealed: Buffer.from(bytes) })
    .where('target_id', '=', targetId)
    .execute()
}

/** The sealed value of the event with this target. */
export async function probeBytes(tx: Transaction, targetId: string): Promise<Buffer> {
  const row = await tx
    .selectFrom('audit_event')
    .select('sealed')
    .where('target_id', '=', targetId)
    .executeTakeFirstOrThrow()
  if (row.sealed === null) throw new Error('the probe was not sealed')
  return row.sealed
}
