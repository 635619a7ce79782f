import { createSecretKey, type KeyObject } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { keyFile } from '../../kernel/secret-file.ts'

/** A secret mixed into passwords before hashing; it lies in the key folder, never in the database. */
export interface Pepper {
  /** Stored beside every hash that was made with it. */
  readonly version: number
  readonly key: KeyObject
}

/** Every pepper that a stored password may have been made with; the newest makes new ones. */
export interface Peppers {
  newest(): Pepper
  find(version: number): Pepper | undefined
  versions(): readonly number[]
  /** Makes the next version, which new hashes use from now on; older ones still verify. */
  rotate(): Promise<Pepper>
}

const FILE = /^pepper(?:-(\d{1,6}))?\.key$/

function fileOf(version: number): string {
  return version === 1 ? 'pepper.key' : `pepper-${version}.key`
}

/**
 * The peppers of `pepper.key`, `pepper-2.key` and so on in the key folder, the first made when there is none. Without
 * them no stored password can be guessed, nor verified: a lost file locks out whoever was hashed with it.
 */
export async function openPeppers(folder: string): Promise<Peppers> {
  const open = async (version: number): Promise<Pepper> => ({
    version,
    key: createSecretKey(await keyFile(folder, fileOf(version))),
  })
  const first = await open(1)
  const names = await readdir(folder)
  const later = names.flatMap((name) => Number(FILE.exec(name)?.[1] ?? 1)).filter((version) => version > 1)
  const held = [first]
  for (const version of later.toSorted((a, b) => a - b)) held.push(await open(version))
  return peppersOf(held, open)
}

/** Peppers that are held already; `open` makes further ones. */
export function peppersOf(given: readonly Pepper[], open: (version: number) => Promise<Pepper>): Peppers {
  const held = new Map(given.map((one) => [one.version, one]))
  const newest = (): Pepper => {
    const found = held.get(Math.max(...held.keys()))
    if (found === undefined) throw new Error('there is no pepper')
    return found
  }
  return {
    newest,
    find: (version) => held.get(version),
    versions: () => [...held.keys()].toSorted((a, b) => a - b),
    rotate: async () => {
      const made = await open(newest().version + 1)
      held.set(made.version, made)
      return made
    },
  }
}
