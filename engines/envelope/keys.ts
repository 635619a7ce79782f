import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { EnvelopeError } from './envelope-error.ts'
import { hkdfSha256, requireKey } from './primitives.ts'

const empty = Buffer.alloc(0)

/** A fresh random 256-bit key, for data, look-ups, files or backups. */
export function generateDataKey(): KeyObject {
  return secretKey(randomBytes(32))
}

/** The root key from the 32 bytes of its key file, wiping those bytes; `invalid-key` for another length or one repeated byte. */
export function rootKey(bytes: Uint8Array): KeyObject {
  const blank = bytes.every((byte) => byte === bytes[0])
  if (bytes.length !== 32 || blank) throw new EnvelopeError('invalid-key')
  return secretKey(bytes)
}

/** Names a key without revealing it: 64 hexadecimal digits of HKDF-SHA-256, which no second key shares. */
export function keyFingerprint(key: KeyObject): string {
  return fingerprintBytes(key).toString('hex')
}

/** The 32 bytes behind `keyFingerprint`. */
export function fingerprintBytes(key: KeyObject): Buffer {
  return derive(key, 'surety.envelope/fingerprint/1')
}

/** A key for one use, derived from another, so that no two algorithms ever share key bytes. */
export function derivedKey(key: KeyObject, use: string | Uint8Array): KeyObject {
  return secretKey(derive(key, use))
}

/** Takes raw key bytes over into a KeyObject and wipes them. */
export function secretKey(bytes: Uint8Array): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

function derive(key: KeyObject, use: string | Uint8Array): Buffer {
  requireKey(key)
  return hkdfSha256(key, empty, typeof use === 'string' ? Buffer.from(use) : use, 32)
}
