import { sql } from 'kysely'
import { fieldHeaderBytes } from '#envelope'
import type { Database, Transaction } from '../db/index.ts'

/** What a data key is used for. */
export type KeyPurpose = 'data' | 'index'

/** What was done with a tenant's keys. */
export type KeyAction = 'created' | 'opened' | 'rotated' | 'released' | 'destroyed'

/** A stored key version; `wrapped` is empty once it was destroyed. */
export interface StoredKey {
  readonly version: number
  readonly wrapped: Buffer
  readonly created_at: Date
}

/** A key version as it is made. */
export interface NewKey {
  readonly tenant: string
  readonly purpose: KeyPurpose
  readonly version: number
  readonly wrapped: Buffer
  readonly root_fingerprint: string
  readonly created_at: Date
}

/** Every version of a tenant's keys for a purpose, oldest first. */
export function keyVersions(db: Database, tenant: string, purpose: KeyPurpose): Promise<StoredKey[]> {
  return db
    .selectFrom('data_key')
    .select(['version', 'wrapped', 'created_at'])
    .where('tenant', '=', tenant)
    .where('purpose', '=', purpose)
    .orderBy('version')
    .execute()
}

/** Stores a key version unless another process stored that version first; tells whether it did. */
export async function storeKey(db: Database, key: NewKey): Promise<boolean> {
  const done = await db
    .insertInto('data_key')
    .values(key)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Destroys every key of a tenant: what they sealed can never be opened again. Returns how many there were. */
export async function destroyKeys(db: Database, tenant: string, at: Date): Promise<number> {
  const done = await db
    .updateTable('data_key')
    .set({ wrapped: Buffer.alloc(0), destroyed_at: at })
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
    .executeTakeFirst()
  return Number(done.numUpdatedRows)
}

/** A tenant's newest data key. */
export interface CurrentKey {
  readonly tenant: string
  readonly version: number
  readonly created_at: Date
}

/** The newest data key of every tenant that has keys, oldest first. */
export async function currentKeys(db: Database): Promise<CurrentKey[]> {
  const newest = db
    .selectFrom('data_key')
    .distinctOn('tenant')
    .select(['tenant', 'version', 'created_at', 'destroyed_at'])
    .where('purpose', '=', 'data')
    .orderBy('tenant')
    .orderBy('version', 'desc')
    .as('newest')
  return db
    .selectFrom(newest)
    .select(['tenant', 'version', 'created_at'])
    .where('destroyed_at', 'is', null)
    .orderBy('created_at')
    .execute()
}

/** Every stored key that was not destroyed. */
export function storedKeys(db: Database) {
  return db
    .selectFrom('data_key')
    .select(['tenant', 'purpose', 'version', 'wrapped', 'root_fingerprint', 'created_at'])
    .where('destroyed_at', 'is', null)
    .execute()
}

/** The tenants whose keys were destroyed. */
export async function destroyedTenants(db: Database): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('data_key')
    .select('tenant')
    .distinct()
    .where('destroyed_at', 'is not', null)
    .execute()
  return new Set(rows.map((row) => row.tenant))
}

/** Makes a tenant's newest data key as old as `at`, inside a transaction that is undone. */
export async function backdateKey(tx: Transaction, tenant: string, at: Date): Promise<void> {
  await tx.updateTable('data_key').set({ created_at: at }).where('tenant', '=', tenant).execute()
}

/** Since when each root key is in use, by its fingerprint. */
export async function rootKeysSince(
  db: Database,
): Promise<readonly { readonly fingerprint: string; readonly since: Date }[]> {
  return db
    .selectFrom('data_key')
    .select((one) => ['root_fingerprint as fingerprint', one.fn.min<Date>('created_at').as('since')])
    .where('destroyed_at', 'is', null)
    .groupBy('root_fingerprint')
    .execute()
}

/** Notes in the register of the key store that keys were used. */
export async function insertAccess(
  db: Database,
  access: { readonly id: string; readonly at: Date; readonly tenant: string; readonly action: KeyAction },
): Promise<void> {
  await db.insertInto('key_access').values(access).execute()
}

/** Forgets what the register notes from before `cutoff`; the audit log keeps its own record. */
export async function removeAccessesBefore(db: Database, cutoff: Date): Promise<void> {
  await db.deleteFrom('key_access').where('at', '<', cutoff).execute()
}

/** Compares the register of the key store with the audit log since `from`: how much it notes, and what only one of them knows. */
export async function reconcileAccesses(
  db: Database,
  from: Date,
): Promise<{ readonly accesses: number; readonly unlogged: number; readonly unregistered: number }> {
  // Both are written in one transaction, a moment apart; the other side is searched a little further back.
  const further = new Date(from.getTime() - 3_600_000)
  const { rows } = await sql<{ accesses: number; unlogged: number; unregistered: number }>`
    with
      register as (select id::text as id, action, at from key_access where at >= ${further}),
      logged as (
        select target_id as id, substr(type, 5) as action, at from audit_event
        where type in ('key.created', 'key.opened', 'key.rotated', 'key.released', 'key.destroyed')
          and at >= ${further}
      )
    select
      (select count(*) from register where at >= ${from})::int as accesses,
      (select count(*) from register r where at >= ${from}
        and not exists (select from logged l where l.id = r.id and l.action = r.action))::int as unlogged,
      (select count(*) from logged l where at >= ${from}
        and not exists (select from register r where l.id = r.id and l.action = r.action))::int as unregistered`.execute(
    db,
  )
  const [row] = rows
  if (row === undefined) throw new Error('a count gave no row')
  return row
}

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

/** Every column of type bytea in the schemas that hold data. */
export async function byteColumns(
  db: Database,
): Promise<readonly { readonly schema: string; readonly table: string; readonly column: string }[]> {
  const { rows } = await sql<{ schema: string; table: string; column: string }>`
    select table_schema as schema, table_name as table, column_name as column
    from information_schema.columns
    where table_schema in ('surety', 'inbox') and data_type = 'bytea'
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
