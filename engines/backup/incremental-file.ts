/** Bytes of a page, and of an incremental file's header without its block numbers. */
export const pageBytes = 8192
const magic = 0xd3ae1f0d
/** The blocks of one file of a relation (1 GiB). */
const blocksMax = 131_072

/** The header of `INCREMENTAL.NAME`: pages of `blocks` follow it, in this order. */
export interface IncrementalHeader {
  /** The file is at least this many pages long; pages that nobody names from here on are zero. */
  readonly truncationBlocks: number
  readonly blocks: Uint32Array
  readonly headerBytes: number
}

/** Bytes that are no incremental file. */
export class IncrementalFileError extends Error {
  override readonly name = 'IncrementalFileError'
}

/** How many bytes the header has, by its first eight; null until they are there. */
export function incrementalHeaderBytes(start: Buffer): number | null {
  if (start.length < 8) return null
  if (start.readUInt32LE(0) !== magic) throw new IncrementalFileError('no incremental file')
  const count = start.readUInt32LE(4)
  if (count > blocksMax) throw new IncrementalFileError('more blocks than a file has')
  const bytes = 12 + 4 * count
  return count === 0 ? bytes : Math.ceil(bytes / pageBytes) * pageBytes
}

/** Reads the header of an incremental file of `fileBytes`, whose length must be the one that it implies. */
export function readIncrementalHeader(header: Buffer, fileBytes: number): IncrementalHeader {
  const headerBytes = incrementalHeaderBytes(header)
  if (headerBytes === null || header.length < headerBytes)
    throw new IncrementalFileError('an incremental file ends in its header')
  const count = header.readUInt32LE(4)
  const truncationBlocks = header.readUInt32LE(8)
  if (truncationBlocks > blocksMax || fileBytes !== headerBytes + count * pageBytes)
    throw new IncrementalFileError('an incremental file is not as long as its header says')
  const blocks = new Uint32Array(count)
  for (let at = 0; at < count; at++) {
    const block = header.readUInt32LE(12 + 4 * at)
    if (block >= blocksMax || (at > 0 && block <= (blocks[at - 1] ?? 0)))
      throw new IncrementalFileError('the blocks of an incremental file are not in order')
    blocks[at] = block
  }
  return { truncationBlocks, blocks, headerBytes }
}

/** The length of the file that an incremental one describes, in pages. */
export function resultBlocks({ truncationBlocks, blocks }: IncrementalHeader): number {
  return Math.max(truncationBlocks, (blocks.at(-1) ?? -1) + 1)
}

/** The name of the file that an incremental one is for, or null for a whole file. */
export function incrementalFor(name: string): string | null {
  const slash = name.lastIndexOf('/') + 1
  return name.startsWith('INCREMENTAL.', slash) ? name.slice(0, slash) + name.slice(slash + 12) : null
}
