import type { KeyObject } from 'node:crypto'
import { canonicalContext, requireNames } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'
import { derivedKey } from './keys.ts'
import { normalForms, type NormalForm } from './normal-form.ts'
import { hmacSha256 } from './primitives.ts'

/** Turns a value into its 32-byte index; text is brought into the form of its column first and must be well formed (`invalid-text`). */
export type BlindIndex = (value: string | Uint8Array) => Buffer

/**
 * The blind index of one tenant and purpose (a table and column, say): equal values give equal bytes there and unrelated bytes
 * anywhere else. HMAC-SHA-256 under a key derived from the tenant's index key; a caller may store a prefix of the 32 bytes.
 */
export function blindIndex(
  indexKey: KeyObject,
  scope: {
    readonly tenant: string
    readonly purpose: string
    /** In which form text is looked up; as it is unless told. Bytes are always taken as they are. */
    readonly form?: NormalForm
  },
): BlindIndex {
  requireNames([scope.tenant, scope.purpose])
  const use = canonicalContext(['surety.envelope/blind-index/1', scope.tenant, scope.purpose])
  const key = derivedKey(indexKey, use)
  const normal = normalForms[scope.form ?? 'exact']
  return (value) => hmacSha256(key, typeof value === 'string' ? Buffer.from(normal(value), 'utf8') : value)
}

/** A version of a tenant's index key. */
export interface IndexVersion {
  readonly version: number
  readonly key: KeyObject
  /** From when on values are stored under it; it is looked up under from the start. */
  readonly writesFrom: Date
}

/**
 * What a value is looked up by: first what is stored for it now, then what rows from before, or from other processes a moment
 * later, may have. A look-up matches any of them.
 */
export type LookUp = readonly [stored: Buffer, ...others: Buffer[]]

/** Turns a value into what it is looked up by at this moment. */
export type VersionedIndex = (value: string | Uint8Array, now: Date) => LookUp

/** How many bytes of an index tell its version; those of version 1 tell none. */
const VERSION_BYTES = 2
const INDEX_BYTES = 32

/**
 * The blind index under several versions of a tenant's index key. The one that is stored is under the newest version whose time
 * has come, else under the oldest. From version 2 on it begins with its version in two bytes; `invalid-keyring` without a version.
 */
export function versionedIndex(
  versions: readonly IndexVersion[],
  scope: Parameters<typeof blindIndex>[1],
): VersionedIndex {
  const made = versions
    .map(({ version, key, writesFrom }) => ({ version, writesFrom, of: blindIndex(key, scope) }))
    .toSorted((a, b) => b.version - a.version)
  const oldest = made.at(-1)
  if (oldest === undefined) throw new EnvelopeError('invalid-keyring')
  return (value, now) => {
    const writing = made.find(({ writesFrom }) => writesFrom <= now) ?? oldest
    const others = made.filter((one) => one !== writing).map((one) => tagged(one.version, one.of(value)))
    return [tagged(writing.version, writing.of(value)), ...others]
  }
}

function tagged(version: number, index: Buffer): Buffer {
  if (version === 1) return index
  const tag = Buffer.alloc(VERSION_BYTES)
  tag.writeUInt16BE(version)
  return Buffer.concat([tag, index])
}

/** The version of the index key that a stored index was made with; null for bytes that are none. */
export function indexVersion(stored: Uint8Array): number | null {
  if (stored.length === INDEX_BYTES) return 1
  if (stored.length !== VERSION_BYTES + INDEX_BYTES) return null
  return ((stored[0] ?? 0) << 8) | (stored[1] ?? 0)
}
