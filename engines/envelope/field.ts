import { isUtf8 } from 'node:buffer'
import { EnvelopeError } from './envelope-error.ts'
import type { FieldContext } from './field-context.ts'
import { fieldFormat, keyIdBytes, type DataKeyring, type FieldKey } from './keyring.ts'
import { release, tagBytes } from './primitives.ts'
import { xaesNonceBytes } from './xaes.ts'

export type { FieldContext } from './field-context.ts'

const keyIdAt = 1
const nonceAt = keyIdAt + keyIdBytes
const ciphertextAt = nonceAt + xaesNonceBytes

/** What is longer than this is given back at once; for shorter values that costs more than it saves. */
const releasedFrom = 8192

/** Bytes that a field envelope adds to its plaintext. */
export const fieldOverheadBytes = ciphertextAt + tagBytes
/** Bytes at the start of a field envelope that `describeField` reads; equal for all values under one key. */
export const fieldHeaderBytes = nonceAt
/** The longest plaintext of a field; longer data belongs in a stream. */
export const fieldBytesMax = 16 * 1024 * 1024

/** What a field envelope says of itself; unauthenticated until it has been opened. */
export interface FieldDescription {
  /** Null for a format byte that this release does not read. */
  readonly algorithm: 'XAES-256-GCM' | null
  /** 32 hexadecimal digits, the start of the data key's fingerprint. */
  readonly keyId: string
}

/** Seals bytes under the tenant's current data key, bound to their place; the plaintext plus 57 bytes. Policy 2.2-a. */
export function sealBytes(keyring: DataKeyring, context: FieldContext, plaintext: Uint8Array): Buffer {
  requireTenant(keyring, context)
  if (plaintext.length > fieldBytesMax) throw new EnvelopeError('too-large')
  const key = keyring.current
  const [nonce, ciphertext, tag] = key.aead.sealFresh(key.places(context), plaintext)
  const envelope = Buffer.allocUnsafe(fieldOverheadBytes + ciphertext.length)
  envelope[0] = fieldFormat
  envelope.set(key.id, keyIdAt)
  envelope.set(nonce, nonceAt)
  envelope.set(ciphertext, ciphertextAt)
  envelope.set(tag, envelope.length - tagBytes)
  if (ciphertext.length > releasedFrom) release(ciphertext)
  return envelope
}

/**
 * Opens what `sealBytes` sealed in this very place. Throws `unsupported-format`, `unknown-key-version` for a key that the keyring
 * does not hold, or `not-authentic` for changed bytes and for every other place. Policy 2.2-a.
 */
export function openBytes(keyring: DataKeyring, context: FieldContext, envelope: Uint8Array): Buffer {
  requireTenant(keyring, context)
  const bytes = asBuffer(envelope)
  requireForm(bytes)
  const key = keyOf(keyring, bytes)
  const { buffer, byteOffset } = bytes
  const ciphertextBytes = bytes.length - fieldOverheadBytes
  return key.aead.open(
    bytes.subarray(nonceAt, ciphertextAt),
    key.places(context),
    // Views of the language's own kind are made in half the time of the runtime's.
    new Uint8Array(buffer, byteOffset + ciphertextAt, ciphertextBytes),
    new Uint8Array(buffer, byteOffset + ciphertextAt + ciphertextBytes, tagBytes),
  )
}

/** `sealBytes` for text; `invalid-text` for a lone surrogate, which UTF-8 cannot carry. */
export function sealText(keyring: DataKeyring, context: FieldContext, text: string): Buffer {
  if (!text.isWellFormed()) throw new EnvelopeError('invalid-text')
  const plaintext = Buffer.from(text, 'utf8')
  const envelope = sealBytes(keyring, context, plaintext)
  if (plaintext.length > releasedFrom) release(plaintext)
  return envelope
}

/** `openBytes` for text; `not-text` when the sealed bytes are not UTF-8. */
export function openText(keyring: DataKeyring, context: FieldContext, envelope: Uint8Array): string {
  const plaintext = openBytes(keyring, context, envelope)
  if (!isUtf8(plaintext)) throw new EnvelopeError('not-text')
  return plaintext.toString('utf8')
}

/** Whether an envelope names the key that the keyring seals with now; unauthenticated, for finding what is left to re-encrypt. */
export function isCurrent(keyring: DataKeyring, envelope: Uint8Array): boolean {
  const bytes = asBuffer(envelope)
  requireForm(bytes)
  return names(bytes, keyring.current)
}

/** Reads algorithm and key of an envelope, or of its first 17 bytes, without any key; accepts formats of other releases. */
export function describeField(envelope: Uint8Array): FieldDescription {
  const bytes = asBuffer(envelope)
  requireKind(bytes)
  if (bytes.length < fieldHeaderBytes) throw new EnvelopeError('truncated')
  return {
    algorithm: bytes[0] === fieldFormat ? 'XAES-256-GCM' : null,
    keyId: bytes.toString('hex', keyIdAt, nonceAt),
  }
}

/** Most values are under the newest key, so it is compared first; a look-up by text costs more. */
function keyOf(keyring: DataKeyring, bytes: Buffer): FieldKey {
  if (names(bytes, keyring.current)) return keyring.current
  const key = keyring.keys.get(bytes.toString('hex', keyIdAt, nonceAt))
  if (key === undefined) throw new EnvelopeError('unknown-key-version')
  return key
}

function names(bytes: Buffer, { id }: FieldKey): boolean {
  for (let at = 0; at < keyIdBytes; at++) if (bytes[keyIdAt + at] !== id[at]) return false
  return true
}

/** One tenant's data under another tenant's key would outlive the erasure of that tenant's keys. */
function requireTenant(keyring: DataKeyring, context: FieldContext): void {
  if (context.tenant !== keyring.tenant) throw new EnvelopeError('wrong-context')
}

function requireForm(bytes: Buffer): void {
  requireKind(bytes)
  if (bytes[0] !== fieldFormat) throw new EnvelopeError('unsupported-format')
  if (bytes.length < fieldOverheadBytes) throw new EnvelopeError('truncated')
  if (bytes.length > fieldBytesMax + fieldOverheadBytes) throw new EnvelopeError('too-large')
}

/** F5 to FD occur in no UTF-8 text, so text can never be taken for an envelope; FE begins a wrapped key. */
function requireKind(bytes: Buffer): void {
  const [first] = bytes
  if (first === undefined) throw new EnvelopeError('truncated')
  if (first < 0xf5 || first > 0xfd) throw new EnvelopeError('malformed')
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
