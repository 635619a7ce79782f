import { randomBytes } from 'node:crypto'
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How much of the data one run reads. */
const READ_BYTES_MAX = 128 * 2 ** 20
const PIECE_BYTES = 2 ** 20

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

/** Looks for the keys in files of the folders, in random order until so many bytes were read. */
export async function searchKeys(
  keys: ReadonlyMap<string, Buffer>,
  folders: readonly string[],
): Promise<Search> {
  const forms = [...keys].flatMap(([name, key]) => formsOf(key).map((form) => ({ name, form })))
  const files = shuffled((await Promise.all(folders.map(filesIn))).flat())
  const found = new Set<string>()
  let [bytesRead, bytes] = [0, 0]
  for (const path of files) {
    const handle = await open(path, 'r').catch(() => null)
    if (handle === null) continue
    try {
      bytes += (await handle.stat()).size
      let rest = Buffer.alloc(0)
      for (let at = 0; bytesRead < READ_BYTES_MAX;) {
        const piece = Buffer.allocUnsafe(PIECE_BYTES)
        const { bytesRead: got } = await handle.read(piece, 0, PIECE_BYTES, at)
        if (got === 0) break
        at += got
        bytesRead += got
        const text = Buffer.concat([rest, piece.subarray(0, got)])
        for (const { name, form } of forms)
          if (text.includes(form)) found.add(`${name} stands in a data file`)
        rest = text.subarray(-64)
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
