import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { rootKey } from '#envelope'
import { Problem } from '../kernel/problem.ts'
import { fileIfThere, keyFile } from '../kernel/secret-file.ts'

/** The root key that wraps every tenant's keys, from `root.key` in the key folder. Policy 2.3-a.2. */
export async function openRootKey(folder: string): Promise<KeyObject> {
  return rootKey(await keyFile(folder, 'root.key'))
}

/** The key that seals backups and nothing else, from `backup.key` in the key folder. Policy 6.1-d. */
export async function openBackupKey(folder: string): Promise<KeyObject> {
  return rootKey(await keyFile(folder, 'backup.key'))
}

/** The backup key as it is: a restore must never make a new one. Throws `recovery.unreadable` when it is missing. */
export async function existingBackupKey(folder: string): Promise<KeyObject> {
  const bytes = await fileIfThere(join(folder, 'backup.key'))
  if (bytes?.length !== 32)
    throw new Problem('recovery.unreadable', 'The key folder holds no backup.key of 32 bytes.')
  return rootKey(bytes)
}
