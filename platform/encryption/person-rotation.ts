import { notify } from '../db/index.ts'
import { eachAlone } from './each-alone.ts'
import type { RotationOf } from './key-changes.ts'
import { openTenantKey, type TenantKey } from './key-store.ts'
import type { KeyStoreParts, KeyUser } from './key-parts.ts'
import { noted } from './key-use.ts'
import { together } from './keyring/database.ts'
import { personsAfter, someAreDue, storePersonKeys } from './keyring/person-queries.ts'
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
  return eachAlone((await tenantsWithKeys(parts.keyring)).filter(only), async (tenant) => {
    let rotated = 0
    if (!(await someAreDue(parts.keyring, tenant, cutoff))) return rotated
    const own = await openTenantKey(parts, tenant)
    if (own === null) return rotated
    let after: string | null = ''
    while (after !== null) {
      const done: Some = await rotateSome(parts, own, { tenant, cutoff, after }, user)
      rotated += done.rotated
      after = done.last
    }
    await notify(parts.db, 'keys_changed', tenant)
    return rotated
  })
}

/** What one transaction came to, and the last of its persons; null when nobody is left. */
interface Some {
  readonly rotated: number
  readonly last: string | null
}

async function rotateSome(
  parts: KeyStoreParts,
  own: TenantKey,
  { tenant, cutoff, after }: { readonly tenant: string; readonly cutoff: Date; readonly after: string },
  user: KeyUser | undefined,
): Promise<Some> {
  const page = { after, most: PERSONS_AT_ONCE }
  const isDue = ({ created_at }: { readonly created_at: Date }): boolean => created_at <= cutoff
  const { persons, last } = await personsAfter(parts.keyring, tenant, page)
  if (!persons.some(isDue)) return { rotated: 0, last }
  const details = { purpose: 'person' }
  return noted(parts, { action: 'rotated', tenant, details, ...(user && { user }) }, () =>
    together(parts.keyring, async (tx) => {
      // Whoever destroys a key waits for this, or this finds nobody of whom it was destroyed. A tenant's own key that was
      // replaced meanwhile leaves the rest for the next run.
      if ((await lockTenantKey(tx, tenant, 'to read')) !== own.version) return { rotated: 0, last: null }
      const seen = await personsAfter(tx, tenant, page)
      const rows = seen.persons
        .filter(isDue)
        .map(({ person, version }) => freshPersonKey(parts, own, { tenant, person, version: version + 1 }))
      if (rows.length > 0) await storePersonKeys(tx, rows)
      return { rotated: rows.length, last: seen.last }
    }),
  )
}
