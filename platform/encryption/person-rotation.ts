import { notify } from '../db/index.ts'
import type { RotationOf } from './key-changes.ts'
import { openTenantKey, type TenantKey } from './key-store.ts'
import type { KeyStoreParts, KeyUser } from './key-parts.ts'
import { noted } from './key-use.ts'
import { together } from './keyring/database.ts'
import { duePersons, storePersonKeys } from './keyring/person-queries.ts'
import { lockTenantKey, tenantsWithKeys } from './keyring/queries.ts'
import { freshPersonKey } from './person-keys.ts'

/** Persons whose keys are replaced in one transaction, under one event. */
const PERSONS_AT_ONCE = 500

/**
 * Gives the next key to every person whose newest was made at `cutoff` or before; returns how many. Whoever was forgotten has none
 * and gets none. Policy 2.3-a.1.
 */
export async function rotatePersons(
  parts: KeyStoreParts,
  cutoff: Date,
  { user, only = () => true }: RotationOf = {},
): Promise<number> {
  let rotated = 0
  for (const tenant of await tenantsWithKeys(parts.keyring)) {
    if (!only(tenant) || (await duePersons(parts.keyring, tenant, cutoff, 1)).length === 0) continue
    const own = await openTenantKey(parts, tenant)
    if (own === null) continue
    for (;;) {
      const made = await rotateSome(parts, own, { tenant, cutoff }, user)
      rotated += made
      if (made === 0) break
    }
    await notify(parts.db, 'keys_changed', tenant)
  }
  return rotated
}

async function rotateSome(
  parts: KeyStoreParts,
  own: TenantKey,
  { tenant, cutoff }: { readonly tenant: string; readonly cutoff: Date },
  user: KeyUser | undefined,
): Promise<number> {
  if ((await duePersons(parts.keyring, tenant, cutoff, 1)).length === 0) return 0
  const details = { purpose: 'person' }
  return noted(parts, { action: 'rotated', tenant, details, ...(user && { user }) }, () =>
    together(parts.keyring, async (tx) => {
      // Whoever destroys a key waits for this, or this finds nobody of whom it was destroyed. A tenant's own key that was
      // replaced meanwhile leaves the rest for the next run.
      if ((await lockTenantKey(tx, tenant, 'to read')) !== own.version) return 0
      const due = await duePersons(tx, tenant, cutoff, PERSONS_AT_ONCE)
      const rows = due.map(({ person, version }) =>
        freshPersonKey(parts, own, { tenant, person, version: version + 1 }),
      )
      if (rows.length > 0) await storePersonKeys(tx, rows)
      return rows.length
    }),
  )
}
