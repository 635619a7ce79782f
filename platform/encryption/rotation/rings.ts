import { dataKeyring, type DataKeyring } from '#envelope'
import { Problem } from '../../kernel/problem.ts'
import { timedCache, type TimedCache } from '../key-cache.ts'
import type { KeyStoreParts } from '../key-parts.ts'
import { openKeys, type OpenKeys } from '../key-store.ts'
import { versionsAmong } from '../keyring/person-batch-queries.ts'
import { personsOfKeys, type StoredPersonKey } from '../keyring/person-queries.ts'
import { ringOf, TenantKeyReplaced } from '../person-keys.ts'

/** Where the id of the key stands in an envelope: behind the format. */
const KEY_ID = { from: 1, to: 17 } as const
const TENANTS_MAX = 1000

/** A tenant's keys in a run. */
export interface RunKeys {
  readonly keys: OpenKeys
  readonly ring: DataKeyring
}

/** Finds the keys that stored values were sealed with, a tenant's own or those of single persons. */
export interface Rings {
  /** Opened once in five minutes; null once they were destroyed, or where they do not open. */
  tenant(tenant: string): Promise<RunKeys | null>
  /** The ring of each of these values of a tenant; null where its keys were destroyed or do not open. */
  of(tenant: string, envelopes: readonly Buffer[]): Promise<(envelope: Buffer) => DataKeyring | null>
}

/** Keys for one run. */
export function openRings(parts: KeyStoreParts): Rings {
  const tenants = timedCache(parts.clock, TENANTS_MAX, (tenant) => openOne(parts, tenant))
  return {
    tenant: tenants.get,
    of: async (tenant, envelopes) => {
      try {
        return await ringsOf(parts, tenants, tenant, envelopes)
      } catch (error) {
        if (!(error instanceof TenantKeyReplaced)) throw error
        tenants.forget(tenant)
        return ringsOf(parts, tenants, tenant, envelopes)
      }
    },
  }
}

async function openOne(parts: KeyStoreParts, tenant: string): Promise<RunKeys | null> {
  try {
    const keys = await openKeys(parts, tenant)
    return { keys, ring: dataKeyring({ tenant, current: keys.current, keys: keys.data }) }
  } catch (error) {
    return noneIfClosed(error)
  }
}

/** Keys that were destroyed, or that do not open, keep no other tenant's and no other person's values waiting. */
function noneIfClosed(error: unknown): null {
  const code = error instanceof Problem ? error.code : ''
  if (code === 'encryption.key-missing' || code === 'encryption.unreadable') return null
  throw error
}

function keyIdOf(envelope: Buffer): string {
  return envelope.toString('hex', KEY_ID.from, KEY_ID.to)
}

async function ringsOf(
  { keyring }: KeyStoreParts,
  tenants: TimedCache<RunKeys | null>,
  tenant: string,
  envelopes: readonly Buffer[],
): Promise<(envelope: Buffer) => DataKeyring | null> {
  const own = await tenants.get(tenant)
  if (own === null) return () => null
  const others = new Set(envelopes.map(keyIdOf).filter((id) => !own.ring.keys.has(id)))
  const persons =
    others.size === 0 ? new Map<string, string>() : await personsOfKeys(keyring, tenant, [...others])
  const versions = Map.groupBy(
    await versionsAmong(keyring, tenant, [...new Set(persons.values())]),
    ({ person }) => person,
  )
  const rings = new Map<string, DataKeyring | null>()
  for (const [person, stored] of versions) rings.set(person, livingRing(own, tenant, stored))
  return (envelope) => {
    const person = persons.get(keyIdOf(envelope))
    return person === undefined ? own.ring : (rings.get(person) ?? null)
  }
}

function livingRing(
  { keys }: RunKeys,
  tenant: string,
  stored: readonly StoredPersonKey[],
): DataKeyring | null {
  try {
    return ringOf(keys.tenantKey, tenant, stored).ring
  } catch (error) {
    return noneIfClosed(error)
  }
}
