import type { KeyObject } from 'node:crypto'
import { dataKeyring, generateDataKey, keyFingerprint, unwrapKey, wrapKey, type DataKeyring } from '#envelope'
import { labelOf } from './key-label.ts'
import type { KeyStoreParts } from './key-parts.ts'
import { destroyed, refusing, type TenantKey } from './key-store.ts'
import { noted } from './key-use.ts'
import { together } from './keyring/database.ts'
import {
  personVersions,
  storePersonKeys,
  type NewPersonKey,
  type StoredPersonKey,
} from './keyring/person-queries.ts'
import { lockTenantKey } from './keyring/queries.ts'

/** The tenant's own key was replaced meanwhile: whoever asks must open it again. */
export class TenantKeyReplaced extends Error {}

/** The key of one person, prepared for sealing, and when the version that seals was made. */
export interface PersonRing {
  readonly ring: DataKeyring
  readonly currentSince: Date
}

/**
 * The key of one person, prepared for sealing; made when `make` says so, null when there never was one. Opening it is
 * part of opening its tenant's keys, which left its event; making it leaves one of its own. Policy 2.3-b.
 */
export async function openPersonKey(
  parts: KeyStoreParts,
  own: TenantKey,
  of: { readonly tenant: string; readonly person: string },
  make: boolean,
): Promise<PersonRing | null> {
  const { tenant, person } = of
  let stored = await personVersions(parts.keyring, tenant, person)
  if (stored.length === 0) {
    if (!make) return null
    await makeKey(parts, own, of)
    // Another process may have been first; what is stored counts.
    stored = await personVersions(parts.keyring, tenant, person)
  }
  return ringOf(own, tenant, stored)
}

/** Prepares the live versions of one person's key, the oldest first. Throws `encryption.key-missing` when there is none. */
export function ringOf(own: TenantKey, tenant: string, stored: readonly StoredPersonKey[]): PersonRing {
  const live = stored.filter(({ wrapped }) => wrapped.length > 0)
  const newest = live.at(-1)
  if (newest === undefined) throw destroyed()
  if (live.some(({ under }) => under !== own.version))
    throw new TenantKeyReplaced('the key of the tenant was replaced')
  const keys = new Map<number, KeyObject>()
  for (const { person, version, wrapped } of live)
    keys.set(
      version,
      refusing(() => unwrapKey(own.key, labelOf({ tenant, person, version }), wrapped)),
    )
  return { ring: dataKeyring({ tenant, current: newest.version, keys }), currentSince: newest.created_at }
}

async function makeKey(
  parts: KeyStoreParts,
  own: TenantKey,
  of: { readonly tenant: string; readonly person: string },
): Promise<void> {
  const { tenant } = of
  await noted(parts, { action: 'created', ...of }, () =>
    together(parts.keyring, async (tx) => {
      // Nobody may replace the tenant's own key between this look and the end.
      if ((await lockTenantKey(tx, tenant, 'to read')) !== own.version)
        throw new TenantKeyReplaced('the key of the tenant was replaced')
      await storePersonKeys(tx, [freshPersonKey(parts, own, { ...of, version: 1 })])
    }),
  )
}

/** A fresh version of a person's key, wrapped under the tenant's own key and ready to be stored. */
export function freshPersonKey(
  { clock }: Pick<KeyStoreParts, 'clock'>,
  own: TenantKey,
  of: { readonly tenant: string; readonly person: string; readonly version: number },
): NewPersonKey {
  const key = generateDataKey()
  return {
    ...of,
    wrapped: wrapKey(own.key, labelOf(of), key),
    fingerprint: keyFingerprint(key),
    under: own.version,
    created_at: clock.now(),
  }
}
