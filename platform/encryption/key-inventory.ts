import { randomUUID, type KeyObject } from 'node:crypto'
import { describeWrappedKey, keyFingerprint, unwrapKey, wrapKey } from '#envelope'
import type { Database, Transaction } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { refusing } from './key-store.ts'
import { storedKeys, storeKey } from './queries.ts'

/** The fingerprints of the root key and of every key of any tenant. */
export async function liveFingerprints(db: Database, root: KeyObject): Promise<ReadonlySet<string>> {
  const stored = (await storedKeys(db)).map((key) => describeWrappedKey(key.wrapped).keyFingerprint)
  return new Set([keyFingerprint(root), ...stored])
}

/** Refuses a backup key that also is the root key or a key of any tenant; throws `recovery.key-shared`. Policy 2.2-b, 6.1-d. */
export async function requireApart(db: Database, root: KeyObject, backupKey: KeyObject): Promise<void> {
  if ((await liveFingerprints(db, root)).has(keyFingerprint(backupKey)))
    throw new Problem('recovery.key-shared', 'Backups are sealed with a key that opens nothing else.')
}

/** Makes `key` a tenant's data key, inside a transaction that is undone: the situation that `requireApart` must refuse. */
export async function plantDataKey(
  tx: Transaction,
  parts: { readonly root: KeyObject; readonly clock: Clock },
  key: KeyObject,
): Promise<void> {
  const label = { tenant: randomUUID(), purpose: 'data', version: 1 } as const
  await storeKey(tx, {
    ...label,
    wrapped: wrapKey(parts.root, label, key),
    root_fingerprint: keyFingerprint(parts.root),
    created_at: parts.clock.now(),
  })
}

/** Unwraps every stored key with the root key and returns how many there are; throws `encryption.unreadable`. */
export async function keysOpen(db: Database, root: KeyObject): Promise<number> {
  const stored = await storedKeys(db)
  for (const { tenant, purpose, version, wrapped } of stored)
    refusing(() => unwrapKey(root, { tenant, purpose, version }, wrapped))
  return stored.length
}
