import { HOUR } from '../kernel/clock.ts'
import { randomBytes } from 'node:crypto'
import { open, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { control, type Control, type Observation } from '../kernel/control.ts'
import { everyBreakFound, observed } from '../kernel/observed.ts'
import { withProbeFolder } from '../kernel/probe-folder.ts'
import type { EncryptionSystem } from './observed-system.ts'

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
async function keysIn(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.key'))) {
    const bytes = await readFile(join(folder, name))
    if (bytes.length === 32) found.set(name, bytes)
  }
  return found
}

interface Search {
  readonly found: readonly string[]
  readonly bytesRead: number
  readonly bytes: number
}

/** Looks for the keys in files of the folders, in random order until so many bytes were read. */
async function searchKeys(keys: ReadonlyMap<string, Buffer>, folders: readonly string[]): Promise<Search> {
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

/** Whether one folder lies inside the other, by their real paths. */
async function nested(a: string, b: string): Promise<boolean> {
  const [one, two] = await Promise.all([a, b].map(async (path) => `${await realpath(path)}${sep}`))
  return one !== undefined && two !== undefined && (one.startsWith(two) || two.startsWith(one))
}

async function keysAreApart(
  keys: ReadonlyMap<string, Buffer>,
  keysFolder: string,
  dataFolders: readonly string[],
): Promise<Observation> {
  const inside: string[] = []
  for (const folder of dataFolders)
    if (await nested(keysFolder, folder))
      inside.push('the key folder and a data folder lie inside each other')
  const { found, bytesRead, bytes } = await searchKeys(keys, dataFolders)
  const coverage = bytes === 0 ? 1 : Math.min(1, bytesRead / bytes)
  const says = `the ${keys.size} key files are in a folder of their own on this machine, outside of every data folder, and none of those keys stands in ${Math.round(bytesRead / 1000)} kB of data files, raw, in hexadecimal or in base64; data keys are stored with the data only wrapped under the root key`
  return observed(
    [...inside, ...found],
    says,
    { keys: keys.size, bytesRead, bytes },
    { count: keys.size, coverage, of: 'data bytes searched' },
  )
}

/** Policy 2.3-a.2: keys are kept apart from encrypted data. */
export const keysApart: Control<EncryptionSystem> = control({
  id: 'keys-apart',
  clauses: ['2.3-a.2'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: ['platform/kernel/config.ts', 'platform/kernel/secret-file.ts', 'engines/envelope'],
  looks:
    'Compares the real paths of the key folder and the data folders, and searches data files for the bytes of every key file.',
  breaks:
    'A key folder inside a data folder, and a data file that holds a key in the clear, must be found; the key that is planted is a random one.',
  check: async (system) =>
    keysAreApart(await keysIn(system.keysFolder), system.keysFolder, system.dataFolders),
  knownBad: (system) =>
    withProbeFolder(async (folder) => {
      const probe = randomBytes(32)
      const keys = new Map([['probe.key', probe]])
      await writeFile(join(folder, 'data'), `copied by mistake: ${probe.toString('base64')}`)
      return everyBreakFound({
        'a key in a data file': await keysAreApart(keys, system.keysFolder, [folder]),
        'a key folder inside the data': await keysAreApart(new Map(), folder, [folder]),
      })
    }),
})
