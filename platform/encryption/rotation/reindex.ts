import { createHash } from 'node:crypto'
import { EnvelopeError, openBytes, versionedIndex, type DataKeyring, type VersionedIndex } from '#envelope'
import type { Database } from '../../db/index.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import { indexWritesFrom } from '../key-age.ts'
import { storedKeys } from '../keyring/queries.ts'
import { byteColumns } from '../queries.ts'
import { sealedColumns } from '../stored-bytes.ts'
import {
  lockOldLookUps,
  replaceLookUps,
  type LookUpTarget,
  type NewLookUp,
  type OldLookUp,
} from './look-up-queries.ts'
import { lookUpStore, type LookUpColumn, type LookUpSource } from './look-ups.ts'
import { boundTable } from './places.ts'
import { columnRuns, unusedKeys, type BlockRange } from './queries.ts'
import { openRings, type Rings } from './rings.ts'
import { walk, type Batch, type Walked, type WalkParts } from './walk.ts'

/** What making look-up values anew needs besides the keys. */
export type ReindexParts = KeyStoreParts & WalkParts & { readonly lookUps: readonly LookUpColumn[] }

/** Which version the look-up values of each tenant are to be under that may still have older ones. */
export async function lookUpTargets(
  parts: Pick<ReindexParts, 'keyring' | 'data' | 'clock'>,
): Promise<readonly LookUpTarget[]> {
  const now = parts.clock.now()
  const unused = new Set((await unusedKeys(parts.data)).map(({ fingerprint }) => fingerprint))
  const keys = (await storedKeys(parts.keyring)).filter(({ purpose }) => purpose === 'index')
  const targets = [...Map.groupBy(keys, ({ tenant }) => tenant)].flatMap(([tenant, versions]) => {
    // Before its time nobody stores under a version, so nothing may be moved there either.
    const ripe = versions.filter(({ created_at }) => indexWritesFrom(created_at) <= now)
    const version = Math.max(0, ...ripe.map((one) => one.version))
    const left = versions.some((one) => one.version < version && !unused.has(one.fingerprint))
    return left ? [{ tenant, version }] : []
  })
  return targets.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1))
}

/**
 * Makes every look-up value anew under its tenant's newest key from the envelope beside it, in batches, from where the last run
 * stopped. Policy 2.3-a.1. Whoever looks one up meanwhile finds it: a statement sees a row with its value from before or from after.
 */
export async function reindex(parts: ReindexParts, until: () => boolean = () => false): Promise<Walked> {
  const targets = await lookUpTargets(parts)
  const total = { moved: 0, unreadable: 0, finished: true }
  if (targets.length === 0) return total
  const named = targets.map(({ tenant, version }) => `${tenant} ${version}\n`).join('')
  const leaving = `look-ups ${createHash('sha256').update(named).digest('hex')}`
  const rings = openRings(parts)
  const indexes = openIndexes(parts, rings)
  const runs = new Map((await columnRuns(parts.data)).map((run) => [run.store, run]))
  const existing = new Set(
    (await byteColumns(parts.data)).map((one) => `${one.schema}.${one.table}.${one.column}`),
  )
  for (const of of parts.lookUps) {
    if (of.from === null || !existing.has(`${of.schema}.${of.table}.${of.from.column}`)) continue
    const column = { ...of, from: of.from }
    const batch = (tx: Database, range: BlockRange): Promise<Batch> =>
      indexBatch(tx, column, range, { targets, rings, indexes })
    const store = lookUpStore(of)
    const done = await walk(parts, { store, of, leaving, until, batch }, runs.get(store))
    total.moved += done.moved
    total.unreadable += done.unreadable
    total.finished &&= done.finished
  }
  return total
}

/** Makes values of a purpose under one version of a tenant's key; null once the tenant is gone. */
type Indexes = (
  target: LookUpTarget,
  purpose: string,
) => Promise<((value: string | Uint8Array) => Buffer) | null>

const INDEXES_MAX = 1000

function openIndexes({ clock }: ReindexParts, rings: Rings): Indexes {
  const made = new Map<string, VersionedIndex>()
  return async ({ tenant, version }, purpose) => {
    const name = `${tenant}\n${version}\n${purpose}`
    let index = made.get(name)
    if (index === undefined) {
      const key = (await rings.tenant(tenant))?.keys.indexes.find((one) => one.version === version)
      if (key === undefined) return null
      index = versionedIndex([key], { tenant, purpose })
      if (made.size >= INDEXES_MAX) made.clear()
      made.set(name, index)
    }
    const known = index
    return (value) => known(value, clock.now())[0]
  }
}

interface Means {
  readonly targets: readonly LookUpTarget[]
  readonly rings: Rings
  readonly indexes: Indexes
}

async function indexBatch(
  tx: Database,
  of: LookUpColumn & { readonly from: LookUpSource },
  range: BlockRange,
  { targets, rings, indexes }: Means,
): Promise<Batch> {
  const sealed = sealedColumns.find(
    (one) => one.schema === of.schema && one.table === of.table && one.column === of.from.column,
  )
  if (sealed === undefined)
    throw new Error(`${lookUpStore(of)} is made from a column that holds no envelopes`)
  const old = await lockOldLookUps(tx, of, sealed, range, targets)
  const moved: NewLookUp[] = []
  let unreadable = 0
  for (const [tenant, rows] of Map.groupBy(old, ({ sealedTenant }) => sealedTenant)) {
    const ringOf = await rings.of(
      tenant,
      rows.map((one) => one.sealed),
    )
    for (const row of rows) {
      const ring = ringOf(row.sealed)
      const index = await indexes(row, of.from.purpose(row.texts))
      // What was destroyed is no loss, and goes with its row.
      if (ring === null || index === null) continue
      const values = valuesIn(ring, of.from, boundTable(sealed), row)
      if (values === null) unreadable += 1
      else moved.push({ ctid: row.ctid, before: row.before, after: values.map(index) })
    }
  }
  const done = moved.length === 0 ? 0 : await replaceLookUps(tx, of, moved)
  return { found: old.length, moved: done, unreadable }
}

/** What a row is looked up by; null when its envelope does not open, or does not hold as many values as were stored. */
function valuesIn(
  ring: DataKeyring,
  source: LookUpSource,
  table: string,
  { sealedTenant: tenant, column, row, sealed, before, texts }: OldLookUp,
): readonly (string | Uint8Array)[] | null {
  try {
    const values = source.values(openBytes(ring, { tenant, table, column, row }, sealed), texts)
    return values?.length === before.length ? values : null
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    return null
  }
}
