import type { KeyObject } from 'node:crypto'
import { keyFingerprint, wrapKey } from '#envelope'
import { Problem } from '../kernel/problem.ts'
import type { KeyStoreParts } from './key-parts.ts'
import { freshTenantKey } from './key-store.ts'
import { noted } from './key-use.ts'
import { together } from './keyring/database.ts'
import { storeKey, storeTenantKey, tenantRows, type KeyPurpose } from './keyring/queries.ts'
import { insertTombstone, moveAccesses } from './keyring/carried-queries.ts'
import {
  clearOldKeys,
  oldAccesses,
  oldKeys,
  removeOldAccesses,
  removeOldKeys,
  type OldKey,
} from './old-key-queries.ts'

/**
 * Moves keys that an older state kept beside the data into the keyring, tenant by tenant, and removes them there only
 * once they are in their new place. Does nothing where there are none. Policy 2.3-a.2.
 */
export async function carryOverKeys(parts: KeyStoreParts): Promise<number> {
  const rows = await oldKeys(parts.db)
  const tenants = [...new Set(rows.map(({ tenant }) => tenant))]
  for (const tenant of tenants) {
    const mine = rows.filter((row) => row.tenant === tenant)
    const live = mine.filter((row) => row.wrapped.length > 0)
    if (live.length > 0) await noted(parts, { action: 'opened', tenant }, () => carry(parts, tenant, live))
    else await insertTombstone(parts.keyring, tenant, parts.clock.now())
    await removeOldKeys(parts.db, tenant)
  }
  if (tenants.length > 0) await clearOldKeys(parts.db)
  await moveAccesses(parts.keyring, await oldAccesses(parts.db))
  await removeOldAccesses(parts.db)
  return tenants.length
}

async function carry(parts: KeyStoreParts, tenant: string, rows: readonly OldKey[]): Promise<void> {
  const keys: { readonly row: OldKey; readonly key: KeyObject }[] = []
  for (const row of rows) {
    const { purpose, version } = row
    keys.push({ row, key: await parts.root.unwrap({ tenant, purpose, version }, row.wrapped) })
  }
  const { keyring } = parts
  if (await isThere(keyring, tenant, keys)) return
  const own = await freshTenantKey(parts, tenant, 1)
  await together(keyring, async (tx) => {
    if (!(await storeTenantKey(tx, own.row)))
      throw new Problem('encryption.key-missing', 'The keyring holds other keys of the same tenant.')
    for (const { row, key } of keys) {
      const label = { tenant, purpose: row.purpose as KeyPurpose, version: row.version }
      const wrapped = wrapKey(own.key, label, key)
      await storeKey(tx, {
        ...label,
        wrapped,
        fingerprint: keyFingerprint(key),
        under: 1,
        created_at: row.created_at,
      })
    }
  })
}

/** Whether an earlier start, cut off before its end, brought these keys to their place. */
async function isThere(
  keyring: KeyStoreParts['keyring'],
  tenant: string,
  keys: readonly { readonly key: KeyObject }[],
): Promise<boolean> {
  const there = new Set((await tenantRows(keyring, tenant)).keys.map(({ fingerprint }) => fingerprint))
  return keys.every(({ key }) => there.has(keyFingerprint(key)))
}
