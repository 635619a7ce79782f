import { sql, type RawBuilder } from 'kysely'
import { fieldHeaderBytes } from '#envelope'
import type { Database } from '../../db/index.ts'
import { PROVIDER } from '../key-parts.ts'
import type { SealedColumn } from '../queries.ts'
import { placeOf, type StoredPlace } from './places.ts'

/** Format, key id and nonce: the nonce is random, so no two envelopes share these bytes. */
const IDENTITY_BYTES = fieldHeaderBytes + 24

/** A run over one column. */
export interface ColumnRun {
  readonly store: string
  readonly leaving: string
  readonly started_at: Date
  readonly next_block: number
  readonly blocks: number
  readonly moved: number
  readonly unreadable: number
  readonly finished_at: Date | null
}

/** Every run, by column. */
export function columnRuns(db: Database): Promise<ColumnRun[]> {
  return db.selectFrom('reencryption').selectAll().orderBy('store').execute()
}

/** Begins a run over a column, in the place of an earlier one. */
export async function beginRun(
  db: Database,
  run: { readonly store: string; readonly leaving: string; readonly at: Date; readonly blocks: number },
): Promise<void> {
  const { store, leaving, at: started_at, blocks } = run
  const fresh = { leaving, started_at, next_block: 0, blocks, moved: 0, unreadable: 0, finished_at: null }
  await db
    .insertInto('reencryption')
    .values({ store, ...fresh })
    .onConflict((conflict) => conflict.column('store').doUpdateSet(fresh))
    .execute()
}

/** Notes how far a run came, in the transaction that brought it there. */
export async function advanceRun(
  db: Database,
  run: {
    readonly store: string
    readonly leaving: string
    readonly nextBlock: number
    readonly moved: number
    readonly unreadable: number
  },
): Promise<void> {
  await db
    .updateTable('reencryption')
    .set((one) => ({
      next_block: run.nextBlock,
      moved: one('moved', '+', run.moved),
      unreadable: one('unreadable', '+', run.unreadable),
    }))
    .where('store', '=', run.store)
    .where('leaving', '=', run.leaving)
    .execute()
}

/** A run has seen every block. */
export async function finishRun(db: Database, store: string, at: Date): Promise<void> {
  await db.updateTable('reencryption').set({ finished_at: at }).where('store', '=', store).execute()
}

/** How many blocks a table has. */
export async function blocksOf(
  db: Database,
  of: { readonly schema: string; readonly table: string },
): Promise<number> {
  const { rows } = await sql<{ blocks: number }>`
    select (pg_relation_size(${`${of.schema}.${of.table}`}::regclass)
      / current_setting('block_size')::bigint)::int as blocks`.execute(db)
  return rows[0]?.blocks ?? 0
}

/** The tenant whose key sealed a row's value. */
export function tenantOf(of: SealedColumn): RawBuilder<string> {
  const own = of.tenant === null ? sql<string>`${PROVIDER}::text` : sql<string>`${sql.ref(of.tenant)}::text`
  return of.orProvider === true ? sql<string>`coalesce(${own}, ${PROVIDER})` : own
}

/** Part of a table, by its blocks: `from` is inside, `to` is not. */
export interface BlockRange {
  readonly from: number
  readonly to: number
}

/** Values that are still under an older key, with what their places are made of; their rows are locked. */
export interface StaleValues {
  readonly ctids: readonly string[]
  readonly tenants: readonly string[]
  readonly rows: readonly string[]
  readonly columns: readonly string[]
  readonly lengths: readonly number[]
  /** All values, one behind the other: one long value costs less to carry than many. */
  readonly bytes: Buffer | null
}

/** The id that a value is bound to, as it is read from its row. */
export function rowIn({ row }: StoredPlace): RawBuilder<string> {
  const parts = row.map((part) =>
    'hex' in part ? sql`encode(${sql.ref(part.hex)}, 'hex')` : sql`${sql.ref(part.text)}::text`,
  )
  return sql<string>`${sql.join(parts, sql` || '/' || `)}`
}

/** The column that a value is bound to. */
export function columnIn({ column }: StoredPlace, of: SealedColumn): RawBuilder<string> {
  return column === undefined ? sql<string>`${of.column}::text` : sql<string>`${sql.ref(column)}::text`
}

/** What the values of some blocks begin with. */
export async function headersIn(
  tx: Database,
  of: SealedColumn,
  { from, to }: BlockRange,
): Promise<readonly Buffer[]> {
  const { rows } = await sql<{ header: Buffer }>`
    select distinct substr(${sql.ref(of.column)}, 1, ${fieldHeaderBytes}::int) as header
    from ${sql.table(`${of.schema}.${of.table}`)}
    where ctid >= ${`(${from},0)`}::tid and ctid < ${`(${to},0)`}::tid and ${sql.ref(of.column)} is not null`.execute(
    tx,
  )
  return rows.map(({ header }) => header)
}

/** Locks the values of some blocks that begin with one of these headers, and passes over rows that somebody else holds. */
export async function lockStale(
  tx: Database,
  of: SealedColumn,
  { from, to }: BlockRange,
  headers: readonly Buffer[],
): Promise<StaleValues> {
  const place = placeOf(of)
  const column = sql.ref(of.column)
  const only = of.onlyWithTenant === true ? sql`and ${tenantOf(of)} is not null` : sql``
  const { rows } = await sql<StaleValues>`
    with stale as materialized (
      select ctid, ${tenantOf(of)} as tenant, ${rowIn(place)} as row_id, ${columnIn(place, of)} as place_column, ${column} as sealed
      from ${sql.table(`${of.schema}.${of.table}`)}
      where ctid >= ${`(${from},0)`}::tid and ctid < ${`(${to},0)`}::tid
        and substr(${column}, 1, ${fieldHeaderBytes}::int) = any(${[...headers]}::bytea[]) ${only}
      for no key update skip locked
    )
    select coalesce(array_agg(ctid::text), '{}') as ctids, coalesce(array_agg(tenant), '{}') as tenants,
      coalesce(array_agg(row_id), '{}') as rows, coalesce(array_agg(place_column), '{}') as columns,
      coalesce(array_agg(length(sealed)), '{}') as lengths, string_agg(sealed, '') as bytes
    from stale`.execute(tx)
  const [found] = rows
  if (found === undefined) throw new Error('an aggregate gave no row')
  return found
}

/** Values to be put in the place of older ones, in the order of their rows. */
export interface MovedValues {
  readonly ctids: readonly string[]
  /** The first bytes of each older value, which name it. */
  readonly before: readonly Buffer[]
  readonly after: readonly Buffer[]
}

/** What names an envelope among all others. */
export function identityOf(envelope: Buffer): Buffer {
  return envelope.subarray(0, IDENTITY_BYTES)
}

/** Replaces values that still are what they were (compare and set); returns how many were. */
export async function replaceValues(
  tx: Database,
  of: SealedColumn,
  { from, to }: BlockRange,
  { ctids, before, after }: MovedValues,
): Promise<number> {
  const column = sql.ref(of.column)
  const lengths = after.map((one) => one.length)
  const done = await sql`
    update ${sql.table(`${of.schema}.${of.table}`)} as stored
    set ${column} = moved.value
    from (
      select one.ctid, substr(${Buffer.concat(before)}::bytea, ((one.n - 1) * ${IDENTITY_BYTES}::int + 1)::int, ${IDENTITY_BYTES}::int) as before,
        substr(${Buffer.concat(after)}::bytea, one.start, one.length) as value
      from unnest(${[...ctids]}::tid[], ${startsOf(lengths)}::int[], ${lengths}::int[]) with ordinality as one (ctid, start, length, n)
    ) as moved
    where stored.ctid = moved.ctid and stored.ctid >= ${`(${from},0)`}::tid and stored.ctid < ${`(${to},0)`}::tid
      and substr(stored.${column}, 1, ${IDENTITY_BYTES}::int) = moved.before`.execute(tx)
  return Number(done.numAffectedRows ?? 0n)
}

/** Where each of some pieces begins, counted from 1. */
function startsOf(lengths: readonly number[]): number[] {
  let at = 1
  return lengths.map((length) => {
    const start = at
    at += length
    return start
  })
}

/** Puts a sealed value where the post keeps its messages, inside a transaction that is undone. */
export async function plantSealed(
  tx: Database,
  one: { readonly id: string; readonly at: Date; readonly message: Buffer },
): Promise<void> {
  const { id, at: created_at, message } = one
  await tx
    .insertInto('outbox')
    .values({ id, channel: 'letter', kind: 'probe', message, state: 'kept', created_at })
    .execute()
}

/** Puts a look-up value where invitations keep theirs, inside a transaction that is undone. */
export async function plantLookUp(
  tx: Database,
  one: { readonly id: string; readonly at: Date; readonly index: Buffer; readonly email: Buffer },
): Promise<void> {
  const { id, at, index: email_index, email } = one
  const token_hash = Buffer.from(id)
  await tx
    .insertInto('link')
    .values({
      id,
      kind: 'first-administrator',
      token_hash,
      email,
      email_index,
      created_at: at,
      expires_at: at,
    })
    .execute()
}

/** A version of a key that nothing names any more. */
export interface UnusedKey {
  readonly fingerprint: string
  readonly tenant: string
  readonly version: number
  readonly since: Date
}

/** Every version that is known to be unused. */
export function unusedKeys(db: Database): Promise<UnusedKey[]> {
  return db.selectFrom('key_unused').selectAll().execute()
}

/** Notes that versions are unused, unless that is known. */
export async function noteUnused(db: Database, keys: readonly UnusedKey[]): Promise<void> {
  await db
    .insertInto('key_unused')
    .values(keys)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** A version is in use again, or gone. */
export async function forgetUnused(db: Database, fingerprint: string): Promise<void> {
  await db.deleteFrom('key_unused').where('fingerprint', '=', fingerprint).execute()
}
