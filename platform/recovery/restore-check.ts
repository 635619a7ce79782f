import type { KeyObject } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkpointPath, parseVerifierKey, verifyLog } from '#ledger'
import { keysOpen, type KeyRoot, type Keyring } from '../encryption/index.ts'
import { ledgerFolder } from './backup-files.ts'
import { connectForCopy, dropScratch, hangUp, makeScratch } from './copy-queries.ts'
import { restoreWith, type Restored } from './restore.ts'

/** What came out of a backup that was restored into a scratch database. */
export interface RestoreProof extends Restored {
  /** Keys of the keyring that the root key opened. */
  readonly keys: number
  /** Entries of the restored ledger, recomputed from its files. */
  readonly ledgerEntries: number
}

/** Where the ledger of a tried backup goes for a moment. */
const SCRATCH_FOLDER = 'restore-check'

/**
 * Restores the backup in the folder `from` into a scratch database and a scratch folder, compares every table, opens every key
 * with the root key, recomputes the ledger, and drops it all again. Throws whatever went wrong. Policy 6.1-a.
 */
export async function restoreCheck(options: {
  readonly databaseUrl: string
  readonly from: string
  readonly key: KeyObject
  readonly keyring: Keyring
  readonly root: KeyRoot
  readonly varFolder: string
}): Promise<RestoreProof> {
  const admin = await connectForCopy(options.databaseUrl)
  try {
    const scratch = await makeScratch(admin, options.databaseUrl)
    const varFolder = join(options.varFolder, SCRATCH_FOLDER)
    // One that was cut off may have left its folder; the lock of the scratch database is held here.
    await rm(varFolder, { recursive: true, force: true })
    await mkdir(varFolder, { recursive: true, mode: 0o700 })
    try {
      const restored = await restoreWith({ ...options, databaseUrl: scratch, varFolder })
      return {
        ...restored,
        keys: await keysOpen(options.keyring, options.root),
        ledgerEntries: await ledgerEntries(ledgerFolder(varFolder)),
      }
    } finally {
      await rm(varFolder, { recursive: true, force: true })
      await dropScratch(admin)
    }
  } finally {
    hangUp(admin)
  }
}

/** Recomputes a restored ledger; a system that recorded nothing has none. */
async function ledgerEntries(folder: string): Promise<number> {
  const read = (path: string): Promise<Buffer | undefined> =>
    readFile(join(folder, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  if ((await read(checkpointPath)) === undefined) return 0
  const key = await read('vkey')
  if (key === undefined) throw new Error('the restored ledger has no verifier key')
  const verdict = await verifyLog(read, parseVerifierKey(key.toString('utf8').trim()))
  if (!verdict.ok) throw new Error(`the restored ledger does not verify: ${verdict.difference.message}`)
  return verdict.checkpoint.size
}
