import {
  appendEntries,
  emptyRightEdge,
  readRightEdge,
  signCheckpoint,
  type NoteSigner,
  type RightEdge,
} from '#ledger'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { ledgerEntry } from './entry.ts'
import type { LogFiles } from './log-files.ts'
import { asOnlyPublisher, eventsByIndex, giveIndices, ledgerState, storePublished } from './queries.ts'

/** How many events one round takes up. */
const ROUND_MAX = 1024

/** Brings recorded events into the ledger. */
export interface Sequencer {
  /** Gives indices, writes the files, signs and publishes; returns how many entries became published. Safe to call at any time, anywhere. */
  run(): Promise<number>
}

/** What the sequencer works on. */
interface SequencerParts {
  readonly db: Database
  readonly clock: Clock
  readonly files: LogFiles
  readonly signer: NoteSigner
}

/**
 * Opens the sequencer. Indices are given in the database first; files and checkpoint follow from the rows alone, so a
 * crash at any point is made good by running again. Policy 8.2-a.3.
 */
export function openSequencer(parts: SequencerParts): Sequencer {
  let edge: RightEdge | undefined
  let running: Promise<number> | undefined

  const drain = async (): Promise<number> => {
    for (let total = 0; ;) {
      const done = await publishNext(parts, edge)
      edge = done.edge
      if (done.published === 0) return total
      total += done.published
    }
  }

  return {
    run: () => {
      running ??= asOnlyPublisher(parts.db, drain)
        .then((done) => done ?? 0)
        .catch((error: unknown) => {
          // What is held in memory may be ahead of what was kept; the next round reads it back and proves it.
          edge = undefined
          throw error
        })
        .finally(() => {
          running = undefined
        })
      return running
    },
  }
}

async function publishNext(
  { db, clock, files, signer }: SequencerParts,
  before: RightEdge | undefined,
): Promise<{ readonly published: number; readonly edge: RightEdge | undefined }> {
  await db.transaction().execute((tx) => giveIndices(tx, ROUND_MAX))
  const state = await ledgerState(db)
  if (state.sequenced === state.published) return { published: 0, edge: before }
  const upTo = Math.min(state.sequenced, state.published + ROUND_MAX)
  const events = await eventsByIndex(db, state.published, upTo)
  const held =
    before?.tree.size === state.published ? before : await edgeAt(files, state.published, state.root)
  const { tree, files: written, edge } = appendEntries(held, events.map(ledgerEntry))
  await files.append(written)
  const head = { origin: signer.verifierKey.name, size: tree.size, root: tree.root, extensions: [] }
  const checkpoint = signCheckpoint(head, [signer])
  await files.publish(checkpoint)
  const root = Buffer.from(tree.root)
  await storePublished(db, state.published, {
    published: tree.size,
    root,
    checkpoint,
    published_at: clock.now(),
  })
  return { published: events.length, edge }
}

async function edgeAt(files: LogFiles, size: number, root: Buffer | null): Promise<RightEdge> {
  if (size === 0 || root === null) return emptyRightEdge()
  return readRightEdge(files.read, { size, root })
}
