import type { KeyObject } from 'node:crypto'
import { canonicalContext, requireNames } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'
import { derivedKey } from './keys.ts'
import { hmacSha256 } from './primitives.ts'

/** Turns a value that the caller has normalised into its 32-byte index; text must be well formed (`invalid-text`). */
export type BlindIndex = (value: string | Uint8Array) => Buffer

/**
 * The blind index of one tenant and purpose (a table and column, say): equal values give equal bytes there and unrelated bytes
 * anywhere else. HMAC-SHA-256 under a key derived from the tenant's index key; a caller may store a prefix of the 32 bytes.
 */
export function blindIndex(
  indexKey: KeyObject,
  scope: { readonly tenant: string; readonly purpose: string },
): BlindIndex {
  requireNames([scope.tenant, scope.purpose])
  const use = canonicalContext(['surety.envelope/blind-index/1', scope.tenant, scope.purpose])
  const key = derivedKey(indexKey, use)
  return (value) => {
    if (typeof value !== 'string') return hmacSha256(key, value)
    if (!value.isWellFormed()) throw new EnvelopeError('invalid-text')
    return hmacSha256(key, Buffer.from(value, 'utf8'))
  }
}
