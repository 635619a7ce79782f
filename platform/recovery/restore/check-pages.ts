import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { damagedBlocks, pageBytes } from './page-checksum.ts'

/** Blocks of one file of a relation, the most there are. */
const FILE_BLOCKS = 131_072
/** Read at a time. */
const PIECE_BYTES = 4 * 1024 * 1024
/** A file of a relation: its number, which fork of it, and which gigabyte. */
const RELATION = /^\d+(?:_(?:fsm|vm|init))?(?:\.(\d+))?$/
/** How many damaged pages are named. */
const NAMED_MAX = 5

/** What reading every page said. */
export interface PagesChecked {
  readonly files: number
  readonly pages: number
  /** Places whose page does not carry its checksum, such as `base/5/16384 block 7`. */
  readonly damaged: readonly string[]
}

async function databaseFolders(data: string): Promise<string[]> {
  const databases = await readdir(join(data, 'base'))
  const found = ['global', ...databases.map((name) => join('base', name))]
  for (const space of await readdir(join(data, 'pg_tblspc')))
    for (const version of await readdir(join(data, 'pg_tblspc', space)))
      for (const database of await readdir(join(data, 'pg_tblspc', space, version)))
        found.push(join('pg_tblspc', space, version, database))
  return found.filter((path) => !path.includes('pgsql_tmp'))
}

async function checkFile(path: string, firstBlock: number, buffer: Buffer): Promise<[number, number[]]> {
  const handle = await open(path, 'r')
  try {
    const damaged: number[] = []
    for (let at = 0; ;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) return [at / pageBytes, damaged]
      damaged.push(...damagedBlocks(buffer.subarray(0, bytesRead), firstBlock + at / pageBytes))
      at += bytesRead
    }
  } finally {
    await handle.close()
  }
}

/** Compares every page of a stopped cluster's data folder with the checksum that it carries; the cluster must have checksums. */
export async function checkPages(data: string, onPages?: (pages: number) => void): Promise<PagesChecked> {
  const buffer = Buffer.alloc(PIECE_BYTES)
  const damaged: string[] = []
  let files = 0
  let pages = 0
  for (const folder of await databaseFolders(data))
    for (const name of await readdir(join(data, folder))) {
      const match = RELATION.exec(name)
      if (match === null) continue
      const first = Number(match[1] ?? 0) * FILE_BLOCKS
      const [counted, bad] = await checkFile(join(data, folder, name), first, buffer)
      files += 1
      pages += Math.ceil(counted)
      damaged.push(...bad.map((block) => `${join(folder, name)} block ${block}`))
      onPages?.(pages)
    }
  return { files, pages, damaged: damaged.slice(0, NAMED_MAX) }
}
