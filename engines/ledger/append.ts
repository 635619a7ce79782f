import { encodeEntryBundle } from './entry-bundle.ts'
import { LedgerError } from './ledger-error.ts'
import { levelSize, type LogReader, readEntryBundle, readTile } from './log-reader.ts'
import { emptyRoot, type Hash, leafHash, requireEntryFits, sameBytes } from './merkle-hash.ts'
import { entryBundlePath, tilePath, tileWidth } from './tile-path.ts'
import {
  edgeFromTiles,
  edgeRoot,
  emptyEdge,
  growTree,
  partialTiles,
  type Tile,
  type TreeEdge,
  type TreeHead,
} from './tree-edge.ts'

/** One file that a log must hold: write it, byte for byte, before publishing a checkpoint that covers it. */
export type LogFile = { readonly path: string; readonly bytes: Uint8Array }

/** The right edge of a log: what the next append builds on. An immutable value; keep it between appends or read it again. */
export type RightEdge = { readonly tree: TreeHead; readonly hashes: TreeEdge; readonly bundle: Uint8Array }

/** The right edge of a log without entries. */
export function emptyRightEdge(): RightEdge {
  return { tree: { size: 0, root: emptyRoot() }, hashes: emptyEdge, bundle: new Uint8Array(0) }
}

/**
 * Reads the right edge of a stored log and proves it belongs to `tree`, the last signed size and root;
 * altered storage is refused (`root-differs`, `leaf-differs`) so that it is never built upon and signed.
 */
export async function readRightEdge(read: LogReader, tree: TreeHead): Promise<RightEdge> {
  const tiles: (readonly Hash[])[] = []
  for (let level = 0; levelSize(tree.size, level) > 0; level += 1) {
    const width = levelSize(tree.size, level) % tileWidth
    const index = Math.floor(levelSize(tree.size, level) / tileWidth)
    tiles.push(width === 0 ? [] : await readTile(read, { level, index, width }))
  }
  const hashes = edgeFromTiles(
    tree.size,
    // A reader may hand out views of one large buffer; copies keep the edge small and unchangeable from outside.
    tiles.map((tile) => tile.map((hash) => Buffer.from(hash))),
  )
  if (!sameBytes(edgeRoot(hashes), tree.root))
    throw new LedgerError('root-differs', `stored tiles do not give the root of size ${tree.size}`)
  return { tree, hashes, bundle: await readEdgeBundle(read, tree.size, hashes.tiles[0] ?? []) }
}

/** Appends entries: the files that are new, the new tree head, and the edge for the next append. Same input, same bytes. */
export function appendEntries(
  edge: RightEdge,
  entries: readonly Uint8Array[],
): { readonly edge: RightEdge; readonly tree: TreeHead; readonly files: readonly LogFile[] } {
  if (entries.length === 0) return { edge, tree: edge.tree, files: [] }
  for (const [at, entry] of entries.entries()) requireEntryFits(entry, edge.tree.size + at)
  const { edge: hashes, fullTiles } = growTree(edge.hashes, entries.map(leafHash))
  const tree = { size: hashes.size, root: edgeRoot(hashes) }
  const bundles = growBundles(edge, entries)
  // A level that did not grow keeps its partial tile: every path is written once in the life of a log.
  const grown = partialTiles(hashes).filter(
    ({ level }) => levelSize(tree.size, level) > levelSize(edge.tree.size, level),
  )
  const tiles = [...fullTiles, ...grown].map(tileFile)
  return { edge: { tree, hashes, bundle: bundles.partial }, tree, files: [...bundles.files, ...tiles] }
}

function growBundles(edge: RightEdge, entries: readonly Uint8Array[]) {
  const files: LogFile[] = []
  let index = Math.floor(edge.tree.size / tileWidth)
  let width = edge.tree.size % tileWidth
  let partial = edge.bundle
  for (let from = 0; from < entries.length;) {
    const added = entries.slice(from, from + tileWidth - width)
    from += added.length
    width += added.length
    partial = Buffer.concat([partial, encodeEntryBundle(added)])
    files.push({ path: entryBundlePath({ index, width }), bytes: partial })
    if (width < tileWidth) continue
    index += 1
    width = 0
    partial = new Uint8Array(0)
  }
  return { files, partial }
}

function tileFile({ level, index, hashes }: Tile): LogFile {
  return { path: tilePath({ level, index, width: hashes.length }), bytes: Buffer.concat(hashes) }
}

async function readEdgeBundle(read: LogReader, size: number, leaves: readonly Hash[]): Promise<Uint8Array> {
  if (leaves.length === 0) return new Uint8Array(0)
  const index = Math.floor(size / tileWidth)
  const { path, entries } = await readEntryBundle(read, { index, width: leaves.length })
  for (const [at, leaf] of leaves.entries()) {
    const entry = entries[at]
    if (entry === undefined || !sameBytes(leafHash(entry), leaf))
      throw new LedgerError('leaf-differs', 'stored entry does not have the hash in its tile', {
        path,
        index: index * tileWidth + at,
      })
  }
  return encodeEntryBundle(entries)
}
