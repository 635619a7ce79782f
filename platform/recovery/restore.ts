import { createWriteStream } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createHash, type KeyObject } from 'node:crypto'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type pg from 'pg'
import { migrate } from '#database'
import { existingBackupKey } from '../encryption/index.ts'
import { Problem } from '../kernel/problem.ts'
import { filesBelow, ledgerFolder } from './backup-files.ts'
import {
  BACKED_UP,
  begin,
  commit,
  connectForCopy,
  copyIn,
  copyOut,
  dropSchemas,
  empty,
  hangUp,
  holdsTables,
  rollback,
  setSequences,
  tables,
  type BackedUpSchema,
} from './copy-queries.ts'
import { nameOf } from './dependency-order.ts'
import { openTally, type Contents, type Manifest, type TableContents } from './manifest.ts'
import { readBackup, verifyBackup } from './read-backup.ts'

/** Where the migrations of each schema are. */
const MIGRATION_FOLDERS: Readonly<Record<BackedUpSchema, URL>> = {
  surety: new URL('../db/migrations/', import.meta.url),
  inbox: new URL('../../inbox/db/migrations/', import.meta.url),
}

/** What was restored. */
export interface Restored {
  readonly manifest: Manifest
  readonly tables: number
  readonly rows: number
  readonly ledgerFiles: number
}

/**
 * Restores the backup in the folder `from` into an empty database and an empty ledger folder below `varFolder`, with the
 * backup key of `keysFolder`. The whole backup is read and authenticated before anything is written; afterwards every table
 * is compared with what the backup says of it. Throws `recovery.unreadable` and `recovery.not-empty`. Policy 6.1-a.
 */
export async function restoreBackup(options: {
  readonly databaseUrl: string
  readonly from: string
  readonly keysFolder: string
  readonly varFolder: string
}): Promise<Restored> {
  return restoreWith({ ...options, key: await existingBackupKey(options.keysFolder) })
}

/** `restoreBackup` with the key itself. */
export async function restoreWith(options: {
  readonly databaseUrl: string
  readonly from: string
  readonly key: KeyObject
  readonly varFolder: string
}): Promise<Restored> {
  const { databaseUrl, from, key, varFolder } = options
  const { manifest, contents } = await verifyBackup(from, key)
  const ledger = ledgerFolder(varFolder)
  if ((await filesBelow(ledger)).length > 0)
    throw new Problem('recovery.not-empty', 'The ledger folder holds files already.')
  const client = await connectForCopy(databaseUrl)
  const work = `${ledger}.restoring`
  try {
    if (await holdsTables(client))
      throw new Problem('recovery.not-empty', 'The database holds tables already.')
    await intoEmpty(databaseUrl, async () => {
      await migrateAsThen(databaseUrl, contents)
      await restoreRows(client, { from, key, contents, ledger: work })
      for (const schema of BACKED_UP) await migrate(databaseUrl, MIGRATION_FOLDERS[schema], schema)
    })
    await mkdir(work, { recursive: true })
    await rm(ledger, { recursive: true, force: true })
    await rename(work, ledger)
  } finally {
    await rm(work, { recursive: true, force: true })
    hangUp(client)
  }
  const { tables: count, rows, ledgerFiles } = manifest
  return { manifest, tables: count, rows, ledgerFiles }
}

/** The database was empty, so a failure leaves it empty. */
async function intoEmpty(databaseUrl: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    // On a connection of its own: the other one may be what failed.
    const client = await connectForCopy(databaseUrl)
    await dropSchemas(client).finally(() => hangUp(client))
    throw error
  }
}

/** Applies exactly the migrations that the backup was made under; throws `recovery.unreadable` when this version has other ones. */
async function migrateAsThen(databaseUrl: string, contents: Contents): Promise<void> {
  for (const schema of BACKED_UP) {
    const folder = await mkdtemp(join(tmpdir(), 'surety-migrations-'))
    try {
      for (const { name, sha256 } of contents.migrations.filter((one) => one.schema === schema)) {
        const file = fileURLToPath(new URL(name, MIGRATION_FOLDERS[schema]))
        if ((await digestOf(file)) !== sha256)
          throw new Problem(
            'recovery.unreadable',
            `This version knows no migration ${name} as the backup does.`,
          )
        await copyFile(file, join(folder, name))
      }
      await migrate(databaseUrl, pathToFileURL(`${folder}/`), schema)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function digestOf(file: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

interface RowsSource {
  readonly from: string
  readonly key: KeyObject
  readonly contents: Contents
  readonly ledger: string
}

/** Copies all rows in one transaction, in which everything is compared before it is kept. */
async function restoreRows(client: pg.Client, { from, key, contents, ledger }: RowsSource): Promise<void> {
  const present = await tables(client)
  const said = new Map(contents.tables.map((one) => [nameOf(one), one]))
  if (present.length !== said.size || present.some((one) => !said.has(nameOf(one))))
    throw new Problem('recovery.unreadable', 'The tables of the backup are not those of its migrations.')
  await begin(client)
  try {
    await empty(client, present)
    await readBackup(from, key, async (header, body) => {
      if (header.kind === 'ledger') return writeLedgerFile(join(ledger, header.path), body)
      const table = said.get(nameOf(header))
      if (table !== undefined) await pipeline(body, copyIn(client, table))
    })
    await setSequences(client, contents.sequences)
    for (const table of contents.tables) await requireRestored(client, table)
    await commit(client)
  } catch (error) {
    await rollback(client)
    throw error
  }
}

async function writeLedgerFile(path: string, body: AsyncIterable<Buffer>): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await pipeline(Readable.from(body), createWriteStream(path, { flags: 'wx', mode: 0o444, flush: true }))
}

async function requireRestored(client: pg.Client, table: TableContents): Promise<void> {
  const tally = openTally()
  for await (const piece of tally.through(copyOut(client, table))) void piece
  const { lines, sha256 } = tally.result()
  if (lines !== table.rows || sha256 !== table.sha256)
    throw new Error(`the table ${nameOf(table)} was restored with other rows than it was copied`)
}
