import type { KeyObject } from 'node:crypto'
import { generateDataKey, keyFingerprint, unwrapKey, wrapKey } from '#envelope'
import { destructionsWaiting } from './destruction-queries.ts'
import { labelOf } from './key-label.ts'
import type { KeyStoreParts, KeyUser } from './key-parts.ts'
import { refusing, type TenantKey } from './key-store.ts'
import { noted } from './key-use.ts'
import { together } from './keyring/database.ts'
import { storeFirstKeys, versionsAmong } from './keyring/person-batch-queries.ts'
import type { StoredPersonKey } from './keyring/person-queries.ts'
import { lockTenantKey } from './keyring/queries.ts'
import { TenantKeyReplaced } from './person-keys.ts'

/** Whose keys a protected service asks for, all of one tenant. */
export interface PersonsAsked {
  readonly tenant: string
  readonly persons: readonly string[]
  /** Whether those who never had a key get one. */
  readonly make: boolean
}

/** Keys of one person in the clear, by version. */
export interface ReleasedPersonKeys {
  readonly current: number
  /** When the version that seals was made. */
  readonly currentSince: Date
  readonly data: ReadonlyMap<number, KeyObject>
}

/** What a protected service gets for the persons that it asked for. */
export interface ReleasedPersons {
  /** Who never had a key, and got none, is missing. */
  readonly keys: ReadonlyMap<string, ReleasedPersonKeys>
  /** Whose keys were destroyed or are about to be. */
  readonly erased: readonly string[]
}

/**
 * Hands over the keys of some persons under one event, whatever their number, and without asking the root: they are
 * unwrapped under the key of their tenant, which `ownKey` opens, anew when it is told to. Policy 2.3-b.
 */
export function releasingPersons(
  parts: KeyStoreParts,
  ownKey: (tenant: string, anew: boolean) => Promise<TenantKey>,
) {
  return async (asked: PersonsAsked, user: KeyUser): Promise<ReleasedPersons> => {
    const persons = [...new Set(asked.persons)]
    const { tenant, make } = asked
    const there = new Set((await versionsAmong(parts.keyring, tenant, persons)).map(({ person }) => person))
    const fresh = make ? persons.filter((person) => !there.has(person)) : []
    const details = { persons: persons.length, made: fresh.length }
    return noted(parts, { action: 'released', tenant, user, details }, async () => {
      const tried = async (anew: boolean): Promise<ReleasedPersons> => {
        const own = await ownKey(tenant, anew)
        await makeFirst(parts, own, tenant, fresh)
        return openAmong(parts, own, tenant, persons)
      }
      return tried(false).catch((error: unknown) => {
        if (!(error instanceof TenantKeyReplaced)) throw error
        return tried(true)
      })
    })
  }
}

async function makeFirst(
  { keyring, clock }: KeyStoreParts,
  own: TenantKey,
  tenant: string,
  persons: readonly string[],
): Promise<void> {
  if (persons.length === 0) return
  const rows = persons.map((person) => {
    const key = generateDataKey()
    return {
      tenant,
      person,
      version: 1,
      wrapped: wrapKey(own.key, labelOf({ tenant, person, version: 1 }), key),
      fingerprint: keyFingerprint(key),
      under: own.version,
      created_at: clock.now(),
    }
  })
  await together(keyring, async (tx) => {
    // Nobody may replace the tenant's own key between this look and the end.
    if ((await lockTenantKey(tx, tenant, 'to read')) !== own.version)
      throw new TenantKeyReplaced('the key of the tenant was replaced')
    await storeFirstKeys(tx, rows)
  })
}

async function openAmong(
  { db, keyring }: KeyStoreParts,
  own: TenantKey,
  tenant: string,
  persons: readonly string[],
): Promise<ReleasedPersons> {
  // Before the keys: what is asked for and done between the two looks leaves nothing to be read.
  const waiting = new Set(await destructionsWaiting(db, tenant, persons))
  const stored = await versionsAmong(keyring, tenant, persons)
  const live = stored.filter(({ wrapped }) => wrapped.length > 0)
  if (live.some(({ under }) => under !== own.version))
    throw new TenantKeyReplaced('the key of the tenant was replaced')
  const keys = new Map<string, ReleasedPersonKeys>()
  for (const [person, versions] of Map.groupBy(live, (one) => one.person))
    if (!waiting.has(person)) keys.set(person, opened(own, tenant, versions))
  const known = new Set(stored.map(({ person }) => person))
  return { keys, erased: [...known].filter((person) => !keys.has(person)) }
}

/** The versions of one person's key, the oldest first. */
function opened(own: TenantKey, tenant: string, versions: readonly StoredPersonKey[]): ReleasedPersonKeys {
  const newest = versions.at(-1)
  if (newest === undefined)
    throw new Error('a person without a version of a key was found among those with one')
  const data = versions.map(({ person, version, wrapped }) => {
    const key = refusing(() => unwrapKey(own.key, labelOf({ tenant, person, version }), wrapped))
    return [version, key] as const
  })
  return { current: newest.version, currentSince: newest.created_at, data: new Map(data) }
}
