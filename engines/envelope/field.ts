import { isUtf8 } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { canonicalContext, requireNames } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'
import { keyIdBytes, type DataKeyring, type FieldKey } from './keyring.ts'
import { tagBytes } from './primitives.ts'
import { xaesNonceBytes } from './xaes.ts'

// 0xFE occurs in no UTF-8 text, so text can never be taken for an envelope.
const magic = Buffer.from([0xfe, 0x46])
const formatVersion = 0x01
const algorithmXaes256Gcm = 0x01
const keyVersionAt = 4
const keyIdAt = 8
const nonceAt = keyIdAt + keyIdBytes
const ciphertextAt = nonceAt + xaesNonceBytes

/** Bytes that a field envelope adds to its plaintext. */
export const fieldOverheadBytes = ciphertextAt + tagBytes
/** The longest plaintext of a field; longer data belongs in a stream. */
export const fieldBytesMax = 16 * 1024 * 1024

/** Where a field lives; an envelope opens in this place and in no other. */
export interface FieldContext {
  readonly tenant: string
  readonly table: string
  readonly column: string
  readonly row: string
}

/** What a field envelope says of itself; unauthenticated until it has been opened. `algorithm` is null for an unknown id. */
export interface FieldDescription {
  readonly formatVersion: number
  readonly algorithmId: number
  readonly algorithm: 'XAES-256-GCM' | null
  readonly keyVersion: number
  readonly keyId: string
}

/** Seals bytes under the tenant's current data key, bound to their place; the plaintext plus 56 bytes. Policy 2.2-a. */
export function sealBytes(keyring: DataKeyring, context: FieldContext, plaintext: Uint8Array): Buffer {
  requireTenant(keyring, context)
  if (plaintext.length > fieldBytesMax) throw new EnvelopeError('too-large')
  const header = headerOf(keyring.current)
  const nonce = randomBytes(xaesNonceBytes)
  const [ciphertext, tag] = keyring.current.aead.seal(nonce, authenticated(header, context), plaintext)
  return Buffer.concat([header, nonce, ciphertext, tag])
}

/**
 * Opens what `sealBytes` sealed in this very place. Throws `unsupported-algorithm`, `unknown-key-version`, `wrong-key`, or
 * `not-authentic` for changed bytes and for every other place. Policy 2.2-a.
 */
export function openBytes(keyring: DataKeyring, context: FieldContext, envelope: Uint8Array): Buffer {
  requireTenant(keyring, context)
  const bytes = asBuffer(envelope)
  requireForm(bytes)
  const key = keyring.versions.get(bytes.readUInt32BE(keyVersionAt))
  if (key === undefined) throw new EnvelopeError('unknown-key-version')
  if (!bytes.subarray(keyIdAt, nonceAt).equals(key.id)) throw new EnvelopeError('wrong-key')
  return key.aead.open(
    bytes.subarray(nonceAt, ciphertextAt),
    authenticated(bytes.subarray(0, nonceAt), context),
    bytes.subarray(ciphertextAt, -tagBytes),
    bytes.subarray(-tagBytes),
  )
}

/** `sealBytes` for text; `invalid-text` for a lone surrogate, which UTF-8 cannot carry. */
export function sealText(keyring: DataKeyring, context: FieldContext, text: string): Buffer {
  if (!text.isWellFormed()) throw new EnvelopeError('invalid-text')
  return sealBytes(keyring, context, Buffer.from(text, 'utf8'))
}

/** `openBytes` for text; `not-text` when the sealed bytes are not UTF-8. */
export function openText(keyring: DataKeyring, context: FieldContext, envelope: Uint8Array): string {
  const plaintext = openBytes(keyring, context, envelope)
  if (!isUtf8(plaintext)) throw new EnvelopeError('not-text')
  return plaintext.toString('utf8')
}

/** Reads algorithm and key of an envelope without any key, so that stored data can be scanned; accepts unknown algorithms. */
export function describeField(envelope: Uint8Array): FieldDescription {
  const bytes = asBuffer(envelope)
  requireMagic(bytes)
  const algorithmId = bytes.readUInt8(3)
  return {
    formatVersion: bytes.readUInt8(2),
    algorithmId,
    algorithm: algorithmId === algorithmXaes256Gcm ? 'XAES-256-GCM' : null,
    keyVersion: bytes.readUInt32BE(keyVersionAt),
    keyId: bytes.toString('hex', keyIdAt, nonceAt),
  }
}

function headerOf(key: FieldKey): Buffer {
  const header = Buffer.allocUnsafe(nonceAt)
  header.set(magic, 0)
  header.writeUInt8(formatVersion, 2)
  header.writeUInt8(algorithmXaes256Gcm, 3)
  header.writeUInt32BE(key.version, keyVersionAt)
  header.set(key.id, keyIdAt)
  return header
}

function authenticated(header: Uint8Array, context: FieldContext): Buffer {
  const { tenant, table, column, row } = context
  requireNames([tenant, table, column, row])
  return canonicalContext(['surety.envelope/field/1', header, tenant, table, column, row])
}

/** One tenant's data under another tenant's key would outlive the erasure of that tenant's keys. */
function requireTenant(keyring: DataKeyring, context: FieldContext): void {
  if (context.tenant !== keyring.tenant) throw new EnvelopeError('wrong-context')
}

function requireForm(bytes: Buffer): void {
  requireMagic(bytes)
  if (bytes[2] !== formatVersion) throw new EnvelopeError('unsupported-format')
  if (bytes[3] !== algorithmXaes256Gcm) throw new EnvelopeError('unsupported-algorithm')
  if (bytes.length > fieldBytesMax + fieldOverheadBytes) throw new EnvelopeError('too-large')
}

function requireMagic(bytes: Buffer): void {
  if (!bytes.subarray(0, 2).equals(magic)) throw new EnvelopeError('malformed')
  if (bytes.length < fieldOverheadBytes) throw new EnvelopeError('truncated')
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
