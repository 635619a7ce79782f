import { parseEntryBundle } from './entry-bundle.ts'
import { LedgerError } from './ledger-error.ts'
import { type Hash, hashBytes } from './merkle-hash.ts'
import { type BundleAddress, entryBundlePath, type TileAddress, tilePath, tileWidth } from './tile-path.ts'

/** Fetches one file of a log by its path; undefined when there is none. Failures of storage are thrown and pass through. */
export type LogReader = (path: string) => Uint8Array | undefined | Promise<Uint8Array | undefined>

/** Number of hashes at one tile level in a log of `size` entries. */
export function levelSize(size: number, level: number): number {
  return Math.floor(size / tileWidth ** level)
}

/** Width of tile (or, at level 0, bundle) `index` in a log of `size` entries; 0 when the log has no such tile. */
export function widthAt(size: number, level: number, index: number): number {
  return Math.max(0, Math.min(tileWidth, levelSize(size, level) - index * tileWidth))
}

/** The hashes of one tile; a partial tile that is gone is cut out of the full one, as C2SP tlog-tiles allows. */
export async function readTile(read: LogReader, tile: TileAddress): Promise<readonly Hash[]> {
  const { path, bytes, width } = await readFile(read, tile.width, (width) => tilePath({ ...tile, width }))
  if (bytes.length !== width * hashBytes)
    throw new LedgerError(
      'tile-malformed',
      `tile has ${bytes.length} bytes instead of ${width * hashBytes}`,
      { path },
    )
  return Array.from({ length: tile.width }, (_, at) => bytes.subarray(at * hashBytes, (at + 1) * hashBytes))
}

/** The entries of one bundle; a partial bundle that is gone is cut out of the full one. */
export async function readEntryBundle(
  read: LogReader,
  bundle: BundleAddress,
): Promise<{ readonly path: string; readonly entries: readonly Uint8Array[] }> {
  const { path, bytes, width } = await readFile(read, bundle.width, (width) =>
    entryBundlePath({ ...bundle, width }),
  )
  try {
    return { path, entries: parseEntryBundle(bytes, width).slice(0, bundle.width) }
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    throw new LedgerError(error.code, error.message, {
      path,
      index: bundle.index * tileWidth + (error.index ?? 0),
    })
  }
}

/** Every entry from `from` up to `size`, in order, one bundle in memory at a time. */
export async function* readEntries(
  read: LogReader,
  size: number,
  from = 0,
): AsyncGenerator<{ readonly index: number; readonly entry: Uint8Array }> {
  for (let index = Math.floor(from / tileWidth); index * tileWidth < size; index += 1) {
    const { entries } = await readEntryBundle(read, { index, width: widthAt(size, 0, index) })
    for (const [at, entry] of entries.entries())
      if (index * tileWidth + at >= from) yield { index: index * tileWidth + at, entry }
  }
}

async function readFile(read: LogReader, width: number, pathOf: (width: number) => string) {
  const path = pathOf(width)
  const bytes = await read(path)
  if (bytes !== undefined) return { path, bytes, width }
  const fullPath = pathOf(tileWidth)
  const fullBytes = fullPath === path ? undefined : await read(fullPath)
  if (fullBytes === undefined) throw new LedgerError('file-missing', 'the log has no such file', { path })
  return { path: fullPath, bytes: fullBytes, width: tileWidth }
}
