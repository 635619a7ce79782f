import { fieldKeyId } from '#envelope'
import type { Database } from '../../db/index.ts'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import { PROVIDER } from '../key-parts.ts'
import type { Keyring } from '../keyring/database.ts'
import { olderPersonKeys } from '../keyring/person-queries.ts'
import { storedKeys, type KeyName } from '../keyring/queries.ts'
import { byteColumns, headerCounts } from '../queries.ts'
import { sealedColumns } from '../stored-bytes.ts'
import { countLookUps } from './look-up-queries.ts'
import { lookUpStore, type LookUpColumn } from './look-ups.ts'
import { fixedColumns, storeName } from './places.ts'

/** A version of a key that another one has replaced. */
export interface OlderVersion {
  readonly of: KeyName
  readonly fingerprint: string
  /** Whether values are sealed with it; else look-up values are made with it. */
  readonly seals: boolean
  /** What stored values say of the key that they are under: an id, or a tenant and a version. */
  readonly mark: string
  /** When its successor was made. */
  readonly replacedAt: Date
}

function lookUpMark(tenant: string, version: number): string {
  return `${tenant} ${version}`
}

/** Every older version that still lives, of tenants and of persons. */
export async function olderVersions(keyring: Keyring): Promise<readonly OlderVersion[]> {
  const byKey = Map.groupBy(await storedKeys(keyring), ({ tenant, purpose }) => `${tenant} ${purpose}`)
  const ofTenants = [...byKey.values()].flatMap((versions) => {
    const sorted = versions.toSorted((a, b) => a.version - b.version)
    return sorted.flatMap(({ tenant, purpose, version, fingerprint }, at): OlderVersion[] => {
      const next = sorted[at + 1]
      if (next === undefined) return []
      const seals = purpose === 'data'
      const mark = seals ? fieldKeyId(fingerprint) : lookUpMark(tenant, version)
      const of = { tenant, purpose: seals ? 'data' : 'index', version } as const
      return [{ of, fingerprint, seals, mark, replacedAt: next.created_at }]
    })
  })
  const ofPersons = (await olderPersonKeys(keyring)).map(({ fingerprint, replacedAt, ...of }) => ({
    of,
    fingerprint,
    seals: true,
    mark: fieldKeyId(fingerprint),
    replacedAt,
  }))
  return [...ofTenants, ...ofPersons]
}

/** How many stored values are under a key, by what they say of it. */
export interface KeyUses {
  /** Values that can be moved under a newer key. */
  readonly moving: ReadonlyMap<string, number>
  /** Values whose bytes must stay as they are, and look-up values that end by themselves. */
  readonly fixed: ReadonlyMap<string, number>
}

/** Counts the values of every sealed column and of every column of look-up values by the key that they are under. */
export async function countUses(db: Database, lookUps: readonly LookUpColumn[]): Promise<KeyUses> {
  const existing = new Set((await byteColumns(db)).map((one) => `${one.schema}.${one.table}.${one.column}`))
  const [moving, fixed] = [new Map<string, number>(), new Map<string, number>()]
  const add = (counts: Map<string, number>, mark: string, count: number): void =>
    void counts.set(mark, (counts.get(mark) ?? 0) + count)
  for (const column of sealedColumns) {
    const name = storeName(column)
    if (!existing.has(name)) continue
    const counts = Object.hasOwn(fixedColumns, name) ? fixed : moving
    for (const { header, count } of await headerCounts(db, column, PROVIDER))
      add(counts, header.toString('hex', 1), count)
  }
  for (const column of lookUps) {
    if (column.list !== true && !existing.has(lookUpStore(column))) continue
    for (const { tenant, version, movable, count } of await countLookUps(db, column))
      add(movable ? moving : fixed, lookUpMark(tenant ?? '', version), count)
  }
  return { moving, fixed }
}

/** How many values are still under keys that were replaced longer than `seconds` ago, although they could be moved. */
export async function leftBehind(
  parts: {
    readonly db: Database
    readonly keyring: Keyring
    readonly clock: Clock
    readonly lookUps: readonly LookUpColumn[]
  },
  seconds: number,
): Promise<number> {
  const late = (await olderVersions(parts.keyring)).filter(
    ({ replacedAt }) => secondsBetween(replacedAt, parts.clock.now()) > seconds,
  )
  if (late.length === 0) return 0
  const { moving } = await countUses(parts.db, parts.lookUps)
  return late.reduce((sum, { mark }) => sum + (moving.get(mark) ?? 0), 0)
}
