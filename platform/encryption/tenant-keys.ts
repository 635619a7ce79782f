import type { KeyObject } from 'node:crypto'
import {
  blindIndex,
  dataKeyring,
  EnvelopeError,
  generateDataKey,
  keyFingerprint,
  openText,
  sealText,
  unwrapKey,
  wrapKey,
  type BlindIndex,
  type DataKeyring,
} from '#envelope'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { destroyKeys, keyVersions, storeKey, type KeyPurpose, type StoredKey } from './queries.ts'

/** The tenant that the provider's own data belongs to; workspaces are tenants by their id. */
export const PROVIDER = 'provider'

/** Where a sealed field lives: it opens there and nowhere else. */
export interface FieldPlace {
  readonly table: string
  readonly column: string
  readonly row: string
}

/** Seals, opens and indexes data of a tenant; a tenant's keys are made at first use. Policy 2.2-a. */
export interface TenantKeys {
  sealText(tenant: string, place: FieldPlace, text: string): Promise<Buffer>
  /** Throws `encryption.unreadable` for changed bytes or another place, `encryption.key-missing` after the keys were destroyed. */
  openText(tenant: string, place: FieldPlace, sealed: Uint8Array): Promise<string>
  /** The look-up value of a normalised text, by purpose (table and column). */
  blindIndex(tenant: string, purpose: string, value: string): Promise<Buffer>
  /** The unwrapped keys themselves, for a protected service that seals for itself. */
  release(tenant: string): Promise<ReleasedKeys>
  /** Makes the next data key version; older ones still open. */
  rotate(tenant: string): Promise<number>
  /** Destroys every key of a tenant. */
  destroy(db: Database, tenant: string): Promise<void>
  /** Drops what is held in memory, after another process rotated or destroyed keys. */
  forget(tenant: string): void
}

/** A tenant's keys in the clear; handed to the protected service alone, never logged. */
export interface ReleasedKeys {
  readonly current: number
  readonly data: ReadonlyMap<number, KeyObject>
  readonly index: KeyObject
}

interface Opened {
  readonly released: ReleasedKeys
  readonly keyring: DataKeyring
  readonly indexes: Map<string, BlindIndex>
}

/** How many tenants' keys are held in memory at once. */
const OPENED_MAX = 1000

/** Opens the tenant keys over the database and the root key. */
export function openTenantKeys(deps: {
  readonly db: Database
  readonly clock: Clock
  readonly root: KeyObject
}): TenantKeys {
  const { db, clock, root } = deps
  const held = new Map<string, Promise<Opened>>()

  const opened = (tenant: string): Promise<Opened> => {
    const known = held.get(tenant)
    if (known !== undefined) return known
    const opening = open(db, clock, root, tenant)
    held.set(tenant, opening)
    opening.catch(() => held.delete(tenant))
    const oldest = held.keys().next()
    if (held.size > OPENED_MAX && oldest.done === false) held.delete(oldest.value)
    return opening
  }

  return {
    sealText: async (tenant, place, text) =>
      sealText((await opened(tenant)).keyring, { tenant, ...place }, text),
    openText: async (tenant, place, sealed) => {
      const { keyring } = await opened(tenant)
      return refusing(() => openText(keyring, { tenant, ...place }, sealed))
    },
    blindIndex: async (tenant, purpose, value) => {
      const { released, indexes } = await opened(tenant)
      const index = indexes.get(purpose) ?? blindIndex(released.index, { tenant, purpose })
      indexes.set(purpose, index)
      return index(value)
    },
    release: async (tenant) => (await opened(tenant)).released,
    rotate: async (tenant) => {
      const next = (await opened(tenant)).released.current + 1
      await makeKey(db, clock, root, { tenant, purpose: 'data', version: next })
      held.delete(tenant)
      return (await opened(tenant)).released.current
    },
    destroy: async (within, tenant) => {
      await destroyKeys(within, tenant, clock.now())
      held.delete(tenant)
    },
    forget: (tenant) => void held.delete(tenant),
  }
}

function refusing<Result>(open: () => Result): Result {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    throw new Problem('encryption.unreadable', 'The stored data could not be authenticated.', {
      cause: error,
    })
  }
}

async function open(db: Database, clock: Clock, root: KeyObject, tenant: string): Promise<Opened> {
  const data = await unwrapAll(db, clock, root, tenant, 'data')
  const [index] = (await unwrapAll(db, clock, root, tenant, 'index')).values()
  const current = Math.max(...data.keys())
  if (index === undefined) throw new Error('a tenant has no index key')
  return {
    released: { current, data, index },
    keyring: dataKeyring({ tenant, current, keys: data }),
    indexes: new Map(),
  }
}

async function unwrapAll(
  db: Database,
  clock: Clock,
  root: KeyObject,
  tenant: string,
  purpose: KeyPurpose,
): Promise<Map<number, KeyObject>> {
  let stored: StoredKey[] = await keyVersions(db, tenant, purpose)
  if (stored.length === 0) {
    await makeKey(db, clock, root, { tenant, purpose, version: 1 })
    stored = await keyVersions(db, tenant, purpose)
  }
  const live = stored.filter((key) => key.wrapped.length > 0)
  if (live.length === 0) throw new Problem('encryption.key-missing', 'The keys of this data were destroyed.')
  return new Map(
    live.map((key) => [
      key.version,
      refusing(() => unwrapKey(root, { tenant, purpose, version: key.version }, key.wrapped)),
    ]),
  )
}

async function makeKey(
  db: Database,
  clock: Clock,
  root: KeyObject,
  label: { readonly tenant: string; readonly purpose: KeyPurpose; readonly version: number },
): Promise<void> {
  await storeKey(db, {
    ...label,
    wrapped: wrapKey(root, label, generateDataKey()),
    root_fingerprint: keyFingerprint(root),
    created_at: clock.now(),
  })
}
