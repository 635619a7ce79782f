import {
  dataKeyring,
  openText,
  sealText,
  versionedIndex,
  type DataKeyring,
  type LookUp,
  type VersionedIndex,
} from '#envelope'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { requireOffered } from './algorithm.ts'
import { requireYoung } from './key-age.ts'
import { askForDestruction, carryOutDestructions, sharedRuns, type KeysOf } from './destruction.ts'
import { timedCache, type TimedCache } from './key-cache.ts'
import { addVersion } from './key-changes.ts'
import type { KeyStoreParts, KeyUser, RecordEvent } from './key-parts.ts'
import { openKeys, unreadable, type OpenKeys, type ReleasedKeys } from './key-store.ts'
import { noted } from './key-use.ts'
import type { Keyring } from './keyring/database.ts'
import { heldPersons, isUnknownKey, personKeys } from './held-persons.ts'
import { releasingPersons, type PersonsAsked, type ReleasedPersons } from './person-release.ts'
import type { KeyRoot } from './roots/index.ts'

/** Where a sealed field lives: it opens there and nowhere else. */
export interface FieldPlace {
  readonly table: string
  readonly column: string
  readonly row: string
}

/** Seals and opens what belongs to one person, under a key that can be destroyed for this person alone (GDPR, article 17). */
export interface PersonKeys {
  /** The person's key is made at first use. Throws `encryption.key-missing` once it was destroyed. */
  sealText(place: FieldPlace, text: string): Promise<Buffer>
  /** Opens also what was sealed under the tenant's key, before the person had one. */
  openText(place: FieldPlace, sealed: Uint8Array): Promise<string>
  /** Destroys the person's key with the caller's transaction: what it sealed is lost for good, in every backup too. */
  destroy(within: Database, user?: KeyUser): Promise<void>
}

/** Seals, opens and indexes data of a tenant; a tenant's keys are made at first use. Policy 2.2-a. */
export interface TenantKeys {
  /**
   * Throws `encryption.algorithm` while the policy names an algorithm that the engine does not offer, and `encryption.key-expired`
   * for a key past the age that the policy allows.
   */
  sealText(tenant: string, place: FieldPlace, text: string): Promise<Buffer>
  /** Throws `encryption.unreadable` for changed bytes or another place, `encryption.key-missing` after the keys were destroyed. */
  openText(tenant: string, place: FieldPlace, sealed: Uint8Array): Promise<string>
  /**
   * What a normalised text is looked up by, by purpose (table and column): the first is what is stored, and rows may have any while
   * a key is being replaced.
   */
  lookUp(tenant: string, purpose: string, value: string): Promise<LookUp>
  /** The keys of one person. */
  forPerson(tenant: string, person: string): PersonKeys
  /** The unwrapped keys themselves, for a protected service that seals for itself; each release leaves an event. Policy 2.3-b. */
  release(tenant: string, user: KeyUser): Promise<ReleasedKeys>
  /** The keys of some persons, for a protected service; all under one event, and without asking the root. Policy 2.3-b. */
  releasePersons(asked: PersonsAsked, user: KeyUser): Promise<ReleasedPersons>
  /** Makes the next data key version; older ones still open. */
  rotate(tenant: string, user?: KeyUser): Promise<number>
  /** Destroys every key of a tenant with the caller's transaction: once that is committed nothing opens any more. */
  destroy(within: Database, tenant: string, user?: KeyUser): Promise<void>
  /** Carries out what `destroy` asked for in transactions that were committed since. */
  carryOut(): Promise<void>
  /** Drops what is held in memory, after another process rotated or destroyed keys; of every tenant when none is named. */
  forget(tenant?: string): void
}

interface Opened {
  readonly keys: OpenKeys
  readonly keyring: DataKeyring
  readonly indexes: Map<string, VersionedIndex>
}

/** How many tenants' keys, and how many persons', are held in memory at once. */
const TENANTS_MAX = 1000
const PERSONS_MAX = 10_000

/** What tenant keys need; `governed` binds them to the policy and the audit log, as the running system does. */
export interface TenantKeysDeps {
  readonly db: Database
  readonly keyring: Keyring
  readonly clock: Clock
  readonly root: KeyRoot
  readonly governed?: { readonly policy: PolicyReader; readonly record: RecordEvent }
}

/** Opens the tenant keys over the audit log's database, the keyring and the root key. */
export function openTenantKeys(deps: TenantKeysDeps): TenantKeys {
  const { db, keyring, clock, root, governed } = deps
  const parts: KeyStoreParts = { db, keyring, clock, root, record: governed?.record }
  const cache = timedCache(clock, TENANTS_MAX, async (tenant) =>
    prepare(tenant, await openKeys(parts, tenant)),
  )
  const persons = heldPersons(parts, {
    max: PERSONS_MAX,
    ownKey: async (tenant) => (await cache.get(tenant)).keys.tenantKey,
    forgetOwnKey: cache.forget,
  })
  const requireSeals = (since: Date): void => {
    if (governed === undefined) return
    requireOffered(governed.policy)
    requireYoung(governed.policy, clock, since)
  }
  const forget = (tenant?: string): void => {
    cache.forget(tenant)
    persons.forget(tenant)
  }
  const { destroy, carryOut } = destroyer(parts, forget)
  const open = opener(cache)
  return {
    sealText: sealer(cache, requireSeals),
    openText: open,
    lookUp: finder(cache, clock),
    forPerson: (tenant, person) => ({
      ...personKeys({ tenant, person }, persons, open, requireSeals),
      destroy: (within, user) => destroy(within, { tenant, person }, user),
    }),
    release: async (tenant, user) => {
      const { keys } = await cache.get(tenant)
      return noted(parts, { action: 'released', tenant, user }, async () => keys)
    },
    releasePersons: releasingPersons(parts, async (tenant, again) => {
      if (again) cache.forget(tenant)
      return (await cache.get(tenant)).keys.tenantKey
    }),
    rotate: async (tenant, user) => {
      const { keys } = await cache.get(tenant)
      await addVersion(parts, { tenant, purpose: 'data', version: keys.current + 1 }, user)
      forget(tenant)
      return (await cache.get(tenant)).keys.current
    },
    destroy: (within, tenant, user) => destroy(within, { tenant, person: null }, user),
    carryOut,
    forget,
  }
}

/** Seals under a tenant's newest key, unless `requireSeals` refuses one of its age. */
function sealer(cache: TimedCache<Opened>, requireSeals: (since: Date) => void): TenantKeys['sealText'] {
  return async (tenant, place, text) => {
    const { keys, keyring } = await cache.get(tenant)
    requireSeals(keys.currentSince)
    return sealText(keyring, { tenant, ...place }, text)
  }
}

/** Makes look-up values; what is derived for a purpose is held with the tenant's keys. */
function finder(cache: TimedCache<Opened>, clock: Clock): TenantKeys['lookUp'] {
  return async (tenant, purpose, value) => {
    const { keys, indexes } = await cache.get(tenant)
    const index = indexes.get(purpose) ?? versionedIndex(keys.indexes, { tenant, purpose })
    indexes.set(purpose, index)
    return index(value, clock.now())
  }
}

/** Destroys keys with the caller's transaction, and forgets what is held of them. */
function destroyer(parts: KeyStoreParts, forget: (tenant: string) => void) {
  const carryOut = sharedRuns(async () => {
    for (const { tenant } of await carryOutDestructions(parts)) forget(tenant)
  })
  const destroy = async (within: Database, of: KeysOf, user?: KeyUser): Promise<void> => {
    await askForDestruction(within, parts, of, user)
    forget(of.tenant)
    // Inside a transaction nothing is certain yet: the notice that it sends at its end starts the rest.
    if (!within.isTransaction) await carryOut()
  }
  return { carryOut, destroy }
}

/** Opens a tenant's values, looking once for newer keys where a value names one that is not held. */
function opener(cache: TimedCache<Opened>): TenantKeys['openText'] {
  return async (tenant, place, sealed) => {
    const context = { tenant, ...place }
    const { keyring } = await cache.get(tenant)
    try {
      return openText(keyring, context, sealed)
    } catch (error) {
      // Another process may have rotated a moment ago, before its notice came here.
      const renewed = isUnknownKey(error) ? cache.renewed(tenant) : null
      if (renewed === null) throw unreadable(error)
      return openRenewed(cache, (await renewed).keyring, context, sealed)
    }
  }
}

function openRenewed(
  cache: TimedCache<Opened>,
  keyring: DataKeyring,
  context: Parameters<typeof openText>[1],
  sealed: Uint8Array,
): string {
  try {
    return openText(keyring, context, sealed)
  } catch (error) {
    if (isUnknownKey(error)) cache.renewedInVain(context.tenant)
    throw unreadable(error)
  }
}

function prepare(tenant: string, keys: OpenKeys): Opened {
  return {
    keys,
    keyring: dataKeyring({ tenant, current: keys.current, keys: keys.data }),
    indexes: new Map(),
  }
}
