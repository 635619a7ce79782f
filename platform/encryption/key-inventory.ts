import { randomUUID, type KeyObject } from 'node:crypto'
import { generateDataKey, keyFingerprint, unwrapKey, wrapKey } from '#envelope'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { refusing, tenantLabel } from './key-store.ts'
import type { Keyring } from './keyring/database.ts'
import { storedKeys, storedTenantKeys, storeKey } from './keyring/queries.ts'
import type { KeyRoot } from './roots/index.ts'

/** The fingerprints of the root key and of every key of any tenant. */
export async function liveFingerprints(keyring: Keyring, root: KeyRoot): Promise<ReadonlySet<string>> {
  const stored = [...(await storedKeys(keyring)), ...(await storedTenantKeys(keyring))]
  return new Set([root.fingerprint, ...stored.map(({ fingerprint }) => fingerprint)])
}

/** Refuses a backup key that also is the root key or a key of any tenant; throws `recovery.key-shared`. Policy 2.2-b, 6.1-d. */
export async function requireApart(keyring: Keyring, root: KeyRoot, backupKey: KeyObject): Promise<void> {
  if ((await liveFingerprints(keyring, root)).has(keyFingerprint(backupKey)))
    throw new Problem('recovery.key-shared', 'Backups are sealed with a key that opens nothing else.')
}

/** Makes `key` a tenant's data key, inside a transaction that is undone: the situation that `requireApart` must refuse. */
export async function plantDataKey(
  tx: Keyring,
  { clock }: { readonly clock: Clock },
  key: KeyObject,
): Promise<void> {
  const label = { tenant: randomUUID(), purpose: 'data', version: 1 } as const
  await storeKey(tx, {
    ...label,
    wrapped: wrapKey(generateDataKey(), label, key),
    fingerprint: keyFingerprint(key),
    under: 1,
    created_at: clock.now(),
  })
}

/** Unwraps every stored key, the tenants' own with the root key, and returns how many there are; throws `encryption.unreadable`. */
export async function keysOpen(keyring: Keyring, root: KeyRoot): Promise<number> {
  const owns = new Map<string, KeyObject>()
  for (const { tenant, version, wrapped } of await storedTenantKeys(keyring))
    owns.set(`${tenant}/${version}`, await root.unwrap(tenantLabel(tenant, version), wrapped))
  const stored = await storedKeys(keyring)
  for (const { tenant, purpose, version, wrapped, under } of stored) {
    const own = owns.get(`${tenant}/${under}`)
    if (own === undefined)
      throw new Problem('encryption.unreadable', 'A key is wrapped under none that is stored.')
    refusing(() => unwrapKey(own, { tenant, purpose, version }, wrapped))
  }
  return stored.length
}
