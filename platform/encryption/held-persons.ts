import { EnvelopeError, openText, sealText } from '#envelope'
import { timedCache } from './key-cache.ts'
import type { KeyStoreParts } from './key-parts.ts'
import { unreadable, type TenantKey } from './key-store.ts'
import { openPersonKey, TenantKeyReplaced, type PersonRing } from './person-keys.ts'
import type { PersonKeys, TenantKeys } from './tenant-keys.ts'

/** The keys of persons as a process holds them. */
export interface HeldPersons {
  get(tenant: string, person: string, make: boolean): Promise<PersonRing | null>
  /** Opened anew for somebody who misses a newer key, unless that was tried in vain a moment ago; then null. */
  renewed(tenant: string, person: string): Promise<PersonRing | null> | null
  /** The last renewal did not help. */
  renewedInVain(tenant: string, person: string): void
  forget(tenant?: string): void
}

/** Holds the keys of persons, which are unwrapped under the tenant's own key without asking the root. */
export function heldPersons(
  parts: KeyStoreParts,
  of: {
    readonly max: number
    readonly ownKey: (tenant: string) => Promise<TenantKey>
    readonly forgetOwnKey: (tenant: string) => void
  },
): HeldPersons {
  // Tenants and persons are ids, so that a line break can stand between them.
  const nameOf = (tenant: string, person: string): string => `${tenant}\n${person}`
  const openOne = async (name: string, make: boolean): Promise<PersonRing | null> => {
    const [tenant = '', person = ''] = name.split('\n')
    const tried = async (): Promise<PersonRing | null> =>
      openPersonKey(parts, await of.ownKey(tenant), { tenant, person }, make)
    try {
      return await tried()
    } catch (error) {
      if (!(error instanceof TenantKeyReplaced)) throw error
      of.forgetOwnKey(tenant)
      return tried()
    }
  }
  const held = timedCache(parts.clock, of.max, (name) => openOne(name, false))
  const making = new Map<string, Promise<PersonRing | null>>()
  return {
    get: async (tenant, person, make) => {
      const name = nameOf(tenant, person)
      const known = await held.get(name)
      if (known !== null) return known
      // Only what is there is held: the next process may make a key at any moment.
      held.forget(name)
      if (!make) return null
      const begun = making.get(name) ?? openOne(name, true).finally(() => making.delete(name))
      making.set(name, begun)
      return begun
    },
    renewed: (tenant, person) => held.renewed(nameOf(tenant, person)),
    renewedInVain: (tenant, person) => held.renewedInVain(nameOf(tenant, person)),
    forget: (tenant) => {
      if (tenant === undefined) held.forget()
      else held.forgetEach((name) => name.startsWith(`${tenant}\n`))
    },
  }
}

/** Whether a value names a key that is not held. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof EnvelopeError && error.code === 'unknown-key-version'
}

/** Seals and opens for one person; what was sealed before the person had a key opens with the tenant's. */
export function personKeys(
  { tenant, person }: { readonly tenant: string; readonly person: string },
  persons: HeldPersons,
  open: TenantKeys['openText'],
  /** Refuses to seal with a key that was made at this moment. */
  requireSeals: (since: Date) => void,
): Pick<PersonKeys, 'sealText' | 'openText'> {
  const openUnder = (one: PersonRing | null, context: Parameters<typeof openText>[1], sealed: Uint8Array) => {
    try {
      return one === null ? null : openText(one.ring, context, sealed)
    } catch (error) {
      if (!isUnknownKey(error)) throw unreadable(error)
      return null
    }
  }
  return {
    sealText: async (place, text) => {
      const found = await persons.get(tenant, person, true)
      if (found === null) throw new Error('a key was made and is not there')
      requireSeals(found.currentSince)
      return sealText(found.ring, { tenant, ...place }, text)
    },
    openText: async (place, sealed) => {
      const context = { tenant, ...place }
      const held = await persons.get(tenant, person, false)
      const text = openUnder(held, context, sealed)
      if (text !== null) return text
      // Another process may have replaced the key a moment ago, before its notice came here.
      const renewed = held === null ? null : openUnder(await persons.renewed(tenant, person), context, sealed)
      if (renewed !== null) return renewed
      if (held !== null) persons.renewedInVain(tenant, person)
      return open(tenant, place, sealed)
    },
  }
}
