import type { KeyObject } from 'node:crypto'
import { describeWrappedKey, keyFingerprint, unwrapKey } from '#envelope'
import type { Database } from '../db/index.ts'
import { Problem } from '../kernel/problem.ts'
import { refusing } from './key-store.ts'
import { storedKeys } from './queries.ts'

/** Refuses a backup key that also is the root key or a key of any tenant; throws `recovery.key-shared`. Policy 2.2-b, 6.1-d. */
export async function requireApart(db: Database, root: KeyObject, backupKey: KeyObject): Promise<number> {
  const live = (await storedKeys(db)).map((key) => describeWrappedKey(key.wrapped).keyFingerprint)
  const others = new Set([keyFingerprint(root), ...live])
  if (others.has(keyFingerprint(backupKey)))
    throw new Problem('recovery.key-shared', 'Backups are sealed with a key that opens nothing else.')
  return others.size
}

/** Unwraps every stored key with the root key and returns how many there are; throws `encryption.unreadable`. */
export async function keysOpen(db: Database, root: KeyObject): Promise<number> {
  const stored = await storedKeys(db)
  for (const { tenant, purpose, version, wrapped } of stored)
    refusing(() => unwrapKey(root, { tenant, purpose, version }, wrapped))
  return stored.length
}
