import { fieldKeyId } from '#envelope'
import type { Database } from '../../db/index.ts'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import { PROVIDER } from '../key-parts.ts'
import type { Keyring } from '../keyring/database.ts'
import { storedKeys } from '../keyring/queries.ts'
import { byteColumns, headerCounts } from '../queries.ts'
import { sealedColumns } from '../stored-bytes.ts'
import { fixedColumns, storeName } from './places.ts'

/** A version of a tenant's data key that another one has replaced. */
export interface OlderVersion {
  readonly tenant: string
  readonly version: number
  readonly fingerprint: string
  /** The id that values under it carry. */
  readonly keyId: string
  /** When its successor was made. */
  readonly replacedAt: Date
}

/** Every older version that still lives. */
export async function olderVersions(keyring: Keyring): Promise<readonly OlderVersion[]> {
  const keys = (await storedKeys(keyring)).filter(({ purpose }) => purpose === 'data')
  const successor = (tenant: string, version: number) =>
    keys
      .filter((one) => one.tenant === tenant && one.version > version)
      .toSorted((a, b) => a.version - b.version)[0]
  return keys.flatMap(({ tenant, version, fingerprint }) => {
    const next = successor(tenant, version)
    if (next === undefined) return []
    return [{ tenant, version, fingerprint, keyId: fieldKeyId(fingerprint), replacedAt: next.created_at }]
  })
}

/** How many stored values name a key, by its id. */
export interface KeyUses {
  /** Values that can be moved under a newer key. */
  readonly moving: ReadonlyMap<string, number>
  /** Values whose bytes must stay as they are. */
  readonly fixed: ReadonlyMap<string, number>
}

/** Counts the values of every sealed column by the key that they name. */
export async function countUses(db: Database): Promise<KeyUses> {
  const existing = new Set((await byteColumns(db)).map((one) => `${one.schema}.${one.table}.${one.column}`))
  const [moving, fixed] = [new Map<string, number>(), new Map<string, number>()]
  for (const column of sealedColumns) {
    const name = storeName(column)
    if (!existing.has(name)) continue
    const counts = Object.hasOwn(fixedColumns, name) ? fixed : moving
    for (const { header, count } of await headerCounts(db, column, PROVIDER)) {
      const keyId = header.toString('hex', 1)
      counts.set(keyId, (counts.get(keyId) ?? 0) + count)
    }
  }
  return { moving, fixed }
}

/** How many values are still under keys that were replaced longer than `seconds` ago, although they could be moved. */
export async function leftBehind(
  parts: { readonly db: Database; readonly keyring: Keyring; readonly clock: Clock },
  seconds: number,
): Promise<number> {
  const late = (await olderVersions(parts.keyring)).filter(
    ({ replacedAt }) => secondsBetween(replacedAt, parts.clock.now()) > seconds,
  )
  if (late.length === 0) return 0
  const { moving } = await countUses(parts.db)
  return late.reduce((sum, { keyId }) => sum + (moving.get(keyId) ?? 0), 0)
}
