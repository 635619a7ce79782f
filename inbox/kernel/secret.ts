import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** A fresh random secret of 256 bits, base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** SHA-256 of a high-entropy secret, the only form in which one is stored. */
export function secretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Compares two secrets in time that does not depend on where, or in what length, they differ. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(secretHash(a), secretHash(b))
}
