import { randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { canonicalContext, requireNames, requireVersion } from './canonical-context.ts'
import { EnvelopeError } from './envelope-error.ts'
import { derivedKey, fingerprintBytes, secretKey } from './keys.ts'
import { requireKey, tagBytes } from './primitives.ts'
import { xaes, xaesNonceBytes } from './xaes.ts'

const magic = Buffer.from([0xfe, 0x4b, 0x01])
const algorithmXaes256Gcm = 0x01
const keyBytes = 32
const labelAt = 4 + 32 + 32
const sealedBytes = xaesNonceBytes + keyBytes + tagBytes

/** What a wrapped key is for: whose it is, which use, which version of it (1 to 4,294,967,295). */
export interface KeyLabel {
  readonly tenant: string
  readonly purpose: string
  readonly version: number
}

/** What a wrapped key says of itself; unauthenticated until `unwrapKey` has accepted it. */
export interface WrappedKeyDescription extends KeyLabel {
  readonly rootFingerprint: string
  readonly keyFingerprint: string
}

/** Wraps a 256-bit key under the root key, bound to its label and to both fingerprints. */
export function wrapKey(root: KeyObject, label: KeyLabel, key: KeyObject): Buffer {
  requireKey(key)
  const header = Buffer.concat([
    magic,
    Uint8Array.of(algorithmXaes256Gcm),
    fingerprintBytes(root),
    fingerprintBytes(key),
    labelBytes(label),
  ])
  const nonce = randomBytes(xaesNonceBytes)
  const plain = key.export()
  const sealed = wrapper(root).seal(nonce, authenticated(header), plain)
  plain.fill(0)
  return Buffer.concat([header, nonce, ...sealed])
}

/**
 * Unwraps a key that must carry exactly this label. Throws `wrong-context` for another tenant, purpose or version, `wrong-key`
 * for another root, `not-authentic` for changed bytes.
 */
export function unwrapKey(root: KeyObject, label: KeyLabel, wrapped: Uint8Array): KeyObject {
  const { header, nonce, ciphertext, tag } = parts(wrapped)
  if (!header.subarray(labelAt).equals(labelBytes(label))) throw new EnvelopeError('wrong-context')
  if (!timingSafeEqual(header.subarray(4, 36), fingerprintBytes(root))) throw new EnvelopeError('wrong-key')
  const key = secretKey(wrapper(root).open(nonce, authenticated(header), ciphertext, tag))
  // GCM does not commit to its key; the fingerprint inside the header does.
  if (!timingSafeEqual(header.subarray(36, 68), fingerprintBytes(key)))
    throw new EnvelopeError('not-authentic')
  return key
}

/** Moves a wrapped key from one root key to another; the key itself, and all that it sealed, stay as they are. */
export function rewrapKey(
  oldRoot: KeyObject,
  newRoot: KeyObject,
  label: KeyLabel,
  wrapped: Uint8Array,
): Buffer {
  return wrapKey(newRoot, label, unwrapKey(oldRoot, label, wrapped))
}

/** Reads the label and fingerprints of a wrapped key without any key, for inventories. */
export function describeWrappedKey(wrapped: Uint8Array): WrappedKeyDescription {
  const { header } = parts(wrapped)
  const tenantEnd = labelAt + 5 + header.readUInt8(labelAt + 4)
  return {
    rootFingerprint: header.toString('hex', 4, 36),
    keyFingerprint: header.toString('hex', 36, 68),
    version: header.readUInt32BE(labelAt),
    tenant: header.toString('utf8', labelAt + 5, tenantEnd),
    purpose: header.toString('utf8', tenantEnd + 1),
  }
}

function labelBytes(label: KeyLabel): Buffer {
  requireVersion(label.version)
  requireNames([label.tenant, label.purpose])
  const version = Buffer.alloc(4)
  version.writeUInt32BE(label.version)
  return Buffer.concat([version, nameBytes(label.tenant), nameBytes(label.purpose)])
}

function nameBytes(name: string): Buffer {
  const bytes = Buffer.from(name, 'utf8')
  return Buffer.concat([Uint8Array.of(bytes.length), bytes])
}

function wrapper(root: KeyObject) {
  return xaes(derivedKey(root, 'surety.envelope/wrap/1'))
}

function authenticated(header: Uint8Array): Buffer {
  return canonicalContext(['surety.envelope/key/1', header])
}

function parts(wrapped: Uint8Array) {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length)
  requireStart(bytes)
  const nonceAt = bytes.length - sealedBytes
  requireExactLabel(bytes, nonceAt)
  const cipherAt = nonceAt + xaesNonceBytes
  return {
    header: bytes.subarray(0, nonceAt),
    nonce: bytes.subarray(nonceAt, cipherAt),
    ciphertext: bytes.subarray(cipherAt, -tagBytes),
    tag: bytes.subarray(-tagBytes),
  }
}

function requireStart(bytes: Buffer): void {
  if (bytes.length < 4) throw new EnvelopeError('truncated')
  if (!bytes.subarray(0, 2).equals(magic.subarray(0, 2))) throw new EnvelopeError('malformed')
  if (bytes[2] !== magic[2]) throw new EnvelopeError('unsupported-format')
  if (bytes[3] !== algorithmXaes256Gcm) throw new EnvelopeError('unsupported-algorithm')
}

/** The two names must fill the header to its last byte, so that a label has one encoding only. */
function requireExactLabel(bytes: Buffer, nonceAt: number): void {
  const purposeAt = labelAt + 5 + (bytes[labelAt + 4] ?? 0)
  const end = purposeAt + 1 + (bytes[purposeAt] ?? 0)
  if (purposeAt >= nonceAt || end > nonceAt) throw new EnvelopeError('truncated')
  if (end < nonceAt) throw new EnvelopeError('malformed')
}
