import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { LedgerError, type LedgerErrorCode, type LedgerPlace } from './ledger-error.ts'
import { type LogReader, readEntryBundle, readTile, widthAt } from './log-reader.ts'
import { emptyRoot, type Hash, leafHash, sameBytes } from './merkle-hash.ts'
import type { VerifierKey } from './note-key.ts'
import { consistencyProof } from './proof.ts'
import { checkpointPath, tilePath, tileWidth } from './tile-path.ts'
import { edgeRoot, emptyEdge, growTree, partialTiles, type Tile, type TreeEdge } from './tree-edge.ts'
import { verifyConsistencyProof } from './verify-proof.ts'

/** The first thing in a log that is not what the signed checkpoint says. `index` counts entries from the log's start. */
export type LogDifference = LedgerPlace & { readonly code: LedgerErrorCode; readonly message: string }

/** The outcome of a full recomputation. */
export type LogVerdict =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly difference: LogDifference }

/** What `verifyLog` may be told beyond the key. */
export type VerifyLogOptions = {
  /** The log's identity; by default the name of its key. */
  readonly origin?: string
  /** A signed checkpoint seen earlier: the log must contain it, neither shorter nor rewritten. */
  readonly older?: string | Uint8Array
}

/**
 * Recomputes a whole log from its files alone: signature, every leaf from its entry, every tile, the root, and, when
 * asked, that it extends an older checkpoint. Memory stays constant; failures of the reader itself are thrown.
 */
export async function verifyLog(
  read: LogReader,
  logKey: VerifierKey,
  { origin = logKey.name, older }: VerifyLogOptions = {},
): Promise<LogVerdict> {
  try {
    const checkpoint = await readCheckpoint(read, logKey, origin)
    const olderCheckpoint = older === undefined ? undefined : openOlder(older, logKey, origin)
    const edge = await recomputeTree(read, checkpoint.size)
    for (const tile of partialTiles(edge)) await requireTile(read, tile)
    if (!sameBytes(edgeRoot(edge), checkpoint.root))
      throw new LedgerError('root-differs', 'entries do not give the signed root', { path: checkpointPath })
    if (olderCheckpoint !== undefined) await requireExtends(read, olderCheckpoint, checkpoint)
    return { ok: true, checkpoint }
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    return { ok: false, difference: differenceOf(error) }
  }
}

async function readCheckpoint(read: LogReader, logKey: VerifierKey, origin: string): Promise<Checkpoint> {
  const note = await read(checkpointPath)
  if (note === undefined)
    throw new LedgerError('file-missing', 'the log has no such file', { path: checkpointPath })
  try {
    return openCheckpoint(note, logKey, origin)
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    throw new LedgerError(error.code, error.message, { path: checkpointPath })
  }
}

function openOlder(note: string | Uint8Array, logKey: VerifierKey, origin: string): Checkpoint {
  try {
    return openCheckpoint(note, logKey, origin)
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    throw new LedgerError(error.code, `older checkpoint: ${error.message}`)
  }
}

async function recomputeTree(read: LogReader, size: number): Promise<TreeEdge> {
  let edge = emptyEdge
  for (let index = 0; index * tileWidth < size; index += 1) {
    const grown = growTree(edge, await readLeaves(read, index, widthAt(size, 0, index)))
    for (const tile of grown.fullTiles) if (tile.level > 0) await requireTile(read, tile)
    edge = grown.edge
  }
  return edge
}

/** Hashes the entries of one bundle and compares each with its place in the level 0 tile. */
async function readLeaves(read: LogReader, index: number, width: number): Promise<readonly Hash[]> {
  const { path, entries } = await readEntryBundle(read, { index, width })
  const stored = await readTile(read, { level: 0, index, width })
  return entries.map((entry, at) => {
    const leaf = leafHash(entry)
    const expected = stored[at]
    if (expected === undefined || !sameBytes(leaf, expected))
      throw new LedgerError('leaf-differs', `entry and ${tilePath({ level: 0, index, width })} disagree`, {
        path,
        index: index * tileWidth + at,
      })
    return leaf
  })
}

async function requireTile(read: LogReader, { level, index, hashes }: Tile): Promise<void> {
  const address = { level, index, width: hashes.length }
  const stored = await readTile(read, address)
  const wrong = hashes.findIndex((hash, at) => !sameBytes(hash, stored[at] ?? new Uint8Array(0)))
  if (wrong < 0) return
  throw new LedgerError('tile-differs', `hash ${wrong} of the tile is not the hash of the entries below it`, {
    path: tilePath(address),
    index: (index * tileWidth + wrong) * tileWidth ** level,
  })
}

async function requireExtends(read: LogReader, older: Checkpoint, newer: Checkpoint): Promise<void> {
  const place = { path: checkpointPath, index: older.size }
  if (older.size > newer.size)
    throw new LedgerError('log-shrunk', `log had ${older.size} entries and now has ${newer.size}`, place)
  const extended =
    older.size === 0
      ? sameBytes(older.root, emptyRoot())
      : verifyConsistencyProof({ older, newer, proof: await consistencyProof(read, older.size, newer.size) })
  if (!extended)
    throw new LedgerError('log-forked', `the first ${older.size} entries are not those signed earlier`, place)
}

function differenceOf({ code, message, path, index }: LedgerError): LogDifference {
  return {
    code,
    message,
    ...(path === undefined ? {} : { path }),
    ...(index === undefined ? {} : { index }),
  }
}
