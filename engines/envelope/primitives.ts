import { createCipheriv, createDecipheriv, createHmac, hkdfSync, type KeyObject } from 'node:crypto'
import { EnvelopeError } from './envelope-error.ts'

/** Length of every AES-256-GCM tag here; shorter ones are refused. */
export const tagBytes = 16
const keyBytes = 32
const nonceBytes = 12
const tagLength = { authTagLength: tagBytes } as const

/** Refuses anything but a 256-bit secret key. */
export function requireKey(key: KeyObject): void {
  if (key.type !== 'secret' || key.symmetricKeySize !== keyBytes) throw new EnvelopeError('invalid-key')
}

/** AES-256-GCM (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag: the ciphertext and the tag. */
export function gcmSeal(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): readonly [Buffer, Buffer] {
  requireGcm(key, nonce)
  return bareGcmSeal(key, nonce, aad, plaintext)
}

/** The reverse of `gcmSeal`; throws `not-authentic` and releases nothing when the tag does not match. */
export function gcmOpen(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): Buffer {
  requireGcm(key, nonce)
  return bareGcmOpen(key, nonce, aad, ciphertext, tag)
}

/** `gcmSeal` for a caller that has just made the key and the nonce and so knows their lengths; to ask again costs a tenth. */
export function bareGcmSeal(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): readonly [Buffer, Buffer] {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  if (aad.length > 0) cipher.setAAD(aad)
  const ciphertext = cipher.update(plaintext)
  cipher.final()
  return [ciphertext, cipher.getAuthTag()]
}

/** `gcmOpen` for such a caller. */
export function bareGcmOpen(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): Buffer {
  if (tag.length !== tagBytes) throw new EnvelopeError('not-authentic')
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, tagLength)
  if (aad.length > 0) decipher.setAAD(aad)
  decipher.setAuthTag(tag)
  const plaintext = decipher.update(ciphertext)
  try {
    decipher.final()
  } catch {
    plaintext.fill(0)
    throw new EnvelopeError('not-authentic')
  }
  return plaintext
}

/** Gives the memory of a result that was copied elsewhere back at once: many of these, each small to the garbage collector, would make it stop the program. */
export function release(result: Buffer): void {
  const { buffer } = result
  if (buffer instanceof ArrayBuffer && buffer.byteLength === result.length) buffer.transfer(0)
}

/** HMAC-SHA-256 (RFC 2104), 32 bytes. */
export function hmacSha256(key: KeyObject, message: Uint8Array): Buffer {
  return createHmac('sha256', key).update(message).digest()
}

/** HKDF-SHA-256 (RFC 5869), extract and expand; at most 8,160 bytes. */
export function hkdfSha256(key: KeyObject, salt: Uint8Array, info: Uint8Array, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, bytes))
}

/** The expand half of HKDF-SHA-512 (RFC 5869 section 2.3) for a key that is uniformly random already. */
export function hkdfExpandSha512(key: KeyObject, info: Uint8Array, bytes: number): Buffer {
  const blocks: Buffer[] = []
  let previous = Buffer.alloc(0)
  for (let counter = 1; blocks.length * 64 < bytes; counter++) {
    previous = createHmac('sha512', key).update(previous).update(info).update(Uint8Array.of(counter)).digest()
    blocks.push(previous)
  }
  return Buffer.concat(blocks).subarray(0, bytes)
}

function requireGcm(key: KeyObject, nonce: Uint8Array): void {
  requireKey(key)
  if (nonce.length !== nonceBytes) throw new EnvelopeError('malformed')
}
