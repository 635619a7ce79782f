import type { KeyObject } from 'node:crypto'
import {
  EnvelopeError,
  generateDataKey,
  keyFingerprint,
  unwrapKey,
  wrapKey,
  type IndexVersion,
  type KeyLabel,
} from '#envelope'
import { Problem } from '../kernel/problem.ts'
import { indexWritesFrom } from './key-age.ts'
import type { KeyStoreParts } from './key-parts.ts'
import { noted } from './key-use.ts'
import { together } from './keyring/database.ts'
import { storeKey, storeTenantKey, tenantRows, type KeyPurpose, type TenantRows } from './keyring/queries.ts'

/** A tenant's keys in the clear; handed to the protected service alone, never logged. */
export interface ReleasedKeys {
  readonly current: number
  /** When the version that seals was made. */
  readonly currentSince: Date
  readonly data: ReadonlyMap<number, KeyObject>
  /** Every live version of the look-up key. */
  readonly indexes: readonly IndexVersion[]
}

/** A tenant's keys as this process holds them: one call to the root key opened them all. */
export interface OpenKeys extends ReleasedKeys {
  readonly tenantKey: TenantKey
}

/** The key that wraps a tenant's other keys. */
export interface TenantKey {
  readonly version: number
  readonly key: KeyObject
}

/** What a tenant's own key is bound to. */
export function tenantLabel(tenant: string, version: number): KeyLabel {
  return { tenant, purpose: 'tenant', version }
}

/** Another process made the same at the same time; what it made counts. */
class OtherWasFirst extends Error {}

/** Unwraps a tenant's keys, made when it has none; throws `encryption.key-missing` once they were destroyed. */
export async function openKeys(parts: KeyStoreParts, tenant: string): Promise<OpenKeys> {
  let rows = await tenantRows(parts.keyring, tenant)
  if (!rows.known) {
    await makeKeys(parts, tenant)
    rows = await tenantRows(parts.keyring, tenant)
  }
  const own = rows.tenantKey
  if (own === undefined) throw destroyed()
  return noted(parts, { action: 'opened', tenant }, async () => {
    const key = await parts.root.unwrap(tenantLabel(tenant, own.version), own.wrapped)
    return unwrapAll(tenant, { version: own.version, key }, rows)
  })
}

/** Unwraps a tenant's own key, which wraps the others; null once it was destroyed. */
export async function openTenantKey(parts: KeyStoreParts, tenant: string): Promise<TenantKey | null> {
  const { tenantKey: own } = await tenantRows(parts.keyring, tenant)
  if (own === undefined) return null
  return { version: own.version, key: await parts.root.unwrap(tenantLabel(tenant, own.version), own.wrapped) }
}

/** The refusal for keys that were destroyed. */
export function destroyed(): Problem {
  return new Problem('encryption.key-missing', 'The keys of this data were destroyed.')
}

function unwrapAll(tenant: string, tenantKey: TenantKey, { keys }: TenantRows): OpenKeys {
  const under = keys.find((one) => one.under !== tenantKey.version)
  // The tenant's own key was replaced between two reads; whoever asks again sees it whole.
  if (under !== undefined) throw new Problem('encryption.key-missing', 'The keys were replaced meanwhile.')
  const unwrap = (wanted: KeyPurpose): Map<number, KeyObject> =>
    new Map(
      keys
        .filter(({ purpose }) => purpose === wanted)
        .map(({ purpose, version, wrapped }) => [
          version,
          refusing(() => unwrapKey(tenantKey.key, { tenant, purpose, version }, wrapped)),
        ]),
    )
  const data = unwrap('data')
  const madeAt = (wanted: KeyPurpose, version: number): Date =>
    keys.find((one) => one.purpose === wanted && one.version === version)?.created_at ?? new Date(NaN)
  const indexes = [...unwrap('index')].map(([version, key]) => ({
    version,
    key,
    writesFrom: indexWritesFrom(madeAt('index', version)),
  }))
  if (data.size === 0 || indexes.length === 0)
    throw new Error('a tenant has no key to seal or to look up with')
  const current = Math.max(...data.keys())
  return { tenantKey, current, currentSince: madeAt('data', current), data, indexes }
}

/** A fresh key, wrapped under a tenant's own key and ready to be stored. */
export function freshKey(
  {
    tenant,
    purpose,
    version,
  }: { readonly tenant: string; readonly purpose: KeyPurpose; readonly version: number },
  under: TenantKey,
  at: Date,
) {
  const key = generateDataKey()
  return {
    tenant,
    purpose,
    version,
    wrapped: wrapKey(under.key, { tenant, purpose, version }, key),
    fingerprint: keyFingerprint(key),
    under: under.version,
    created_at: at,
  }
}

/** A fresh key of a tenant's own, wrapped under the root key and ready to be stored. */
export async function freshTenantKey({ root, clock }: KeyStoreParts, tenant: string, version: number) {
  const key = generateDataKey()
  const wrapped = await root.wrap(tenantLabel(tenant, version), key)
  const row = {
    tenant,
    version,
    wrapped,
    fingerprint: keyFingerprint(key),
    root: root.fingerprint,
    wrapped_at: clock.now(),
    created_at: clock.now(),
  }
  return { key, row }
}

async function makeKeys(parts: KeyStoreParts, tenant: string): Promise<void> {
  const make = async (): Promise<void> => {
    const { key, row } = await freshTenantKey(parts, tenant, 1)
    await together(parts.keyring, async (tx) => {
      if (!(await storeTenantKey(tx, row))) throw new OtherWasFirst('another process made the keys first')
      for (const purpose of ['data', 'index'] as const)
        await storeKey(tx, freshKey({ tenant, purpose, version: 1 }, { version: 1, key }, row.created_at))
    })
  }
  await noted(parts, { action: 'created', tenant, details: { version: 1 } }, make).catch((error: unknown) => {
    if (!(error instanceof OtherWasFirst)) throw error
  })
}

/** Runs `open`, turning a refusal of the engine into the one that clients know. */
export function refusing<Result>(open: () => Result): Result {
  try {
    return open()
  } catch (error) {
    throw unreadable(error)
  }
}

/** A refusal of the engine as `encryption.unreadable`; any other error as it is. */
export function unreadable(error: unknown): unknown {
  if (!(error instanceof EnvelopeError)) return error
  return new Problem('encryption.unreadable', 'The stored data could not be authenticated.', {
    cause: error,
  })
}
