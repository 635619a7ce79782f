import { createSecretKey } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { requireApart } from '../../encryption/index.ts'
import { identitySeed } from './age-header.ts'
import { readRecoveryFolder } from './recovery-folder.ts'

/** The keys of the live data, as `requireApart` compares with them. */
export type LiveKeys = readonly [
  keyring: Parameters<typeof requireApart>[0],
  root: Parameters<typeof requireApart>[1],
]

/** Larger files are no key files (bytes). */
const KEY_FILE_BYTES_MAX = 1_000_000
const PRIVATE_KEY = /AGE-SECRET-KEY-/

/** Refuses recovery identities of this machine that also are the root key or a data key; throws `recovery.key-shared`. Policy 2.2-b, 6.1-d. */
export async function requireIdentitiesApart(live: LiveKeys, recoveryFolder: string): Promise<number> {
  const identities = await readRecoveryFolder(recoveryFolder)
  for (const { identity } of identities) await requireApart(...live, createSecretKey(identitySeed(identity)))
  return identities.length
}

/** Files of a folder that hold a private key of backups, by name. */
export async function privateKeysIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
  const found: string[] = []
  for (const name of names) {
    const path = join(folder, name)
    const { size, isFile } = await stat(path).then((one) => ({ size: one.size, isFile: one.isFile() }))
    if (isFile && size <= KEY_FILE_BYTES_MAX && PRIVATE_KEY.test((await readFile(path)).toString('latin1')))
      found.push(name)
  }
  return found
}
