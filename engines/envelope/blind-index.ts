import type { KeyObject } from 'node:crypto'
import { canonicalContext, requireNames } from './canonical-context.ts'
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
