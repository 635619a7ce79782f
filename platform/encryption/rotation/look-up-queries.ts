import { sql, type RawBuilder } from 'kysely'
import type { Database } from '../../db/index.ts'
import { PROVIDER } from '../key-parts.ts'
import type { SealedColumn } from '../queries.ts'
import type { LookUpColumn, LookUpSource, RowTexts } from './look-ups.ts'
import { placeOf } from './places.ts'
import { columnIn, rowIn, tenantOf, type BlockRange } from './queries.ts'

/** The version of the key that a look-up value was made with, as `indexVersion` of the envelope engine tells it. */
function versionOf(value: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`(case length(${value}) when 32 then 1 when 34 then get_byte(${value}, 0) * 256 + get_byte(${value}, 1) else 0 end)`
}

function ownerOf({ tenant }: LookUpColumn): RawBuilder<string> {
  return tenant === null ? sql<string>`${PROVIDER}::text` : sql<string>`${sql.ref(tenant)}::text`
}

function tableOf({ schema, table }: LookUpColumn) {
  return sql.table(`${schema}.${table}`)
}

/** The values of a row, one or many, as a list. */
function valuesOf({ column, list }: LookUpColumn): RawBuilder<unknown> {
  return list === true ? sql`${sql.ref(column)}` : sql`array[${sql.ref(column)}]`
}

/** How many look-up values of a tenant are under a version, and whether they can be made again. */
export interface LookUpCount {
  readonly tenant: string | null
  readonly version: number
  readonly movable: boolean
  readonly count: number
}

/** Counts the values of a column by tenant and version. */
export async function countLookUps(db: Database, of: LookUpColumn): Promise<readonly LookUpCount[]> {
  const movable = of.from === null ? sql`false` : sql`${sql.ref(of.from.column)} is not null`
  const { rows } = await sql<LookUpCount>`
    select ${ownerOf(of)} as tenant, ${versionOf(sql`one`)} as version, ${movable} as movable, count(*)::int as count
    from ${tableOf(of)} cross join lateral unnest(${valuesOf(of)}) as one
    where one is not null group by 1, 2, 3`.execute(db)
  return rows
}

/** Which version the look-up values of a tenant are to be under. */
export interface LookUpTarget {
  readonly tenant: string
  readonly version: number
}

/** A row whose look-up values are under an older version; it is locked. */
export interface OldLookUp {
  readonly ctid: string
  readonly tenant: string
  readonly version: number
  readonly before: readonly Buffer[]
  /** The envelope that they are made from, with the place that it is bound to. */
  readonly sealed: Buffer
  readonly sealedTenant: string
  readonly row: string
  readonly column: string
  readonly texts: RowTexts
}

/** Locks the rows of some blocks with values under a version below their target, and passes over rows that somebody else holds. */
export async function lockOldLookUps(
  tx: Database,
  of: LookUpColumn & { readonly from: LookUpSource },
  sealed: SealedColumn,
  { from, to }: BlockRange,
  targets: readonly LookUpTarget[],
): Promise<readonly OldLookUp[]> {
  const place = placeOf(sealed)
  const texts = (of.from.texts ?? []).flatMap((name) => [sql`${name}::text`, sql`${sql.ref(name)}::text`])
  const { rows } = await sql<OldLookUp>`
    select stored.ctid::text as ctid, wanted_tenant as tenant, wanted_version as version, ${valuesOf(of)} as before,
      ${sql.ref(of.from.column)} as sealed, ${tenantOf(sealed)} as "sealedTenant", ${rowIn(place)} as row,
      ${columnIn(place, sealed)} as column, jsonb_build_object(${sql.join(texts)}) as texts
    from ${tableOf(of)} as stored
    join unnest(${targets.map(({ tenant }) => tenant)}::text[], ${targets.map(({ version }) => version)}::int[])
      as wanted (wanted_tenant, wanted_version) on wanted_tenant = ${ownerOf(of)}
    where stored.ctid >= ${`(${from},0)`}::tid and stored.ctid < ${`(${to},0)`}::tid
      and ${sql.ref(of.from.column)} is not null
      and exists (select from unnest(${valuesOf(of)}) as one where ${versionOf(sql`one`)} < wanted_version)
    for update of stored skip locked`.execute(tx)
  return rows
}

/** Values to be put in the place of older ones. */
export interface NewLookUp {
  readonly ctid: string
  readonly before: readonly Buffer[]
  readonly after: readonly Buffer[]
}

/** PostgreSQL's word for a value that must be there once and is there already. */
const TWICE = '23505'

/**
 * Replaces look-up values that still are what they were (compare and set); returns in how many rows. Where a row's new value is
 * another row's already, it stays as it is and keeps no other row waiting.
 */
export async function replaceLookUps(
  tx: Database,
  of: LookUpColumn,
  moved: readonly NewLookUp[],
): Promise<number> {
  const all = await unlessTwice(tx, () => replaceAll(tx, of, moved))
  if (all !== null) return all
  let count = 0
  for (const one of moved) count += (await unlessTwice(tx, () => replaceAll(tx, of, [one]))) ?? 0
  return count
}

/** What `work` comes to; null, and nothing of it, when it would store a value twice. */
async function unlessTwice(tx: Database, work: () => Promise<number>): Promise<number | null> {
  await sql`savepoint look_ups`.execute(tx)
  try {
    const done = await work()
    await sql`release savepoint look_ups`.execute(tx)
    return done
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === TWICE)) throw error
    await sql`rollback to savepoint look_ups`.execute(tx)
    return null
  }
}

async function replaceAll(tx: Database, of: LookUpColumn, moved: readonly NewLookUp[]): Promise<number> {
  if (of.list === true) return replaceLists(tx, of, moved)
  const column = sql.ref(of.column)
  const first = (values: readonly Buffer[]): Buffer => values[0] ?? Buffer.alloc(0)
  const done = await sql`
    update ${tableOf(of)} as stored set ${column} = moved.after
    from unnest(${moved.map(({ ctid }) => ctid)}::tid[], ${moved.map((one) => first(one.before))}::bytea[],
      ${moved.map((one) => first(one.after))}::bytea[]) as moved (ctid, before, after)
    where stored.ctid = moved.ctid and stored.${column} = moved.before`.execute(tx)
  return Number(done.numAffectedRows ?? 0n)
}

async function replaceLists(tx: Database, of: LookUpColumn, moved: readonly NewLookUp[]): Promise<number> {
  const column = sql.ref(of.column)
  let count = 0
  for (const { ctid, before, after } of moved) {
    const done = await sql`
      update ${tableOf(of)} set ${column} = ${[...after]}::bytea[]
      where ctid = ${ctid}::tid and ${column} = ${[...before]}::bytea[]`.execute(tx)
    count += Number(done.numAffectedRows ?? 0n)
  }
  return count
}
