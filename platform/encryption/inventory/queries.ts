import { sql } from 'kysely'
import type { Database } from '../../db/index.ts'
import type { Keyring } from '../keyring/database.ts'

/** A database of the product: that of the data or that of the keys. */
export type AnyDatabase = Database | Keyring

/** A column whose values could be words: `schema.table.column`. */
export interface ContentColumn {
  readonly schema: string
  readonly table: string
  readonly column: string
  /** Bytes, text, or a list or document of texts. */
  readonly type: 'bytes' | 'text' | 'list' | 'document' | 'other'
  /** Whether the role that asks may read it. */
  readonly readable: boolean
}

/**
 * Every column of every table whose type could hold words, in any schema that is not PostgreSQL's own: what is neither a
 * number, a moment, a truth value nor a UUID.
 */
export async function contentColumns(db: AnyDatabase): Promise<readonly ContentColumn[]> {
  const { rows } = await sql<ContentColumn>`
    select n.nspname as schema, c.relname as table, a.attname as column,
      case
        when t.typname in ('bytea', '_bytea') then 'bytes'
        when t.typcategory = 'A' then 'list'
        when t.typname in ('json', 'jsonb') then 'document'
        when t.typcategory = 'S' then 'text'
        else 'other'
      end as type,
      has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, a.attnum, 'select') as readable
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
    left join pg_type element on element.oid = t.typelem and t.typcategory = 'A'
    where c.relkind in ('r', 'p', 'm', 'f') and a.attnum > 0 and not a.attisdropped
      and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
      and coalesce(element.typname, t.typname) not in
        ('uuid', 'bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'oid', 'date', 'time', 'timetz',
         'timestamp', 'timestamptz', 'interval', 'pg_lsn', 'xid', 'xid8')
    order by 1, 2, 3`.execute(db)
  return rows
}

/** Every table of the product and of strangers: `schema.table`, with the bytes that it takes on the disk. */
export async function tablesThere(
  db: AnyDatabase,
): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  const { rows } = await sql<{ name: string; bytes: number }>`
    select n.nspname || '.' || c.relname as name, pg_total_relation_size(c.oid)::float8 as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm', 'f')
      and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
    order by 1`.execute(db)
  return rows
}

/** How many of the rows at the end of a table hold something that is not of this shape. */
export async function otherShapes(
  db: AnyDatabase,
  of: ContentColumn,
  shape: string,
  rowsMax: number,
): Promise<{ readonly looked: number; readonly wrong: number }> {
  const column = sql.ref(of.column)
  const table = sql.table(`${of.schema}.${of.table}`)
  const wrong =
    of.type === 'list'
      ? sql`exists (select from unnest(${column}) as one(value) where one.value::text !~ ${shape})`
      : sql`${column}::text !~ ${shape}`
  // The last pages alone are read, however long the table is; what is written goes there or into holes near by.
  const { rows } = await sql<{ looked: number; wrong: number }>`
    select count(*)::int as looked, count(*) filter (where ${wrong})::int as wrong
    from (
      select ${column} from ${table}
      where ${column} is not null
        and ctid >= format('(%s,0)',
          greatest(0, pg_relation_size(format('%I.%I', ${of.schema}::text, ${of.table}::text)::regclass) / 8192 - 100))::tid
      limit ${rowsMax}
    ) as newest`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('a count gave no row')
  return row
}

/** Makes a table that no list names, inside a transaction that is undone. */
export async function plantTable(tx: Database): Promise<void> {
  await sql`create table surety.unlisted_probe (id uuid primary key, note text)`.execute(tx)
}

/** Puts words of a person where an id of the program stands, inside a transaction that is undone. */
export async function plantWords(tx: Database, id: string, words: string, at: Date): Promise<void> {
  const made = { id, at, type: 'key.probed', kind: 'system', actor_kind: 'system', actor_id: words }
  await tx
    .insertInto('audit_event')
    .values({ ...made, outcome: 'success', details: '{}' })
    .execute()
}

/** The version of the server as it tells it, such as `180004` and `18.4`. */
export async function serverVersion(
  db: Database,
): Promise<{ readonly number: number; readonly text: string; readonly folder: string | null }> {
  const { rows } = await sql<{ number: string; text: string; folder: string | null }>`
    select current_setting('server_version_num') as number, current_setting('server_version') as text,
      case when pg_has_role(current_user, 'pg_read_all_settings', 'usage') then current_setting('data_directory') end as folder`.execute(
    db,
  )
  const [row] = rows
  if (row === undefined) throw new Error('the server has no version')
  return { ...row, number: Number(row.number) }
}

/**
 * Writes words into the log of the database and nowhere else, and makes sure that they are on the disk; tells whether the
 * server could (PostgreSQL 17).
 */
export async function plantInLog(db: Database, words: string): Promise<boolean> {
  if ((await serverVersion(db)).number < 170_000) return false
  await sql`select pg_logical_emit_message(false, 'surety', ${words}, true)`.execute(db)
  return true
}
