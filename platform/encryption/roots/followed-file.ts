import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Where in a log that grows and is rotated a reading stopped: in the file that begins with a line of this hash. */
export interface FilePlace {
  readonly head: string
  readonly offset: number
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
  /** Lines that were longer than a line may be. */
  readonly tooLong: number
}

const LINE_BYTES_MAX = 1_048_576
const READ_BYTES_MAX = 8 * 1_048_576

interface Part {
  readonly path: string
  readonly head: string
  readonly changedMs: number
}

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
  const parts = await partsOf(path)
  const found = place === null ? -1 : parts.findLastIndex(({ head }) => head === place.head)
  const lost = place !== null && found === -1
  const first = place === null ? -1 : Math.max(0, found)
  // A copy of a file is read once, under whichever name it has.
  const todo = distinct(parts.slice(first))
  const lines: string[] = []
  let [at, left, tooLong] = [place, bytesMax, 0]
  for (const { path: file, head } of todo) {
    const offset = at?.head === head ? at.offset : 0
    const read = await linesOf(file, offset, left)
    lines.push(...read.lines)
    left -= read.bytes
    tooLong += read.tooLong
    at = { head, offset: offset + read.bytes }
    if (!read.ended) return { lines, place: at, ended: false, lost, tooLong }
  }
  return { lines, place: at, ended: true, lost, tooLong }
}

function distinct(parts: readonly Part[]): readonly Part[] {
  return parts.filter(({ head }, index) => parts.findLastIndex((one) => one.head === head) === index)
}

/** The files of a log, the oldest first; those without a whole line have nothing to read yet. Throws when the log itself is not there. */
async function partsOf(path: string): Promise<readonly Part[]> {
  await stat(path)
  const [folder, name] = [dirname(path), basename(path)]
  const names = (await readdir(folder)).filter(
    (one) => one === name || (one.startsWith(name) && /^[.-][\w.-]+$/.test(one.slice(name.length))),
  )
  const parts: Part[] = []
  for (const one of names) {
    const file = join(folder, one)
    const head = await firstLine(file)
    if (head !== null) parts.push({ path: file, head, changedMs: (await stat(file)).mtimeMs })
  }
  return parts.toSorted(
    (a, b) => Number(a.path === path) - Number(b.path === path) || a.changedMs - b.changedMs,
  )
}

/** The hash of the first line, of a line that is too long of its beginning; null where no line is whole yet. */
async function firstLine(path: string): Promise<string | null> {
  let begun = Buffer.alloc(0)
  for await (const chunk of bytesOf(path, 0)) {
    begun = Buffer.concat([begun, chunk])
    const end = begun.indexOf(10)
    if (end === -1 && begun.length < LINE_BYTES_MAX) continue
    const line = begun.subarray(0, Math.min(end === -1 ? LINE_BYTES_MAX : end, LINE_BYTES_MAX))
    return createHash('sha256').update(line).digest('hex')
  }
  return null
}

async function* bytesOf(path: string, offset: number): AsyncGenerator<Buffer> {
  const packed = path.endsWith('.gz')
  const file: Readable = createReadStream(path, packed ? {} : { start: offset })
  const unpacked = packed ? file.pipe(createGunzip()) : file
  file.once('error', (error) => unpacked.destroy(error))
  let skip = packed ? offset : 0
  for await (const chunk of unpacked as AsyncIterable<Buffer>) {
    if (skip < chunk.length) yield skip === 0 ? chunk : chunk.subarray(skip)
    skip = Math.max(0, skip - chunk.length)
  }
}

/** Whole lines from `offset` on; what is not yet ended by a line break is left for the next reading. */
async function linesOf(path: string, offset: number, bytesMax: number) {
  const lines: string[] = []
  // Bytes that were read, of which those of whole lines count as done: a line that is too long is told once it has its end.
  let [bytes, done, tooLong, rest, skipping] = [0, 0, 0, Buffer.alloc(0), false]
  for await (const chunk of bytesOf(path, offset)) {
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
