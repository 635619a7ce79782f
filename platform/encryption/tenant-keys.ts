import type { KeyObject } from 'node:crypto'
import {
  blindIndex,
  dataKeyring,
  EnvelopeError,
  openText,
  sealText,
  type BlindIndex,
  type DataKeyring,
} from '#envelope'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { requireOffered } from './algorithm.ts'
import {
  addVersion,
  destroyAll,
  noteAccess,
  openKeys,
  refusing,
  unreadable,
  type KeyStoreParts,
  type KeyUser,
  type RecordEvent,
  type ReleasedKeys,
} from './key-store.ts'
import { currentKeys } from './queries.ts'

/** Where a sealed field lives: it opens there and nowhere else. */
export interface FieldPlace {
  readonly table: string
  readonly column: string
  readonly row: string
}

/** Seals, opens and indexes data of a tenant; a tenant's keys are made at first use. Policy 2.2-a. */
export interface TenantKeys {
  /** Throws `encryption.algorithm` while the policy names an algorithm that the engine does not offer. */
  sealText(tenant: string, place: FieldPlace, text: string): Promise<Buffer>
  /** Throws `encryption.unreadable` for changed bytes or another place, `encryption.key-missing` after the keys were destroyed. */
  openText(tenant: string, place: FieldPlace, sealed: Uint8Array): Promise<string>
  /** The look-up value of a normalised text, by purpose (table and column). */
  blindIndex(tenant: string, purpose: string, value: string): Promise<Buffer>
  /** The unwrapped keys themselves, for a protected service that seals for itself; each release leaves an event. Policy 2.3-b. */
  release(tenant: string, user: KeyUser): Promise<ReleasedKeys>
  /** Makes the next data key version; older ones still open. */
  rotate(tenant: string): Promise<number>
  /** Destroys every key of a tenant, with the caller's transaction. */
  destroy(db: Database, tenant: string): Promise<void>
  /** Drops what is held in memory, after another process rotated or destroyed keys; of every tenant when none is named. */
  forget(tenant?: string): void
}

interface Opened {
  readonly released: ReleasedKeys
  readonly keyring: DataKeyring
  readonly indexes: Map<string, BlindIndex>
}

/** How many tenants' keys are held in memory at once. */
const OPENED_MAX = 1000

/** What tenant keys need; `governed` binds them to the policy and the audit log, as the running system does. */
export interface TenantKeysDeps {
  readonly db: Database
  readonly clock: Clock
  readonly root: KeyObject
  readonly governed?: { readonly policy: PolicyReader; readonly record: RecordEvent }
}

/** Opens the tenant keys over the database and the root key. */
export function openTenantKeys(deps: TenantKeysDeps): TenantKeys {
  const { db, governed } = deps
  const parts: KeyStoreParts = { clock: deps.clock, root: deps.root, record: governed?.record }
  const { opened, forget } = openedKeys(async (tenant) => prepare(tenant, await openKeys(db, parts, tenant)))

  return {
    sealText: async (tenant, place, text) => {
      if (governed !== undefined) requireOffered(governed.policy)
      return sealText((await opened(tenant)).keyring, { tenant, ...place }, text)
    },
    openText: async (tenant, place, sealed) => {
      const context = { tenant, ...place }
      const { keyring } = await opened(tenant)
      try {
        return openText(keyring, context, sealed)
      } catch (error) {
        if (!isUnknownVersion(error)) throw unreadable(error)
      }
      // Another process may have rotated a moment ago, before its notice came here.
      forget(tenant)
      const { keyring: newest } = await opened(tenant)
      return refusing(() => openText(newest, context, sealed))
    },
    blindIndex: async (tenant, purpose, value) => {
      const { released, indexes } = await opened(tenant)
      const index = indexes.get(purpose) ?? blindIndex(released.index, { tenant, purpose })
      indexes.set(purpose, index)
      return index(value)
    },
    release: async (tenant, user) => {
      const { released } = await opened(tenant)
      await db.transaction().execute((tx) => noteAccess(tx, parts, 'released', tenant, { user }))
      return released
    },
    rotate: async (tenant) => {
      await opened(tenant)
      await db.transaction().execute(async (tx) => {
        const current = (await currentKeys(tx)).find((key) => key.tenant === tenant)
        if (current !== undefined) await addVersion(tx, parts, tenant, current.version + 1)
      })
      forget(tenant)
      return (await opened(tenant)).released.current
    },
    destroy: async (within, tenant) => {
      await destroyAll(within, parts, tenant)
      forget(tenant)
    },
    forget,
  }
}

function isUnknownVersion(error: unknown): boolean {
  return error instanceof EnvelopeError && error.code === 'unknown-key-version'
}

/** Holds opened keys: one opening at a time for each tenant, the longest held dropped first. */
function openedKeys(open: (tenant: string) => Promise<Opened>) {
  const held = new Map<string, Promise<Opened>>()
  return {
    opened: (tenant: string): Promise<Opened> => {
      const known = held.get(tenant)
      if (known !== undefined) return known
      const opening = open(tenant)
      held.set(tenant, opening)
      opening.catch(() => {
        if (held.get(tenant) === opening) held.delete(tenant)
      })
      const oldest = held.keys().next()
      if (held.size > OPENED_MAX && oldest.done === false) held.delete(oldest.value)
      return opening
    },
    forget: (tenant?: string): void => {
      if (tenant === undefined) held.clear()
      else held.delete(tenant)
    },
  }
}

function prepare(tenant: string, released: ReleasedKeys): Opened {
  const { current, data } = released
  return { released, keyring: dataKeyring({ tenant, current, keys: data }), indexes: new Map() }
}
