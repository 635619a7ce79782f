import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Fileset, Repository } from '#backup'
import { inOrder, type RegionReading } from './region-reading.ts'
import { writeNew } from './lasting-folder.ts'

/** How many files are read at the same time. */
const AHEAD = 4
/** A name below the folder: no part begins with a point, none is empty. */
const NAME = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/

/** The newest set of a folder's files; null when none was ever kept. A newer set than the rows is right: nothing is rolled back. */
export async function newestFileset(repository: Repository, folder: string): Promise<Fileset | null> {
  const name = (await repository.filesets(folder)).at(-1)
  return name === undefined ? null : repository.readFileset(name)
}

/** Writes the files of a set into a folder; returns how many. */
export async function writeFileset(reading: RegionReading, set: Fileset, into: string): Promise<number> {
  await mkdir(into, { recursive: true, mode: 0o755 })
  const strange = set.files.find(({ name }) => !NAME.test(name))
  if (strange !== undefined) throw new Error(`the file set ${set.name} names a file outside of its folder`)
  let at = 0
  for await (const bytes of inOrder(set.files, reading.file, AHEAD)) {
    const path = join(into, set.files[at]?.name ?? '')
    await mkdir(dirname(path), { recursive: true })
    await writeNew(path, bytes)
    at += 1
  }
  return at
}
