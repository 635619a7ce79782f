import type { KeyObject } from 'node:crypto'
import { requireNames, requireVersion } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'
import { derivedKey, fingerprintBytes } from './keys.ts'
import { xaes, type Xaes } from './xaes.ts'

/** How much of a data key's fingerprint a field envelope carries. */
export const keyIdBytes = 8

/** One version of a tenant's data key, prepared for field envelopes. */
export interface FieldKey {
  readonly version: number
  readonly id: Buffer
  readonly aead: Xaes
}

/** A tenant's data keys: the version that seals, and every version that may still open. */
export interface DataKeyring {
  readonly tenant: string
  readonly current: FieldKey
  readonly versions: ReadonlyMap<number, FieldKey>
}

/** Prepares a tenant's data keys, by version; `invalid-keyring` when the current one is missing or two versions hold the same key. */
export function dataKeyring(spec: {
  readonly tenant: string
  readonly current: number
  readonly keys: ReadonlyMap<number, KeyObject>
}): DataKeyring {
  requireNames([spec.tenant])
  const versions = new Map([...spec.keys].map(([version, key]) => [version, fieldKey(version, key)]))
  const current = versions.get(spec.current)
  // The same key under two versions is a rotation that did not happen.
  const distinct = new Set([...versions.values()].map((key) => key.id.toString('hex'))).size
  if (current === undefined || distinct !== versions.size) throw new EnvelopeError('invalid-keyring')
  return { tenant: spec.tenant, current, versions }
}

function fieldKey(version: number, key: KeyObject): FieldKey {
  requireVersion(version)
  return {
    version,
    id: fingerprintBytes(key).subarray(0, keyIdBytes),
    aead: xaes(derivedKey(key, 'surety.envelope/field/1')),
  }
}
