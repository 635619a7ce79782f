import type { KeyObject } from 'node:crypto'
import { requireNames, requireVersion } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'
import { fieldPlaces, type FieldPlaces } from './field-context.ts'
import { derivedKey, fingerprintBytes } from './keys.ts'
import { xaes, type Xaes } from './xaes.ts'

/** The first byte of every field envelope: format 2, XAES-256-GCM. It occurs in no UTF-8 text. */
export const fieldFormat = 0xf6
/** How much of a data key's fingerprint a field envelope carries: enough that the id commits to the key. */
export const keyIdBytes = 16

/** One version of a tenant's data key, prepared for field envelopes. */
export interface FieldKey {
  readonly version: number
  readonly id: Buffer
  readonly aead: Xaes
  readonly places: FieldPlaces
}

/** A tenant's data keys: the version that seals, and every key that may still open, by its id in hexadecimal. */
export interface DataKeyring {
  readonly tenant: string
  readonly current: FieldKey
  readonly keys: ReadonlyMap<string, FieldKey>
}

/** Prepares a tenant's data keys, by version; `invalid-keyring` when the current one is missing or two versions hold the same key. */
export function dataKeyring(spec: {
  readonly tenant: string
  readonly current: number
  readonly keys: ReadonlyMap<number, KeyObject>
}): DataKeyring {
  requireNames([spec.tenant])
  const prepared = [...spec.keys].map(([version, key]) => fieldKey(spec.tenant, version, key))
  const current = prepared.find((key) => key.version === spec.current)
  const keys = new Map(prepared.map((key) => [key.id.toString('hex'), key]))
  // The same key under two versions is a rotation that did not happen.
  if (current === undefined || keys.size !== prepared.length) throw new EnvelopeError('invalid-keyring')
  return { tenant: spec.tenant, current, keys }
}

/** The id that envelopes under the key with this fingerprint (64 hexadecimal digits) carry, as `describeField` shows it. */
export function fieldKeyId(fingerprint: string): string {
  return fingerprint.slice(0, keyIdBytes * 2)
}

function fieldKey(tenant: string, version: number, key: KeyObject): FieldKey {
  requireVersion(version)
  const id = Buffer.from(fingerprintBytes(key).subarray(0, keyIdBytes))
  const aead = xaes(derivedKey(key, 'surety.envelope/field/2'))
  return { version, id, aead, places: fieldPlaces(tenant, fieldFormat, id) }
}
