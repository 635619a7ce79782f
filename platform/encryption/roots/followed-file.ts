import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Where in a log that grows and is rotated a reading stopped: in the file that begins with a line of this hash. */
export interface FilePlace {
  readonly head: string
  readonly offset: number
  /** Of the last bytes before it, so that it is seen whether they are still the same; absent in places of earlier readings. */
  readonly tail?: string | undefined
}

/** What was read on. */
export interface FileReading {
  readonly lines: readonly string[]
  /** Null while there is nothing yet. */
  readonly place: FilePlace | null
  /** Whether everything that is there was read. */
  readonly ended: boolean
  /** Whether the file in which the last reading stopped is gone. */
  readonly lost: boolean
  /** Whether what was read already is shorter or another than it was, or two files begin alike and go on differently. */
  readonly changed: boolean
  /** Lines that were longer than a line may be. */
  readonly tooLong: number
}

const LINE_BYTES_MAX = 1_048_576
const READ_BYTES_MAX = 8 * 1_048_576
const TAIL_BYTES = 4096
const CHUNK_BYTES = 65_536
/** So often a file may be rotated away while it is looked for. */
const MOVES_MAX = 5

interface Part {
  readonly path: string
  readonly head: string
  readonly changedMs: number
}

/** A file has another name than a moment ago. */
class Moved extends Error {}

/**
 * Reads on in a log of lines. Files that it was rotated into stand beside it under its name with something added
 * (`.1`, `-20260101`, also with `.gz`); a file is known by its first line, so that it may be renamed, copied and compressed:
 * lines of such logs hold a time and the number of a request, so that no two files begin alike.
 */
export async function readOn(
  path: string,
  place: FilePlace | null,
  bytesMax = READ_BYTES_MAX,
): Promise<FileReading> {
  for (let tried = 1; ; tried++)
    try {
      return await readParts(path, await partsOf(path), place, bytesMax)
    } catch (error) {
      if (!(error instanceof Moved) || tried === MOVES_MAX) throw error
    }
}

/** Reads on in the files of a log as they were found; throws `Moved` where one is another by now. */
export async function readParts(
  path: string,
  parts: readonly Part[],
  place: FilePlace | null,
  bytesMax = READ_BYTES_MAX,
): Promise<FileReading> {
  const found = place === null ? -1 : parts.findLastIndex(({ head }) => head === place.head)
  const lost = place !== null && found === -1
  const first = place === null ? -1 : Math.max(0, found)
  // A copy of a file is read once, under whichever name it has.
  const todo = distinct(parts.slice(first))
  const lines: string[] = []
  let [at, left, tooLong, changed] = [place, bytesMax, 0, await copiesDiffer(parts, todo)]
  for (const part of todo) {
    const read = await readPart(part, at, left)
    lines.push(...read.lines)
    left -= read.bytes
    tooLong += read.tooLong
    changed ||= read.changed
    at = read.place
    if (!read.ended) return { lines, place: at, ended: false, lost, changed, tooLong }
  }
  return { lines, place: at, ended: true, lost, changed, tooLong }
}

/** Whether a file that is passed over as a copy of another one is none: it begins alike and goes on differently. */
async function copiesDiffer(parts: readonly Part[], kept: readonly Part[]): Promise<boolean> {
  for (const { path, head } of parts.filter((one) => !kept.includes(one))) {
    const twin = kept.find((one) => one.head === head)
    if (twin === undefined) continue
    const [copy, other] = [await opened(path), await opened(twin.path)]
    try {
      if (copy === null || other === null) throw new Moved(path)
      let length = 0
      for await (const chunk of bytesOf(copy, 0)) length += chunk.length
      if ((await tailOf(copy, length)) !== (await tailOf(other, length))) return true
    } finally {
      await Promise.all([copy?.handle.close(), other?.handle.close()])
    }
  }
  return false
}

/** Reads on in one file; from its beginning where what was read of it is not there any more. */
async function readPart({ path, head }: Part, at: FilePlace | null, bytesMax: number) {
  const file = await opened(path)
  if (file === null) throw new Moved(path)
  try {
    // The log may have been rotated since it was found: what has this name now may be the next one.
    if ((await firstLine(file)) !== head) throw new Moved(path)
    const begun = at?.head === head ? at : null
    const changed = begun?.tail !== undefined && (await tailOf(file, begun.offset)) !== begun.tail
    const offset = begun === null || changed ? 0 : begun.offset
    const read = await linesOf(file, offset, bytesMax)
    const end = offset + read.bytes
    const place: FilePlace = { head, offset: end, tail: (await tailOf(file, end)) ?? '' }
    return { ...read, changed, place }
  } finally {
    await file.handle.close()
  }
}

/** The hash of what stands before a place; null where the file is shorter. */
async function tailOf(file: OpenFile, offset: number): Promise<string | null> {
  let left = Math.min(TAIL_BYTES, offset)
  const hash = createHash('sha256')
  for await (const chunk of bytesOf(file, offset - left)) {
    hash.update(chunk.subarray(0, left))
    left -= Math.min(left, chunk.length)
    if (left === 0) break
  }
  return left === 0 ? hash.digest('hex') : null
}

function distinct(parts: readonly Part[]): readonly Part[] {
  return parts.filter(({ head }, index) => parts.findLastIndex((one) => one.head === head) === index)
}

interface OpenFile {
  readonly handle: FileHandle
  readonly packed: boolean
}

/** Opens a file, and nothing that waits or never ends, whatever has that name; null where there is none. */
async function opened(path: string): Promise<OpenFile | null> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  })
  if (handle === null || (await handle.stat()).isFile())
    return handle && { handle, packed: path.endsWith('.gz') }
  await handle.close()
  return null
}

/** The files of a log, the oldest first; those without a whole line have nothing to read yet. Throws when the log itself is not there. */
export async function partsOf(path: string): Promise<readonly Part[]> {
  await stat(path)
  const [folder, name] = [dirname(path), basename(path)]
  const names = (await readdir(folder)).filter(
    (one) => one === name || (one.startsWith(name) && /^[.-][\w.-]+$/.test(one.slice(name.length))),
  )
  const parts: Part[] = []
  for (const one of names) {
    // While a file is being compressed, it is there twice, and the compressed one is not whole.
    if (one.endsWith('.gz') && names.includes(one.slice(0, -3))) continue
    const file = await opened(join(folder, one))
    if (file === null) continue
    try {
      const head = await firstLine(file)
      const { mtimeMs: changedMs } = await file.handle.stat()
      if (head !== null) parts.push({ path: join(folder, one), head, changedMs })
    } finally {
      await file.handle.close()
    }
  }
  return parts.toSorted(
    (a, b) => Number(a.path === path) - Number(b.path === path) || a.changedMs - b.changedMs,
  )
}

/** The hash of the first line, of a line that is too long of its beginning; null where no line is whole yet. */
async function firstLine(file: OpenFile): Promise<string | null> {
  let begun = Buffer.alloc(0)
  for await (const chunk of bytesOf(file, 0)) {
    begun = Buffer.concat([begun, chunk])
    const end = begun.indexOf(10)
    if (end === -1 && begun.length < LINE_BYTES_MAX) continue
    const line = begun.subarray(0, Math.min(end === -1 ? LINE_BYTES_MAX : end, LINE_BYTES_MAX))
    return createHash('sha256').update(line).digest('hex')
  }
  return null
}

/** The bytes of a file as they lie there. */
async function* plainBytes(handle: FileHandle, offset: number): AsyncGenerator<Buffer> {
  for (let at = offset; ;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function* bytesOf({ handle, packed }: OpenFile, offset: number): AsyncGenerator<Buffer> {
  if (packed) yield* unpackedBytes(handle, offset)
  else yield* plainBytes(handle, offset)
}

async function* unpackedBytes(handle: FileHandle, offset: number): AsyncGenerator<Buffer> {
  const file = Readable.from(plainBytes(handle, 0))
  const unpacked = createGunzip()
  file.once('error', (error) => unpacked.destroy(error)).pipe(unpacked)
  let skip = offset
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      if (skip < chunk.length) yield skip === 0 ? chunk : chunk.subarray(skip)
      skip = Math.max(0, skip - chunk.length)
    }
  } finally {
    file.destroy()
  }
}

/** Whole lines from `offset` on; what is not yet ended by a line break is left for the next reading. */
async function linesOf(file: OpenFile, offset: number, bytesMax: number) {
  const lines: string[] = []
  // Bytes that were read, of which those of whole lines count as done: a line that is too long is told once it has its end.
  let [bytes, done, tooLong, rest, skipping] = [0, 0, 0, Buffer.alloc(0), false]
  for await (const chunk of bytesOf(file, offset)) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      if (skipping) tooLong += 1
      else lines.push(rest.toString('utf8', 0, end))
      skipping = false
      bytes += end + 1
      done = bytes
      rest = rest.subarray(end + 1)
      if (done >= bytesMax) return { lines, bytes: done, tooLong, ended: false }
    }
    if (rest.length > LINE_BYTES_MAX) {
      skipping = true
      bytes += rest.length
      rest = Buffer.alloc(0)
    }
  }
  return { lines, bytes: done, tooLong, ended: true }
}
