import { randomUUID } from 'node:crypto'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { undone, type Database } from '../../db/index.ts'
import { HOUR } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { withProbeFolder } from '../../kernel/probe-folder.ts'
import {
  columnsWithoutClass,
  columnsWithWords,
  entriesWithoutDescriptor,
  filesOutside,
  tablesWithoutDescriptor,
} from './discover.ts'
import { stores } from './inventory.ts'
import type { InventorySystem } from './observed-system.ts'
import { placeStores } from './places.ts'
import { plantTable, plantWords, type AnyDatabase } from './queries.ts'
import { storeFaults, type Store } from './store.ts'

/** Where embedded servers keep their files when they run as a user who cannot pass through a private home. */
const SERVER_FOLDERS = ['/var/lib/surety']

/** The parts of the inventory that are compared with what is there. */
interface Compared {
  readonly databases: readonly AnyDatabase[]
  readonly roots: InventorySystem['roots']
  readonly processes: readonly number[]
  readonly listed: readonly Store[]
  /** Where the database server keeps its files, if it may be known. */
  readonly server: string | null
}

async function compared(
  of: Compared,
): Promise<{ readonly failures: string[]; readonly counts: Record<string, number> }> {
  const failures: string[] = of.listed.flatMap(storeFaults)
  const counts = { stores: of.listed.length, tables: 0, values: 0, entries: 0, files: 0 }
  for (const db of of.databases) {
    const tables = await tablesWithoutDescriptor(db, of.listed)
    const words = await columnsWithWords(db)
    const columns = (await columnsWithoutClass(db)).map((name) => `${name} has no class and no envelope`)
    failures.push(...tables.findings, ...columns, ...words.findings)
    counts.tables += tables.tables
    counts.values += words.values
  }
  const { findings, entries } = await entriesWithoutDescriptor(of.roots, placeStores)
  const outside = await filesOutside(of.processes, of.roots, [
    ...(of.server === null ? [] : [of.server]),
    ...SERVER_FOLDERS,
  ])
  failures.push(...findings, ...outside.findings)
  counts.entries = entries
  counts.files = outside.files
  return { failures, counts }
}

async function comparedWithAll(system: InventorySystem): Promise<Compared> {
  const server = await system.serverFolder()
  const { db, keyring, roots } = system
  return { databases: [db, keyring], roots, processes: await system.processes(), listed: stores, server }
}

async function inventoryFits(of: Compared): Promise<Observation> {
  const { failures, counts } = await compared(of)
  const sealed = of.listed.filter(
    ({ encryption }) => encryption === 'sealed' || encryption === 'wrapped',
  ).length
  const says = `${counts['stores']} stores have a descriptor, ${sealed} of them sealed or wrapped; ${counts['tables']} tables, ${counts['entries']} folders and files and ${counts['files']} open files were found and each is among them; no column that holds words is without an envelope or a reason`
  const scope = { count: of.listed.length, coverage: 1, of: 'stores' }
  return observed(failures, says, counts, scope)
}

/** No folder at all. */
const NOWHERE: InventorySystem['roots'] = {
  SURETY_VAR: '',
  SURETY_KEYS: '',
  SURETY_KEYRING: '',
  SURETY_BACKUPS: '',
  SURETY_RECOVERY_KEYS: '',
  SURETY_STANDBY: '',
  temporary: '',
}

/** What the comparison says of a database that was changed in a transaction that is undone. */
function changed(system: InventorySystem, change: (tx: Database) => Promise<void>): Promise<Observation> {
  return undone(system.db, async (tx) => {
    await change(tx)
    return inventoryFits({ databases: [tx], roots: NOWHERE, processes: [], listed: stores, server: null })
  })
}

/** A folder, and an open file, that no descriptor names. */
async function strangeFiles(system: InventorySystem, folder: string): Promise<Record<string, Observation>> {
  const only = { databases: [], processes: [], listed: stores, server: null }
  await mkdir(join(folder, 'exports'))
  const strange = await inventoryFits({ ...only, roots: { ...NOWHERE, SURETY_VAR: folder } })
  const aside = join(folder, 'written-aside')
  await writeFile(aside, '')
  const handle = await open(aside, 'a')
  try {
    const written = await inventoryFits({ ...only, roots: NOWHERE, processes: [process.pid] })
    return { 'a folder without a descriptor': strange, 'a file that is written elsewhere': written }
  } finally {
    await handle.close()
  }
}

/** What is said of a store that lost its encryption descriptor or its backup policy. */
function lacking(what: 'encryption' | 'backup'): Observation {
  const failures = stores
    .slice(0, 1)
    .flatMap((one) =>
      storeFaults({ ...one, ...(what === 'backup' ? { backup: undefined } : { encryption: undefined }) }),
    )
  return observed(failures, 'every store is complete', {}, { count: 1, coverage: 1, of: 'stores' })
}

/** Policy 2.2-0: every store is known, and says how what it holds is encrypted. */
export const storesKnown: Control<InventorySystem> = control({
  id: 'stores-known',
  clauses: ['2.2-0'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: [
    'platform/encryption/inventory/store.ts',
    'platform/encryption/inventory/clear-columns.ts',
    'platform/encryption/stored-bytes.ts',
  ],
  looks:
    'Compares the inventory with every table and column of both databases, every folder of the settings and every file that a process holds open, and looks whether columns in the clear hold words.',
  breaks:
    'A table, a folder and an open file without a descriptor, a column in the clear that holds a sentence, and a store without an encryption descriptor must be found.',
  check: async (system) => inventoryFits(await comparedWithAll(system)),
  knownBad: (system) =>
    withProbeFolder(async (folder) =>
      everyBreakFound({
        ...(await strangeFiles(system, folder)),
        'a table without a descriptor': await changed(system, plantTable),
        'a sentence among ids': await changed(system, (tx) =>
          plantWords(tx, randomUUID(), 'words of somebody', system.clock.now()),
        ),
        'a store without an encryption descriptor': lacking('encryption'),
      }),
    ),
})

async function everyStoreReturns(system: InventorySystem, listed: readonly Store[]): Promise<Observation> {
  const failures = listed.flatMap(storeFaults)
  for (const db of [system.db, system.keyring])
    failures.push(...(await tablesWithoutDescriptor(db, listed)).findings)
  const by = (tier: string): number => listed.filter(({ backup }) => backup.tier === tier).length
  const critical = by('critical')
  const says = `${listed.length} stores have a backup policy: ${critical} critical, ${by('standard')} standard, ${by('apart')} apart from the data, ${by('rebuilt')} made anew and ${by('not kept')} not kept, each with its reason`
  const metrics = { stores: listed.length, critical, standard: by('standard'), apart: by('apart') }
  return observed(failures, says, metrics, { count: listed.length, coverage: 1, of: 'stores' })
}

/** Policy 6.1-0: no store is without a backup policy. */
export const storesBackedUp: Control<InventorySystem> = control({
  id: 'stores-backed-up',
  clauses: ['6.1-0'],
  reads: [],
  everySeconds: 6 * HOUR,
  enforcedIn: ['platform/encryption/inventory/store.ts', 'platform/encryption/inventory/tables.ts'],
  looks: 'Reads the backup policy of every store, and looks for tables of both databases that have none.',
  breaks: 'A store without a backup policy and a table that no policy names must be found.',
  check: (system) => everyStoreReturns(system, stores),
  knownBad: async (system) =>
    everyBreakFound({
      'a store without a backup policy': lacking('backup'),
      'a table that no policy names': await everyStoreReturns(
        system,
        stores.filter(({ name }) => name !== 'surety.account'),
      ),
    }),
})
