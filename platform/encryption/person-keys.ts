import { dataKeyring, generateDataKey, keyFingerprint, unwrapKey, wrapKey, type DataKeyring } from '#envelope'
import type { KeyStoreParts } from './key-parts.ts'
import { destroyed, refusing, type TenantKey } from './key-store.ts'
import { noted } from './key-use.ts'
import { together } from './keyring/database.ts'
import { personKey, storePersonKey, type StoredPersonKey } from './keyring/person-queries.ts'
import { lockTenantKey } from './keyring/queries.ts'
import { personLabel } from './person-label.ts'

/** The tenant's own key was replaced meanwhile: whoever asks must open it again. */
export class TenantKeyReplaced extends Error {}

/**
 * The key of one person, prepared for sealing; made when `make` says so, null when there never was one. Opening it is
 * part of opening its tenant's keys, which left its event; making it leaves one of its own. Policy 2.3-b.
 */
export async function openPersonKey(
  parts: KeyStoreParts,
  own: TenantKey,
  of: { readonly tenant: string; readonly person: string },
  make: boolean,
): Promise<DataKeyring | null> {
  const { tenant, person } = of
  const stored =
    (await personKey(parts.keyring, tenant, person)) ?? (make ? await makeKey(parts, own, of) : undefined)
  if (stored === undefined) return null
  if (stored.wrapped.length === 0) throw destroyed()
  if (stored.under !== own.version) throw new TenantKeyReplaced('the key of the tenant was replaced')
  const key = refusing(() => unwrapKey(own.key, personLabel(tenant, person), stored.wrapped))
  return dataKeyring({ tenant, current: 1, keys: new Map([[1, key]]) })
}

async function makeKey(
  parts: KeyStoreParts,
  own: TenantKey,
  { tenant, person }: { readonly tenant: string; readonly person: string },
): Promise<StoredPersonKey | undefined> {
  const key = generateDataKey()
  const row = {
    tenant,
    person,
    wrapped: wrapKey(own.key, personLabel(tenant, person), key),
    fingerprint: keyFingerprint(key),
    under: own.version,
    created_at: parts.clock.now(),
  }
  await noted(parts, { action: 'created', tenant, person }, () =>
    together(parts.keyring, async (tx) => {
      // Nobody may replace the tenant's own key between this look and the end.
      if ((await lockTenantKey(tx, tenant, 'to read')) !== own.version)
        throw new TenantKeyReplaced('the key of the tenant was replaced')
      await storePersonKey(tx, row)
    }),
  )
  // Another process may have been first; what is stored counts.
  return personKey(parts.keyring, tenant, person)
}
