import { rotateOlder } from '../key-changes.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import { personsInUse } from '../keyring/person-queries.ts'
import { currentKeys, rootKeysSince } from '../keyring/queries.ts'
import { rotatePersons } from '../person-rotation.ts'
import type { KeyClass } from './classes.ts'

/** The classes of keys that the keyring holds, and the root key above them. Policy 2.3-a.1. */
export function tenantKeyClasses(parts: KeyStoreParts, moveSoon: () => Promise<void>): readonly KeyClass[] {
  return [
    {
      name: 'data',
      says: 'what fields are sealed with, one for each workspace and one for the provider',
      how: 'Replaced by the daily job at nine tenths of the allowed age; stored values then move under the new version.',
      aged: true,
      inUse: async () =>
        (await currentKeys(parts.keyring, 'data')).map(({ tenant, created_at, version }) => ({
          name: `the data key of ${tenant}`,
          since: created_at,
          version,
        })),
      rotate: async (user) => {
        const rotated = await rotateOlder(parts, 'data', parts.clock.now(), { user })
        await moveSoon()
        return rotated
      },
    },
    personClass(parts, moveSoon),
    indexClass(parts, moveSoon),
    rootClass(parts),
  ]
}

function personClass(parts: KeyStoreParts, moveSoon: () => Promise<void>): KeyClass {
  return {
    name: 'person',
    says: 'what belongs to single persons is sealed with, one for each, so that one can be forgotten',
    how: 'Replaced by the daily job at nine tenths of the allowed age; stored values then move under the new version.',
    aged: true,
    inUse: async () =>
      (await personsInUse(parts.keyring)).map(({ tenant, persons, oldest, version }) => ({
        name: `the oldest key of a person of ${tenant}`,
        since: oldest,
        version,
        count: persons,
      })),
    rotate: async (user) => {
      const rotated = await rotatePersons(parts, parts.clock.now(), { user })
      await moveSoon()
      return rotated
    },
  }
}

function indexClass(parts: KeyStoreParts, moveSoon: () => Promise<void>): KeyClass {
  return {
    name: 'index',
    says: 'what look-up values are made with, one for each workspace and one for the provider',
    how: 'Replaced by the daily job at nine tenths of the allowed age; two hours later values are stored under the new version, and those from before are made anew.',
    aged: true,
    inUse: async () =>
      (await currentKeys(parts.keyring, 'index')).map(({ tenant, created_at, version }) => ({
        name: `the look-up key of ${tenant}`,
        since: created_at,
        version,
      })),
    rotate: async (user) => {
      const rotated = await rotateOlder(parts, 'index', parts.clock.now(), { user })
      await moveSoon()
      return rotated
    },
  }
}

function rootClass({ keyring, root }: KeyStoreParts): KeyClass {
  return {
    name: 'root',
    says: 'what wraps the keys of every workspace',
    how: 'Replaced with `surety keys rotate root`; every wrapped key then moves under the new version.',
    aged: true,
    inUse: async () =>
      (await rootKeysSince(keyring))
        .filter((one) => one.fingerprint === root.fingerprint)
        .map(({ since }) => ({ name: 'the root key', since })),
    rotate: null,
  }
}
