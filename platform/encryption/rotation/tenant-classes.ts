import { addVersion } from '../key-changes.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import { currentKeys, rootKeysSince, storedKeys } from '../keyring/queries.ts'
import type { KeyClass } from './classes.ts'

/** The classes of keys that the keyring holds, and the root key above them. Policy 2.3-a.1. */
export function tenantKeyClasses(parts: KeyStoreParts, moveSoon: () => Promise<void>): readonly KeyClass[] {
  const { keyring, root } = parts
  return [
    {
      name: 'data',
      says: 'what fields are sealed with, one for each workspace and one for the provider',
      how: 'Replaced by the daily job at nine tenths of the allowed age; stored values then move under the new version.',
      aged: true,
      inUse: async () =>
        (await currentKeys(keyring)).map(({ tenant, created_at, version }) => ({
          name: `the data key of ${tenant}`,
          since: created_at,
          version,
        })),
      rotate: async (user) => {
        let rotated = 0
        for (const { tenant, version } of await currentKeys(keyring))
          if (await addVersion(parts, { tenant, purpose: 'data', version: version + 1 }, user)) rotated += 1
        await moveSoon()
        return rotated
      },
    },
    {
      name: 'index',
      says: 'what look-up values are made with, one for each workspace and one for the provider',
      how: 'Encrypts nothing; lives as long as its workspace, because every stored look-up value depends on it.',
      aged: false,
      inUse: async () =>
        (await storedKeys(keyring))
          .filter(({ purpose }) => purpose === 'index')
          .map(({ tenant, created_at }) => ({ name: `the look-up key of ${tenant}`, since: created_at })),
      rotate: null,
    },
    {
      name: 'root',
      says: 'what wraps the keys of every workspace',
      how: 'Replaced with `surety keys rotate root`; every wrapped key then moves under the new version.',
      aged: true,
      inUse: async () =>
        (await rootKeysSince(keyring))
          .filter((one) => one.fingerprint === root.fingerprint)
          .map(({ since }) => ({ name: 'the root key', since })),
      rotate: null,
    },
  ]
}
