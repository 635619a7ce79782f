import {
  appendEntries,
  checkpointPath,
  emptyRightEdge,
  openCheckpoint,
  readEntries,
  readRightEdge,
  rootFromTiles,
  type Checkpoint,
  type RightEdge,
  type VerifierKey,
} from '#ledger'
import type { Database } from '../db/index.ts'
import { z } from '../kernel/schema.ts'
import { ledgerEntry } from './entry.ts'
import type { LogFiles } from './log-files.ts'
import {
  eventsByIndex,
  eventsByIds,
  insertLedgerRows,
  ledgerState,
  placeInLedger,
  storeRejoined,
  type LedgerRow,
  type LedgerState,
} from './queries.ts'

/** How many entries are compared or written at a time. */
const BATCH = 500

/** What bringing a restored database and a restored ledger folder together took. */
export interface Rejoined {
  /** Entries under the checkpoint that holds now. */
  readonly entries: number
  /** Entries that the files lacked and that were made again from the rows. */
  readonly filesCaughtUp: number
  /** Entries that the rows lacked and that were read back from the files. */
  readonly rowsCaughtUp: number
}

/** An entry as `ledgerEntry` writes it. */
const entrySchema = z.object({
  format: z.literal(1),
  id: z.uuid(),
  at: z.iso.datetime(),
  type: z.string(),
  kind: z.enum(['system', 'authentication', 'data', 'administration', 'security']),
  tenant: z.uuid().nullable(),
  actor: z.object({ kind: z.string(), id: z.string() }),
  target: z.object({ kind: z.string(), id: z.string() }).nullable(),
  outcome: z.enum(['success', 'refused', 'failed']),
  requestId: z.string().nullable(),
  details: z.json().optional(),
  sealed: z.base64().optional(),
})

/** The row that an entry was made from; making the entry again from it must give the same bytes. */
function rowOf(entry: Uint8Array, index: number): LedgerRow {
  const read = entrySchema.parse(JSON.parse(Buffer.from(entry).toString('utf8')))
  return {
    id: read.id,
    at: new Date(read.at),
    type: read.type,
    kind: read.kind,
    tenant: read.tenant,
    actor_kind: read.actor.kind,
    actor_id: read.actor.id,
    target_kind: read.target?.kind ?? null,
    target_id: read.target?.id ?? null,
    outcome: read.outcome,
    request_id: read.requestId,
    details: read.sealed === undefined ? JSON.stringify(read.details ?? null) : null,
    sealed: read.sealed === undefined ? null : Buffer.from(read.sealed, 'base64'),
    ledger_index: index,
  }
}

async function checkpointOf(files: LogFiles, key: VerifierKey): Promise<Checkpoint | null> {
  const note = await files.read(checkpointPath)
  return note === undefined ? null : openCheckpoint(note, key)
}

/**
 * Brings a restored database and the ledger's files to agree, with no process at work on either. Where the files are behind,
 * they are made again from the rows; where they are ahead, the entries stay, for an append-only log is never rolled back, and
 * their rows are read back from them. A row that is not the entry which stands in its place is refused. Policy 8.2-a.3.
 */
export async function rejoinLedger(deps: {
  readonly db: Database
  readonly files: LogFiles
  /** The key that the folder's checkpoints are signed with. */
  readonly key: VerifierKey
}): Promise<Rejoined> {
  const { db, files } = deps
  const state = await ledgerState(db)
  const checkpoint = await checkpointOf(files, deps.key)
  const inFiles = checkpoint?.size ?? 0
  if (checkpoint !== null && inFiles > state.published) {
    const rowsCaughtUp = await rowsFromFiles(db, files, state, checkpoint)
    return { entries: inFiles, filesCaughtUp: 0, rowsCaughtUp }
  }
  const edge = checkpoint === null ? emptyRightEdge() : await readRightEdge(files.read, checkpoint)
  await filesFromRows(db, files, state, edge)
  return { entries: state.published, filesCaughtUp: state.published - inFiles, rowsCaughtUp: 0 }
}

async function filesFromRows(
  db: Database,
  files: LogFiles,
  state: LedgerState,
  from: RightEdge,
): Promise<void> {
  let edge = from
  while (edge.tree.size < state.published) {
    const to = Math.min(edge.tree.size + BATCH, state.published)
    const events = await eventsByIndex(db, edge.tree.size, to)
    if (events.length !== to - edge.tree.size)
      throw new Error(`rows of the ledger entries ${edge.tree.size} to ${to} are missing`)
    const grown = appendEntries(edge, events.map(ledgerEntry))
    await files.append(grown.files)
    edge = grown.edge
  }
  if (state.root === null || state.checkpoint === null) return
  if (!state.root.equals(Buffer.from(edge.tree.root)))
    throw new Error('the rows of the database are not the entries of its own checkpoint')
  await files.publish(state.checkpoint)
}

/** The log of the files must begin with the one that the database published. */
async function requireGrownFrom(
  files: LogFiles,
  { published, root }: LedgerState,
  inFiles: number,
): Promise<void> {
  if (root === null) return
  if (!root.equals(Buffer.from(await rootFromTiles(files.read, published, inFiles))))
    throw new Error(`the ledger's files and the database's ${published} entries parted before`)
}

async function rowsFromFiles(
  db: Database,
  files: LogFiles,
  state: LedgerState,
  checkpoint: Checkpoint,
): Promise<number> {
  const note = await files.read(checkpointPath)
  if (note === undefined) throw new Error('the checkpoint went away')
  // Proves that the tiles are those of the checkpoint before anything is taken from them.
  await readRightEdge(files.read, checkpoint)
  await requireGrownFrom(files, state, checkpoint.size)
  return db.transaction().execute(async (tx) => {
    let added = 0
    let batch: LedgerRow[] = []
    const flush = async (): Promise<void> => {
      added += await agree(tx, batch, state.sequenced)
      batch = []
    }
    for await (const { index, entry } of readEntries(files.read, checkpoint.size, state.published)) {
      batch.push(rowOf(entry, index))
      if (batch.length === BATCH) await flush()
    }
    await flush()
    await storeRejoined(tx, {
      sequenced: Math.max(state.sequenced, checkpoint.size),
      published: checkpoint.size,
      root: Buffer.from(checkpoint.root),
      checkpoint: Buffer.from(note).toString('utf8'),
    })
    return added
  })
}

/** Compares rows that have their place, gives waiting ones the place that they got since, and adds those that are lost. */
async function agree(tx: Database, entries: readonly LedgerRow[], sequenced: number): Promise<number> {
  if (entries.length === 0) return 0
  const known = new Map(
    (
      await eventsByIds(
        tx,
        entries.map(({ id }) => id),
      )
    ).map((row) => [row.id, row]),
  )
  const lost: LedgerRow[] = []
  for (const entry of entries) {
    const row = known.get(entry.id)
    if (row === undefined && entry.ledger_index >= sequenced) {
      lost.push(entry)
      continue
    }
    const same = row !== undefined && sameEvent(row, entry)
    if (!same || (row.ledger_index ?? entry.ledger_index) !== entry.ledger_index)
      throw new Error(`the row of ledger entry ${entry.ledger_index} is not the entry: the two parted before`)
    if (row.ledger_index === null) await placeInLedger(tx, row.id, entry.ledger_index)
  }
  if (lost.length > 0) await insertLedgerRows(tx, lost)
  return lost.length
}

function sameEvent(row: Parameters<typeof ledgerEntry>[0], entry: LedgerRow): boolean {
  const details: unknown = entry.details === null ? null : JSON.parse(entry.details)
  return ledgerEntry(row).equals(ledgerEntry({ ...row, ...entry, details } as typeof row))
}
