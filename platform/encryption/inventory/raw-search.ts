import { randomBytes, randomInt } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const SYLLABLES = 'ba ce di fo gu ha ke li mo nu pa re si to vu'.split(' ')

/** Words that nobody ever wrote and that no compression finds a repetition in; 34 characters. */
export function canaryWords(): string {
  const word = (): string => Array.from({ length: 3 }, () => SYLLABLES[randomInt(SYLLABLES.length)]).join('')
  return Array.from({ length: 5 }, word).join(' ')
}

/** Words as they would lie in a file: in text of three encodings, in hexadecimal digits, and in base64 at each alignment. */
export function tracesOf(words: string): ReadonlyMap<string, Buffer> {
  const plain = Buffer.from(words, 'utf8')
  const wide = Buffer.from(words, 'utf16le')
  const base64 = (shift: number): Buffer => {
    const text = Buffer.concat([Buffer.alloc(shift), plain]).toString('base64')
    // The first and the last group hold bits of the neighbours.
    return Buffer.from(text.slice(4, -4))
  }
  return new Map([
    ['UTF-8', plain],
    ['UTF-16 little endian', wide],
    ['UTF-16 big endian', Buffer.from(wide).swap16()],
    ['hexadecimal', Buffer.from(plain.toString('hex'))],
    ['hexadecimal capitals', Buffer.from(plain.toString('hex').toUpperCase())],
    ['base64', base64(0)],
    ['base64, shifted by one', base64(1)],
    ['base64, shifted by two', base64(2)],
  ])
}

/** What a search of raw bytes found. */
export interface RawSearch {
  /** `form in path`. */
  readonly found: readonly string[]
  readonly bytesRead: number
  /** All that lies below the folders. */
  readonly bytes: number
  readonly files: number
  /** Files that this user may not read. */
  readonly closed: number
}

/** What is searched, and how far one run goes. */
export interface SearchLimits {
  readonly bytesMax: number
  /** Files that changed since then are read first. */
  readonly newerThan: Date
}

const PIECE_BYTES = 1024 * 1024

interface FileSeen {
  readonly path: string
  readonly size: number
  readonly changed: Date
}

/** The regular files below a folder; what disappears meanwhile is no file any more. */
async function filesBelow(folder: string): Promise<FileSeen[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') return []
      throw error
    },
  )
  const seen: FileSeen[] = []
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const info = await stat(path).catch(() => null)
    if (info !== null) seen.push({ path, size: info.size, changed: info.mtime })
  }
  return seen
}

/** New files first, each kind in an order that every run draws anew, so that in time everything is read. */
function inOrder(files: readonly FileSeen[], newerThan: Date): FileSeen[] {
  const drawn = files.map((file) => ({
    file,
    old: file.changed < newerThan ? 1 : 0,
    order: randomBytes(6).readUIntBE(0, 6),
  }))
  return drawn.toSorted((a, b) => a.old - b.old || a.order - b.order).map(({ file }) => file)
}

/** Looks for the traces in the raw bytes of every file below the folders, until so many bytes were read. */
export async function searchRaw(
  folders: readonly string[],
  traces: ReadonlyMap<string, Buffer>,
  limits: SearchLimits,
): Promise<RawSearch> {
  const all = (await Promise.all(folders.map(filesBelow))).flat()
  const found = new Set<string>()
  const piece = Buffer.alloc(PIECE_BYTES)
  let [bytesRead, closed] = [0, 0]
  for (const { path } of inOrder(all, limits.newerThan)) {
    if (bytesRead >= limits.bytesMax) break
    const read = await searchFile(path, traces, piece, limits.bytesMax - bytesRead, (form) =>
      found.add(`${form} in ${path}`),
    )
    if (read === null) closed += 1
    else bytesRead += read
  }
  const bytes = all.reduce((sum, { size }) => sum + size, 0)
  return { found: [...found], bytesRead, bytes, files: all.length, closed }
}

/** The bytes that were read of one file; null when this user may not read it. */
async function searchFile(
  path: string,
  traces: ReadonlyMap<string, Buffer>,
  piece: Buffer,
  bytesMax: number,
  hit: (form: string) => void,
): Promise<number | null> {
  // A link that stands where a file stood is not followed, and a pipe is not waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => error)
  if (handle instanceof Error) return handle.code === 'EACCES' ? null : 0
  // What may be the beginning of a trace stays in front of the next piece.
  const keep = Math.max(0, ...[...traces.values()].map(({ length }) => length)) - 1
  let [at, kept] = [0, 0]
  try {
    while (at < bytesMax) {
      const { bytesRead } = await handle.read(piece, kept, piece.length - kept, at)
      if (bytesRead === 0) break
      at += bytesRead
      const text = piece.subarray(0, kept + bytesRead)
      for (const [form, trace] of traces) if (text.includes(trace)) hit(form)
      kept = Math.min(keep, text.length)
      text.copyWithin(0, text.length - kept)
    }
  } finally {
    await handle.close()
  }
  return at
}
