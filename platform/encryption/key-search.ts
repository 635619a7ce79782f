import { randomBytes } from 'node:crypto'
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How much of the data one run reads. */
const READ_BYTES_MAX = 128 * 2 ** 20
const PIECE_BYTES = 2 ** 20
/** A key in hexadecimal. */
const FORM_BYTES_MAX = 64

/** The forms in which a key could stand in a file: raw, hexadecimal in either case, base64 of either alphabet. */
function formsOf(key: Buffer): Buffer[] {
  const hex = key.toString('hex')
  // The last character of base64 depends on what follows the key, so it is left out.
  const base64 = key.toString('base64').slice(0, 42)
  return [
    key,
    ...[hex, hex.toUpperCase(), base64, key.toString('base64url').slice(0, 42)].map((t) => Buffer.from(t)),
  ]
}

/** The 32-byte keys in the key folder, by file name. */
export async function keysIn(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.key'))) {
    const bytes = await readFile(join(folder, name))
    if (bytes.length === 32) found.set(name, bytes)
  }
  return found
}

/** What a search read and found. */
export interface Search {
  readonly found: readonly string[]
  readonly bytesRead: number
  readonly bytes: number
}

/** Finds any of many texts in one pass, however many there are: only where the first two bytes fit is compared. */
function finderOf(forms: readonly { readonly name: string; readonly form: Buffer }[]) {
  const starts = new Map<number, { readonly name: string; readonly form: Buffer }[]>()
  const fits = new Uint8Array(0x10000)
  for (const one of forms) {
    const start = one.form.readUInt16BE(0)
    starts.set(start, [...(starts.get(start) ?? []), one])
    fits[start] = 1
  }
  const compare = (bytes: Buffer, at: number, found: (name: string) => void): void => {
    for (const { name, form } of starts.get(bytes.readUInt16BE(at)) ?? [])
      // Two more bytes, before the whole: in text the first two fit often.
      if (form[2] === bytes[at + 2] && form[3] === bytes[at + 3])
        if (form.equals(bytes.subarray(at, at + form.length))) found(name)
  }
  return (bytes: Buffer, found: (name: string) => void): void => {
    const last = bytes.length - 1
    for (let at = 0; at < last; at += 1) if (fits[bytes.readUInt16BE(at)] === 1) compare(bytes, at, found)
  }
}

/** Looks for the keys in files of the folders, in random order until so many bytes were read. */
export async function searchKeys(
  keys: ReadonlyMap<string, Buffer>,
  folders: readonly string[],
): Promise<Search> {
  const forms = [...keys].flatMap(([name, key]) => formsOf(key).map((form) => ({ name, form })))
  const find = finderOf(forms)
  const files = shuffled((await Promise.all(folders.map(filesIn))).flat())
  const found = new Set<string>()
  // One piece for all files: thousands of them are small.
  const piece = Buffer.allocUnsafe(FORM_BYTES_MAX + PIECE_BYTES)
  let [bytesRead, bytes] = [0, 0]
  for (const path of files) {
    const handle = await open(path, 'r').catch(() => null)
    if (handle === null) continue
    try {
      bytes += (await handle.stat()).size
      let kept = 0
      for (let at = 0; bytesRead < READ_BYTES_MAX;) {
        const { bytesRead: got } = await handle.read(piece, kept, PIECE_BYTES, at)
        if (got === 0) break
        at += got
        bytesRead += got
        find(piece.subarray(0, kept + got), (name) => found.add(`${name} stands in a data file`))
        // A key may lie across two pieces: the end of this one is the beginning of the next.
        const end = kept + got
        kept = Math.min(FORM_BYTES_MAX, end)
        piece.copyWithin(0, end - kept, end)
      }
    } finally {
      await handle.close()
    }
  }
  return { found: [...found], bytesRead, bytes }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** A fair order that each run chooses anew, so that in time everything is read. */
function shuffled(files: readonly string[]): string[] {
  return files
    .map((path) => ({ path, order: randomBytes(6).readUIntBE(0, 6) }))
    .sort((a, b) => a.order - b.order)
    .map(({ path }) => path)
}
