import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fileset, Repository } from '#backup'

/** The name of the sets of the ledger's files. */
const LEDGER = 'ledger'

/** The files of the ledger in the repository. */
export interface LedgerFiles {
  /** Stores what changed and signs a new set; null when nothing changed since the last one of this process. */
  store(): Promise<Fileset | null>
}

interface Seen {
  readonly changedMs: number
  readonly bytes: number
}

async function filesOf(folder: string): Promise<ReadonlyMap<string, Seen>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  const found = new Map<string, Seen>()
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || path.endsWith('.new')) continue
    const info = await stat(path).catch(() => null)
    // A full tile has replaced a partial one meanwhile.
    if (info !== null) found.set(path.slice(folder.length + 1), { changedMs: info.mtimeMs, bytes: info.size })
  }
  return found
}

function same(one: Seen | undefined, other: Seen | undefined): boolean {
  return (
    one !== undefined && other !== undefined && one.changedMs === other.changedMs && one.bytes === other.bytes
  )
}

/** Keeps the files of `folder` in the repository; they are only ever replaced whole, and follow from the rows. */
export function openLedgerFiles(repository: Repository, folder: string): LedgerFiles {
  let last: { readonly set: Fileset; readonly seen: ReadonlyMap<string, Seen> } | undefined
  async function* reading(seen: ReadonlyMap<string, Seen>) {
    for (const name of [...seen.keys()].toSorted()) yield { name, read: () => readFile(join(folder, name)) }
  }
  const newest = async (): Promise<Fileset | undefined> => {
    const name = (await repository.filesets(LEDGER)).at(-1)
    return name === undefined ? undefined : repository.readFileset(name)
  }
  return {
    store: async () => {
      const seen = await filesOf(folder)
      const before = last
      const changed =
        seen.size !== before?.seen.size || [...seen].some(([name, one]) => !same(before?.seen.get(name), one))
      if (!changed || seen.size === 0) return null
      const previous = before?.set ?? (await newest())
      const set = await repository.putFileset({
        folder: LEDGER,
        files: reading(seen),
        ...(previous === undefined ? {} : { previous }),
        unchanged: (name) => same(before?.seen.get(name), seen.get(name)),
      })
      last = { set, seen }
      return set
    },
  }
}
