import { createHash } from 'node:crypto'
import { EnvelopeError, fieldKeyId, openBytes, sealBytes, type DataKeyring } from '#envelope'
import type { Database } from '../../db/index.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import { byteColumns, type SealedColumn } from '../queries.ts'
import { boundTable, movingColumns, storeName } from './places.ts'
import {
  columnRuns,
  headersIn,
  identityOf,
  lockStale,
  replaceValues,
  unusedKeys,
  type BlockRange,
  type StaleValues,
} from './queries.ts'
import { openRings, type Rings } from './rings.ts'
import { olderVersions } from './uses.ts'
import { walk, type Batch, type Walked, type WalkParts } from './walk.ts'

/** What moving values needs besides the keys. */
export type ReencryptParts = KeyStoreParts & WalkParts

/** The older versions of the keys of tenants and persons that values may still name, as headers of envelopes. */
export interface OlderKeys {
  readonly headers: readonly Buffer[]
  /** Names the set. */
  readonly digest: string
}

/** Reads which versions have a successor and are not known to be unused. */
export async function olderKeys(parts: Pick<ReencryptParts, 'keyring' | 'data'>): Promise<OlderKeys> {
  const unused = new Set((await unusedKeys(parts.data)).map(({ fingerprint }) => fingerprint))
  const headers = (await olderVersions(parts.keyring))
    .filter((one) => one.seals && !unused.has(one.fingerprint))
    .map(({ fingerprint }) => Buffer.from(`f6${fieldKeyId(fingerprint)}`, 'hex'))
    .sort(Buffer.compare)
  return { headers, digest: createHash('sha256').update(Buffer.concat(headers)).digest('hex') }
}

/**
 * Moves every stored value under the newest key of its tenant or person, in batches, from where the last run stopped. Policy
 * 2.3-a.1. Values that somebody writes meanwhile are passed over or found unchanged (compare and set), never overwritten.
 */
export async function reencrypt(
  parts: ReencryptParts,
  until: () => boolean = () => false,
  wanted: (column: SealedColumn) => boolean = () => true,
): Promise<Walked> {
  const older = await olderKeys(parts)
  const total = { moved: 0, unreadable: 0, finished: true }
  if (older.headers.length === 0) return total
  const headers = new Map(older.headers.map((one) => [one.toString('hex'), one]))
  const rings = openRings(parts)
  const runs = new Map((await columnRuns(parts.data)).map((run) => [run.store, run]))
  const existing = new Set(
    (await byteColumns(parts.data)).map((one) => `${one.schema}.${one.table}.${one.column}`),
  )
  for (const column of movingColumns.filter(wanted)) {
    const store = storeName(column)
    if (!existing.has(store)) continue
    const batch = (tx: Database, range: BlockRange): Promise<Batch> =>
      moveBatch(tx, column, range, headers, rings)
    const done = await walk(
      parts,
      { store, of: column, leaving: older.digest, until, batch },
      runs.get(store),
    )
    total.moved += done.moved
    total.unreadable += done.unreadable
    total.finished &&= done.finished
  }
  return total
}

/** So many headers are sent along with each batch; of more, only those that the batch holds. */
const HEADERS_MAX = 200

/** Headers of envelopes under older keys, by their hexadecimal form. */
type OlderHeaders = ReadonlyMap<string, Buffer>

/** Which of the older keys the values of some blocks name: every person may have one, and a batch holds few. */
async function olderIn(
  tx: Database,
  column: SealedColumn,
  range: BlockRange,
  older: OlderHeaders,
): Promise<readonly Buffer[]> {
  if (older.size <= HEADERS_MAX) return [...older.values()]
  return (await headersIn(tx, column, range)).filter((one) => older.has(one.toString('hex')))
}

async function moveBatch(
  tx: Database,
  column: SealedColumn,
  range: BlockRange,
  headers: OlderHeaders,
  rings: Rings,
): Promise<Batch> {
  const stale = await lockStale(tx, column, range, await olderIn(tx, column, range, headers))
  const sealed = await sealedAnew(stale, boundTable(column), rings)
  const moved = sealed.ctids.length === 0 ? 0 : await replaceValues(tx, column, range, sealed)
  return { found: stale.ctids.length, moved, unreadable: sealed.unreadable }
}

/** A locked value, with the place that it is bound to. */
interface Stale {
  readonly ctid: string
  readonly tenant: string
  readonly column: string
  readonly row: string
  readonly envelope: Buffer
}

function valuesIn(stale: StaleValues): readonly Stale[] {
  const bytes = stale.bytes ?? Buffer.alloc(0)
  let at = 0
  return stale.ctids.map((ctid, index) => ({
    ctid,
    tenant: stale.tenants[index] ?? '',
    column: stale.columns[index] ?? '',
    row: stale.rows[index] ?? '',
    envelope: bytes.subarray(at, (at += stale.lengths[index] ?? 0)),
  }))
}

/** Opens each value in its place and seals it there again with the newest key. */
async function sealedAnew(stale: StaleValues, table: string, rings: Rings) {
  const out = { ctids: [] as string[], before: [] as Buffer[], after: [] as Buffer[], unreadable: 0 }
  for (const [tenant, values] of Map.groupBy(valuesIn(stale), (one) => one.tenant)) {
    const ringOf = await rings.of(
      tenant,
      values.map(({ envelope }) => envelope),
    )
    for (const { ctid, column, row, envelope } of values) {
      const ring = ringOf(envelope)
      if (ring === null) continue
      const after = movedValue(ring, { tenant, table, column, row }, envelope)
      if (after === null) out.unreadable += 1
      else {
        out.ctids.push(ctid)
        out.before.push(identityOf(envelope))
        out.after.push(after)
      }
    }
  }
  return out
}

function movedValue(
  keyring: DataKeyring,
  context: Parameters<typeof openBytes>[1],
  envelope: Buffer,
): Buffer | null {
  try {
    const plain = openBytes(keyring, context, envelope)
    const after = sealBytes(keyring, context, plain)
    plain.fill(0)
    return after
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    return null
  }
}
