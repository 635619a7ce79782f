import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '#database'
import {
  escrowedFiles,
  openKeyring,
  reachableCopies,
  restoreKeyring,
  type Keyring,
  type SampleKeys,
} from '../../../encryption/index.ts'
import { createDatabase } from '../copy-queries.ts'
import { CouldNotRun, needed } from '../points.ts'
import type { DrillWorld } from '../world.ts'
import type { ServedCopy } from './copies.ts'

/** What `surety keys escrow` wrote, under this name beside the escrow key. */
export const ROOT_ESCROW = 'root-escrow.age'
const KEYRING = 'drill_keyring'
const MIGRATIONS = new URL('../../../encryption/keyring-migrations/', import.meta.url)

/** A keyring that is filled from its newest copy, in a database of the copy, which is thrown away with it. */
async function keyringFromCopy(world: DrillWorld, copy: ServedCopy): Promise<Keyring> {
  const { stores, repository } = world.all
  const opener = needed(world.all.opener, 'no key was brought from escrow')
  const copies = await reachableCopies({ stores: () => stores, system: repository.system })
  const newest = needed(copies.at(-1), 'no copy of the keyring lies in the stores')
  const store = needed(
    stores.find(({ region }) => region === newest.region),
    'there is no store',
  )
  await createDatabase(copy.db, KEYRING)
  const url = copy.started.server.url(KEYRING)
  await migrate(url, MIGRATIONS, 'keyring')
  const keyring = openKeyring(url, () => {}, { connectionsMax: 2 })
  try {
    const plain = await opener.open(await store.get(newest.path), newest.path)
    try {
      await restoreKeyring(keyring, plain.toString('utf8'), newest.at)
    } finally {
      plain.fill(0)
    }
    return keyring
  } catch (error) {
    await keyring.destroy()
    throw error
  }
}

/** The key files of the root key as they lay in escrow; an empty folder where its keeper has it. */
async function rootFiles(world: DrillWorld, folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700, recursive: true })
  if (!world.rootKey.inFiles) return
  const opener = needed(world.all.opener, 'no key was brought from escrow')
  const sealed = join(needed(world.order.escrow, 'nobody brought an escrow key'), ROOT_ESCROW)
  if (!existsSync(sealed))
    throw new CouldNotRun(`the folder from escrow holds no ${ROOT_ESCROW} (surety keys escrow)`)
  const archive = await opener.open(await readFile(sealed), ROOT_ESCROW)
  try {
    for (const { name, bytes } of escrowedFiles(
      Buffer.from(archive.buffer, archive.byteOffset, archive.length),
    ))
      await writeFile(join(folder, name), bytes, { mode: 0o600, flag: 'wx' })
  } finally {
    archive.fill(0)
  }
}

/**
 * Keyring and root key when recovery folder, key folder and keyring are all lost: the keyring from its copy in the stores, the
 * root key from its escrow, both opened with the escrow key alone. Policy 6.2-c.
 */
export async function openEscrowed(world: DrillWorld, copy: ServedCopy): Promise<SampleKeys> {
  const folder = join(world.place, 'escrowed-keys')
  // What is open, the last first: closed in this order, each even if another one does not close.
  const open = [(): Promise<void> => rm(folder, { recursive: true, force: true })]
  try {
    await rootFiles(world, folder)
    const root = await world.rootKey.open(folder, world.used)
    open.unshift(() => root.close())
    const keyring = await keyringFromCopy(world, copy)
    open.unshift(() => keyring.destroy())
    return { keyring, root, close: () => closeAll(open) }
  } catch (error) {
    await closeAll(open)
    throw error
  }
}

async function closeAll(open: readonly (() => Promise<void>)[]): Promise<void> {
  const failed: unknown[] = []
  for (const close of open) await close().catch((error: unknown) => failed.push(error))
  if (failed.length > 0) throw new AggregateError(failed, 'keys from escrow did not close')
}
