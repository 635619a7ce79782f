import { keyFingerprint } from '#envelope'
import { openBackupKey } from '../encryption/index.ts'
import type { BackupParts } from './backup.ts'
import { sealingSince } from './queries.ts'

/** The backup key and the moment of the first backup under it, as the check of key ages wants it. Policy 2.3-a.1. */
export async function backupKeyInUse(
  parts: Pick<BackupParts, 'db' | 'keysFolder'>,
): Promise<readonly { readonly name: string; readonly since: Date }[]> {
  const key = await openBackupKey(parts.keysFolder)
  const since = await sealingSince(parts.db, keyFingerprint(key))
  return since === null ? [] : [{ name: 'the backup key', since }]
}
