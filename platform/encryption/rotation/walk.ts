import type { Database } from '../../db/index.ts'
import { DAY, secondsBetween, type Clock } from '../../kernel/clock.ts'
import { advanceRun, beginRun, blocksOf, finishRun, type BlockRange, type ColumnRun } from './queries.ts'

/** Values in one batch, about. */
const BATCH_VALUES = 2000
/** Values that a block is taken to hold until a batch was seen. */
const BLOCK_VALUES = 32
const BLOCKS_MAX = 4096
/** Batches on their way at once. */
const LANES = 2
/** A finished run is repeated after so long, for values that a process with an older key wrote since. */
const AGAIN_SECONDS = DAY

/** What walking a table needs. */
export interface WalkParts {
  readonly clock: Clock
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
export interface Walked {
  readonly moved: number
  /** Values that did not open and stay as they are. */
  readonly unreadable: number
  /** Whether every column was seen to its end. */
  readonly finished: boolean
}

/** What one batch came to. */
export interface Batch {
  readonly found: number
  readonly moved: number
  readonly unreadable: number
}

/** Work on one column of a table. */
export interface Walk {
  /** Schema, table and column in one word. */
  readonly store: string
  readonly of: { readonly schema: string; readonly table: string }
  /** Names the set of keys that this run leaves behind. */
  readonly leaving: string
  readonly until: () => boolean
  /** Moves what some blocks hold, in the transaction of the batch. */
  readonly batch: (tx: Database, range: BlockRange) => Promise<Batch>
}

/** Whether a run is over and nothing changed since that would need another. */
function isDone(run: ColumnRun, leaving: string, now: Date): boolean {
  return (
    run.finished_at !== null &&
    run.leaving === leaving &&
    secondsBetween(run.finished_at, now) < AGAIN_SECONDS
  )
}

/** Walks a table by its blocks, in batches, from where the last run over the same keys stopped. */
export async function walk(parts: WalkParts, work: Walk, last: ColumnRun | undefined): Promise<Walked> {
  const { store, leaving } = work
  if (last !== undefined && isDone(last, leaving, parts.clock.now()))
    return { moved: 0, unreadable: 0, finished: true }
  const goesOn = last !== undefined && last.finished_at === null && last.leaving === leaving
  const end = goesOn ? last.blocks : await blocksOf(parts.data, work.of)
  if (!goesOn) await beginRun(parts.data, { store, leaving, at: parts.clock.now(), blocks: end })
  const done = await walkBlocks(parts, work, { from: goesOn ? last.next_block : 0, to: end })
  if (done.finished) await finishRun(parts.data, store, parts.clock.now())
  return done
}

/** Moves what some blocks hold; while the database writes one batch, the next one is read and sealed. */
async function walkBlocks(parts: WalkParts, work: Walk, all: BlockRange): Promise<Walked> {
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
      const batch = oneBatch(parts, work, range, before)
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

/** One transaction: values are locked, moved and noted, all of it or nothing, and not before the batch before it. */
async function oneBatch(
  { data }: WalkParts,
  { store, leaving, batch }: Walk,
  range: BlockRange,
  before: Promise<unknown>,
): Promise<Batch> {
  return data.transaction().execute(async (tx) => {
    const done = await batch(tx, range)
    // What is noted as done must be done: a batch that failed ends all that follow it.
    await before
    const { moved, unreadable } = done
    await advanceRun(tx, { store, leaving, nextBlock: range.to, moved, unreadable })
    return done
  })
}
