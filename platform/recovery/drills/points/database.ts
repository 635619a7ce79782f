import { readdir } from 'node:fs/promises'
import {
  appliedMigrations,
  checkHeap,
  checkIndex,
  countBothWays,
  hasAmcheck,
  indexesOf,
  tablesOf,
  valuesInForce,
  writeHeartbeat,
} from '../copy-queries.ts'
import { PointFailed, requireNone } from '../points.ts'
import type { DrillWorld } from '../world.ts'
import type { ServedCopy } from './copies.ts'

/** Where the expected schema is. */
const MIGRATIONS = new URL('../../../db/migrations/', import.meta.url)
/** Findings that are told of one table or index. */
const TOLD_MAX = 5

/** The server came up on a timeline of its own, every page carries its checksum, and indexes and tables agree. */
export async function indexesHold({ db, restored, started }: ServedCopy): Promise<string> {
  const pages =
    restored.pages === null
      ? 'the cluster was made without checksums of pages'
      : `${restored.pages.pages} pages carry their checksums`
  const failures: string[] = []
  const tables = await tablesOf(db)
  if (!(await hasAmcheck(db))) {
    for (const table of tables) {
      const { byKey, all } = await countBothWays(db, table)
      if (byKey !== all) failures.push(`${table.name} has ${byKey} rows by its key and ${all} in all`)
    }
    requireNone(failures.slice(0, TOLD_MAX))
    return `the server answers; ${pages}; without amcheck, ${tables.length} tables have as many rows by their keys as in all`
  }
  const indexes = await indexesOf(db)
  for (const index of indexes) {
    const fault = await checkIndex(db, index.oid)
    if (fault !== null) failures.push(`the index ${index.name} does not hold: ${fault}`)
  }
  for (const table of tables) {
    const fault = await checkHeap(db, table.oid)
    if (fault !== null) failures.push(`the table ${table.name} does not hold: ${fault}`)
  }
  requireNone(failures.slice(0, TOLD_MAX))
  return `the server answers${started.timeline === 0 ? '' : ` on timeline ${started.timeline}`}; ${pages}; amcheck finds every row of ${tables.length} tables in their ${indexes.length} indexes`
}

/** The schema is the one of this program, the policy in force can be read, and a write stays. */
export async function writesWork({ clock }: DrillWorld, { db }: ServedCopy): Promise<string> {
  const expected = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).toSorted()
  const applied = new Set(await appliedMigrations(db))
  const lacking = expected.filter((name) => !applied.has(name))
  if (lacking.length > 0) throw new PointFailed(`the restored schema lacks ${lacking[0]}`)
  const values = await valuesInForce(db)
  if (values === 0) throw new PointFailed('the restored database holds no policy in force')
  const now = clock.now()
  const read = await writeHeartbeat(db, now)
  if (read?.getTime() !== now.getTime()) throw new PointFailed('what was written was not read again')
  return `the schema is at ${expected.at(-1)}, ${values} values of the policy in force are read, and a write is read again`
}
