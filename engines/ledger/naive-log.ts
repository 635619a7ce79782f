import { type LogFile } from './append.ts'
import { encodeEntryBundle } from './entry-bundle.ts'
import type { LogReader } from './log-reader.ts'
import { emptyRoot, type Hash, leafHash, nodeHash } from './merkle-hash.ts'
import { entryBundlePath, tilePath, tileWidth } from './tile-path.ts'

/** MTH, PATH and PROOF of RFC 6962 section 2.1, written as the RFC writes them: the yardstick for the incremental code. */
export type NaiveTree = {
  readonly root: (size: number) => Hash
  readonly inclusionProof: (index: number, size: number) => readonly Hash[]
  readonly consistencyProof: (older: number, size: number) => readonly Hash[]
}

/** The RFC's definitions over these leaves; hashes of ranges are remembered, nothing else is shared with the engine. */
export function naiveTree(leaves: readonly Hash[]): NaiveTree {
  const known = new Map<string, Hash>()
  const mth = (start: number, end: number): Hash => {
    const [only] = leaves.slice(start, Math.min(end, start + 1))
    if (only === undefined) return emptyRoot()
    if (end - start === 1) return only
    const name = `${start}-${end}`
    const middle = splitAt(start, end)
    const hash = known.get(name) ?? nodeHash(mth(start, middle), mth(middle, end))
    known.set(name, hash)
    return hash
  }
  const path = (index: number, start: number, end: number): readonly Hash[] => {
    if (end - start === 1) return []
    const middle = splitAt(start, end)
    return index < middle
      ? [...path(index, start, middle), mth(middle, end)]
      : [...path(index, middle, end), mth(start, middle)]
  }
  const subproof = (older: number, start: number, end: number, rootKnown: boolean): readonly Hash[] => {
    if (older === end) return rootKnown ? [] : [mth(start, end)]
    const middle = splitAt(start, end)
    return older <= middle
      ? [...subproof(older, start, middle, rootKnown), mth(middle, end)]
      : [...subproof(older, middle, end, false), mth(start, middle)]
  }
  return {
    root: (size) => mth(0, size),
    inclusionProof: (index, size) => path(index, 0, size),
    consistencyProof: (older, size) => subproof(older, 0, size, true),
  }
}

/** Every file of a log over these entries, computed level by level from nothing. */
export function naiveFiles(entries: readonly Uint8Array[]): readonly LogFile[] {
  const bundles = inTiles(entries).map((part, index) => ({
    path: entryBundlePath({ index, width: part.length }),
    bytes: encodeEntryBundle(part),
  }))
  const tiles: LogFile[] = []
  let hashes: readonly Hash[] = entries.map((entry) => leafHash(entry))
  for (let level = 0; hashes.length > 0; level += 1) {
    const parts = inTiles(hashes)
    for (const [index, part] of parts.entries())
      tiles.push({ path: tilePath({ level, index, width: part.length }), bytes: Buffer.concat(part) })
    hashes = parts.filter((part) => part.length === tileWidth).map((part) => naiveTree(part).root(tileWidth))
  }
  return [...bundles, ...tiles]
}

/** A log held in memory: the files by path, and a reader of them. */
export function memoryLog(files: readonly LogFile[] = []): {
  readonly files: Map<string, Uint8Array>
  readonly read: LogReader
} {
  const stored = new Map(files.map(({ path, bytes }) => [path, bytes]))
  return { files: stored, read: (path) => stored.get(path) }
}

/** Distinct sample entries of a few bytes each. */
export function sampleEntries(count: number, from = 0): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(`entry ${from + at}`))
}

function inTiles<T>(items: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / tileWidth) }, (_, at) =>
    items.slice(at * tileWidth, (at + 1) * tileWidth),
  )
}

function splitAt(start: number, end: number): number {
  let left = 1
  while (left * 2 < end - start) left *= 2
  return start + left
}
