import { readdir, readlink, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { otherByteColumns, sealedColumns } from '../stored-bytes.ts'
import { classOfColumn } from './clear-columns.ts'
import { placeStores, type Place, type Root } from './places.ts'
import { contentColumns, otherShapes, tablesThere, type AnyDatabase, type ContentColumn } from './queries.ts'
import type { Store } from './store.ts'

/** How many rows of a column are looked at in one run. */
const ROWS_MAX = 500

/** The folders of the settings, and the temporary folder. */
export type Roots = Readonly<Record<Root, string>>

const nameOf = ({ schema, table, column }: { schema: string; table: string; column: string }): string =>
  `${schema}.${table}.${column}`
const sealedNames = new Set(sealedColumns.map(nameOf))

/** Columns that could hold words and have no declared class. Policy 2.2-0. */
export async function columnsWithoutClass(db: AnyDatabase): Promise<string[]> {
  return (await contentColumns(db))
    .filter((one) => {
      const name = nameOf(one)
      if (sealedNames.has(name)) return false
      return !Object.hasOwn(otherByteColumns, name) && !classOfColumn.has(name)
    })
    .map(nameOf)
}

/** Columns in the clear whose newest values are not of the shape that their class allows, and how many were looked at. */
export async function columnsWithWords(
  db: AnyDatabase,
  wanted: (column: ContentColumn) => boolean = () => true,
): Promise<{ readonly findings: readonly string[]; readonly values: number }> {
  const findings: string[] = []
  let values = 0
  for (const one of (await contentColumns(db)).filter((each) => each.readable && wanted(each))) {
    const shape = classOfColumn.get(nameOf(one))?.shape
    if (shape === undefined || shape === null) continue
    const { looked, wrong } = await otherShapes(db, one, shape, ROWS_MAX)
    values += looked
    if (wrong > 0) findings.push(`${wrong} values of ${nameOf(one)} are no words or ids of the program`)
  }
  return { findings, values }
}

/** Tables that no descriptor names. */
export async function tablesWithoutDescriptor(
  db: AnyDatabase,
  stores: readonly Store[],
): Promise<{ readonly findings: readonly string[]; readonly tables: number }> {
  const known = new Set(stores.map(({ name }) => name))
  const there = await tablesThere(db)
  const findings = there
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => `the table ${name} has no descriptor`)
  return { findings, tables: there.length }
}

async function entriesOf(folder: string): Promise<string[]> {
  if (folder === '') return []
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
}

/** Folders and files below the roots that no descriptor names; of the temporary folder only what is named like ours counts. */
export async function entriesWithoutDescriptor(
  roots: Roots,
  places: readonly Place[],
): Promise<{ readonly findings: readonly string[]; readonly entries: number }> {
  const findings: string[] = []
  let entries = 0
  for (const [root, folder] of Object.entries(roots) as [Root, string][]) {
    const mine = places.filter((one) => one.root === root)
    for (const name of await entriesOf(folder)) {
      const known = mine.some(({ entry }) => entry.test(name))
      // Others keep their files there too; those of our programs are found by what they hold open.
      if (root === 'temporary' && !known) continue
      entries += 1
      if (!known) findings.push(`${root}/${name} has no descriptor`)
    }
  }
  return { findings, entries }
}

/** Flags of an open file (octal in fdinfo) that say that it may be written. */
const WRITES = 0o3

/**
 * Files that a process holds open for writing outside of every folder that the inventory knows; temporary files that were
 * removed and are still open count as well. A process of another user cannot be looked into and is left out.
 */
export async function filesOutside(
  processes: readonly number[],
  roots: Roots,
  also: readonly string[] = [],
): Promise<{ readonly findings: readonly string[]; readonly files: number }> {
  const { temporary, ...kept } = roots
  const inside = [...Object.values(kept), ...also]
    .filter((root) => root !== '')
    .map((root) => `${root}${sep}`)
  const ours = placeStores.filter(({ root }) => root === 'temporary')
  const isKnown = (path: string): boolean =>
    inside.some((root) => path.startsWith(root)) ||
    (path.startsWith(`${temporary}${sep}`) &&
      ours.some(({ entry }) => entry.test(path.slice(temporary.length + 1).split(sep)[0] ?? '')))
  const found = new Set<string>()
  let files = 0
  for (const id of processes) {
    const folder = join('/proc', String(id))
    for (const fd of await readdir(join(folder, 'fd')).catch(() => [])) {
      // What was printed goes where whoever started us wants it.
      if (Number(fd) <= 2) continue
      const path = await readlink(join(folder, 'fd', fd)).catch(() => null)
      if (path === null || !path.startsWith('/') || /^\/(dev|proc|sys|memfd:)/.test(path)) continue
      const info = await readFile(join(folder, 'fdinfo', fd), 'utf8').catch(() => '')
      const flags = Number.parseInt(/^flags:\s*(?<octal>[0-7]+)/m.exec(info)?.groups?.['octal'] ?? '0', 8)
      if ((flags & WRITES) === 0) continue
      files += 1
      if (!isKnown(path)) found.add(path)
    }
  }
  return { findings: [...found].map((path) => `${path} is written by us and has no descriptor`), files }
}
