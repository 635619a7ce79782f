import { LedgerError } from './ledger-error.ts'
import { type LogReader, readTile, widthAt } from './log-reader.ts'
import { emptyRoot, type Hash } from './merkle-hash.ts'
import { tilePath, tileWidth } from './tile-path.ts'
import { foldSubtrees, levelHeight, perfectRoot, type Subtree } from './tree-edge.ts'

/** Entries `start` up to, not including, `end`: the leaves under one hash of a proof. */
type Range = { readonly start: number; readonly end: number }

/** The root of the first `size` entries, from tiles; `tilesSize` is the size whose tiles are stored, at least `size`. */
export async function rootFromTiles(read: LogReader, size: number, tilesSize = size): Promise<Hash> {
  requireSize(size, tilesSize)
  if (size === 0) return emptyRoot()
  const [root] = await hashRanges(read, [{ start: 0, end: size }], tilesSize)
  if (root === undefined) throw new Error('one range gives one hash')
  return root
}

/** The inclusion proof of entry `index` in the log of `size` entries (RFC 6962 section 2.1.1), leaf's sibling first. */
export async function inclusionProof(read: LogReader, index: number, size: number): Promise<readonly Hash[]> {
  requireSize(index + 1, size)
  requireSize(1, index + 1)
  return hashRanges(read, inclusionRanges(index, { start: 0, end: size }), size)
}

/** The consistency proof from `olderSize` to `newerSize` (RFC 6962 section 2.1.2); `olderSize` is at least 1. */
export async function consistencyProof(
  read: LogReader,
  olderSize: number,
  newerSize: number,
): Promise<readonly Hash[]> {
  requireSize(olderSize, newerSize)
  requireSize(1, olderSize)
  if (olderSize === newerSize) return []
  return hashRanges(read, consistencyRanges(olderSize, { start: 0, end: newerSize }, true), newerSize)
}

function requireSize(size: number, sizeMax: number): void {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(sizeMax) || size < 0 || size > sizeMax)
    throw new LedgerError('out-of-range', `${size} is not a whole number from 0 to ${sizeMax}`)
}

function inclusionRanges(index: number, { start, end }: Range): readonly Range[] {
  if (end - start === 1) return []
  const middle = splitPoint({ start, end })
  return index < middle
    ? [...inclusionRanges(index, { start, end: middle }), { start: middle, end }]
    : [...inclusionRanges(index, { start: middle, end }), { start, end: middle }]
}

// `rootKnown`: the verifier holds the hash of this range already, because it is the older root itself.
function consistencyRanges(older: number, { start, end }: Range, rootKnown: boolean): readonly Range[] {
  if (older === end) return rootKnown ? [] : [{ start, end }]
  const middle = splitPoint({ start, end })
  return older <= middle
    ? [...consistencyRanges(older, { start, end: middle }, rootKnown), { start: middle, end }]
    : [...consistencyRanges(older, { start: middle, end }, false), { start, end: middle }]
}

/** Where RFC 6962 divides a range: the largest power of two below its length, counted from its start. */
function splitPoint({ start, end }: Range): number {
  let left = 1
  while (left * 2 < end - start) left *= 2
  return start + left
}

async function hashRanges(read: LogReader, ranges: readonly Range[], size: number): Promise<readonly Hash[]> {
  const tiles = new Map<string, readonly Hash[]>()
  const tileAt = async (level: number, index: number) => {
    const address = { level, index, width: widthAt(size, level, index) }
    const path = tilePath(address)
    const tile = tiles.get(path) ?? (await readTile(read, address))
    tiles.set(path, tile)
    return tile
  }
  const hashes: Hash[] = []
  for (const range of ranges) {
    const subtrees: Subtree[] = []
    for (const { start, height } of completeSubtrees(range)) {
      const level = Math.floor(height / levelHeight)
      const first = start / tileWidth ** level
      const tile = await tileAt(level, Math.floor(first / tileWidth))
      const at = first % tileWidth
      subtrees.push({ height, hash: perfectRoot(tile.slice(at, at + 2 ** (height % levelHeight))) })
    }
    const hash = foldSubtrees(subtrees)
    if (hash === undefined) throw new Error('a range of a proof holds at least one entry')
    hashes.push(hash)
  }
  return hashes
}

/** Cuts a range of the tree into its complete subtrees, largest first. */
function completeSubtrees({
  start,
  end,
}: Range): readonly { readonly start: number; readonly height: number }[] {
  const found: { start: number; height: number }[] = []
  for (let at = start, height = Math.ceil(Math.log2(end - start)); at < end; height -= 1) {
    if (end - at < 2 ** height) continue
    found.push({ start: at, height })
    at += 2 ** height
  }
  return found
}
