import { createHash } from 'node:crypto'
import { dataKeyring, EnvelopeError, fieldKeyId, openBytes, sealBytes, type DataKeyring } from '#envelope'
import type { Database } from '../../db/index.ts'
import { DAY, secondsBetween } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import { openKeys } from '../key-store.ts'
import { storedKeys } from '../keyring/queries.ts'
import { byteColumns, type SealedColumn } from '../queries.ts'
import { boundTable, movingColumns, storeName } from './places.ts'
import {
  advanceRun,
  beginRun,
  blocksOf,
  columnRuns,
  finishRun,
  identityOf,
  lockStale,
  replaceValues,
  type BlockRange,
  type ColumnRun,
  type StaleValues,
} from './queries.ts'

/** Values in one batch, about. */
const BATCH_VALUES = 2000
/** Values that a block is taken to hold until a batch was seen. */
const BLOCK_VALUES = 32
const BLOCKS_MAX = 4096
/** Batches on their way at once. */
const LANES = 2
/** A finished run is repeated after so long, for values that a process with an older key wrote since. */
const AGAIN_SECONDS = DAY

/** What moving values needs besides the keys. */
export interface ReencryptParts extends KeyStoreParts {
  /** The stored values; another pool than that of the events, which are written while a batch holds its rows. */
  readonly data: Database
  /** Waits, so that traffic goes first. */
  readonly pause: (milliseconds: number) => Promise<void>
  /** The part of the time that is spent on work, above 0 to 1. */
  readonly share: number
  /** Values in one batch, about; 2,000 unless told. */
  readonly batchValues?: number
}

/** What a run came to. */
export interface Reencrypted {
  readonly moved: number
  /** Values that did not open and stay as they are. */
  readonly unreadable: number
  /** Whether every column was seen to its end. */
  readonly finished: boolean
}

/** The older versions of every tenant's data keys, as headers of envelopes. */
export interface OlderKeys {
  readonly headers: readonly Buffer[]
  /** Names the set. */
  readonly digest: string
}

/** Reads which versions are older than their tenant's newest. */
export async function olderKeys(parts: Pick<KeyStoreParts, 'keyring'>): Promise<OlderKeys> {
  const keys = (await storedKeys(parts.keyring)).filter(({ purpose }) => purpose === 'data')
  const newest = new Map<string, number>()
  for (const { tenant, version } of keys) newest.set(tenant, Math.max(version, newest.get(tenant) ?? 0))
  const headers = keys
    .filter(({ tenant, version }) => version < (newest.get(tenant) ?? 0))
    .map(({ fingerprint }) => Buffer.from(`f6${fieldKeyId(fingerprint)}`, 'hex'))
    .sort(Buffer.compare)
  return { headers, digest: createHash('sha256').update(Buffer.concat(headers)).digest('hex') }
}

/** Opens each tenant's keys once in a run; null once they were destroyed. */
function openedOnce(parts: KeyStoreParts): (tenant: string) => Promise<DataKeyring | null> {
  const opened = new Map<string, Promise<DataKeyring | null>>()
  const open = async (tenant: string): Promise<DataKeyring | null> => {
    try {
      const { current, data } = await openKeys(parts, tenant)
      return dataKeyring({ tenant, current, keys: data })
    } catch (error) {
      if (error instanceof Problem && error.code === 'encryption.key-missing') return null
      throw error
    }
  }
  return (tenant) => {
    const known = opened.get(tenant) ?? open(tenant)
    opened.set(tenant, known)
    return known
  }
}

/**
 * Moves every stored value under its tenant's newest key, in batches, from where the last run stopped. Policy 2.3-a.1. Values that
 * somebody writes meanwhile are passed over or found unchanged (compare and set), never overwritten.
 */
export async function reencrypt(
  parts: ReencryptParts,
  until: () => boolean = () => false,
  wanted: (column: SealedColumn) => boolean = () => true,
): Promise<Reencrypted> {
  const older = await olderKeys(parts)
  const total = { moved: 0, unreadable: 0, finished: true }
  if (older.headers.length === 0) return total
  const keyringOf = openedOnce(parts)
  const runs = new Map((await columnRuns(parts.data)).map((run) => [run.store, run]))
  const existing = new Set(
    (await byteColumns(parts.data)).map((one) => `${one.schema}.${one.table}.${one.column}`),
  )
  for (const column of movingColumns.filter(wanted)) {
    if (!existing.has(storeName(column))) continue
    const done = await moveColumn(parts, { column, older, keyringOf, until }, runs.get(storeName(column)))
    total.moved += done.moved
    total.unreadable += done.unreadable
    total.finished &&= done.finished
  }
  return total
}

interface ColumnWork {
  readonly column: SealedColumn
  readonly older: OlderKeys
  readonly keyringOf: (tenant: string) => Promise<DataKeyring | null>
  readonly until: () => boolean
}

/** Whether a run is over and nothing changed since that would need another. */
function isDone(run: ColumnRun, older: OlderKeys, now: Date): boolean {
  return (
    run.finished_at !== null &&
    run.leaving === older.digest &&
    secondsBetween(run.finished_at, now) < AGAIN_SECONDS
  )
}

async function moveColumn(
  parts: ReencryptParts,
  work: ColumnWork,
  last: ColumnRun | undefined,
): Promise<Reencrypted> {
  const { column, older } = work
  const store = storeName(column)
  if (last !== undefined && isDone(last, older, parts.clock.now()))
    return { moved: 0, unreadable: 0, finished: true }
  const goesOn = last !== undefined && last.finished_at === null && last.leaving === older.digest
  const end = goesOn ? last.blocks : await blocksOf(parts.data, column)
  if (!goesOn)
    await beginRun(parts.data, { store, leaving: older.digest, at: parts.clock.now(), blocks: end })
  const done = await moveBlocks(parts, work, { from: goesOn ? last.next_block : 0, to: end })
  if (done.finished) await finishRun(parts.data, store, parts.clock.now())
  return done
}

/** Moves what some blocks hold; while the database writes one batch, the next one is read and sealed. */
async function moveBlocks(parts: ReencryptParts, work: ColumnWork, all: BlockRange): Promise<Reencrypted> {
  const { batchValues = BATCH_VALUES } = parts
  const total = { moved: 0, unreadable: 0, finished: true }
  let blocks = Math.ceil(batchValues / BLOCK_VALUES)
  let from = all.from
  let before: Promise<unknown> = Promise.resolve()
  const lane = async (): Promise<void> => {
    while (from < all.to) {
      if (work.until()) {
        total.finished = false
        return
      }
      const range = { from, to: Math.min(all.to, from + blocks) }
      from = range.to
      const began = performance.now()
      const batch = moveBatch(parts, work, range, before)
      before = batch
      const done = await batch
      total.moved += done.moved
      total.unreadable += done.unreadable
      blocks = nextBlocks(range.to - range.from, done.found, batchValues)
      if (parts.share < 1) await parts.pause(((performance.now() - began) * (1 - parts.share)) / parts.share)
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: LANES }, lane))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return total
}

/** More blocks after a batch that held little, fewer after a large one. */
function nextBlocks(blocks: number, found: number, wanted: number): number {
  const fitting = Math.floor((blocks * wanted) / Math.max(1, found))
  return Math.max(1, Math.min(BLOCKS_MAX, blocks * 2, fitting))
}

interface Batch {
  readonly found: number
  readonly moved: number
  readonly unreadable: number
}

/** One transaction: values are locked, moved and noted, all of it or nothing, and not before the batch before it. */
async function moveBatch(
  parts: ReencryptParts,
  { column, older, keyringOf }: ColumnWork,
  range: BlockRange,
  before: Promise<unknown>,
): Promise<Batch> {
  return parts.data.transaction().execute(async (tx) => {
    const stale = await lockStale(tx, column, range, older.headers)
    const found = stale.ctids.length
    const sealed = await sealedAnew(stale, boundTable(column), keyringOf)
    const moved = sealed.ctids.length === 0 ? 0 : await replaceValues(tx, column, range, sealed)
    const unreadable = sealed.unreadable
    // What is noted as done must be done: a batch that failed ends all that follow it.
    await before
    await advanceRun(tx, {
      store: storeName(column),
      leaving: older.digest,
      nextBlock: range.to,
      moved,
      unreadable,
    })
    return { found, moved, unreadable }
  })
}

/** Opens each value in its place and seals it there again with the newest key. */
async function sealedAnew(
  stale: StaleValues,
  table: string,
  keyringOf: (tenant: string) => Promise<DataKeyring | null>,
) {
  const out = { ctids: [] as string[], before: [] as Buffer[], after: [] as Buffer[], unreadable: 0 }
  let at = 0
  for (const [index, ctid] of stale.ctids.entries()) {
    const length = stale.lengths[index] ?? 0
    const envelope = (stale.bytes ?? Buffer.alloc(0)).subarray(at, (at += length))
    const tenant = stale.tenants[index] ?? ''
    const keyring = await keyringOf(tenant)
    if (keyring === null) continue
    const context = { tenant, table, column: stale.columns[index] ?? '', row: stale.rows[index] ?? '' }
    const after = movedValue(keyring, context, envelope)
    if (after === null) out.unreadable += 1
    else {
      out.ctids.push(ctid)
      out.before.push(identityOf(envelope))
      out.after.push(after)
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
