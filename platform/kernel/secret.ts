import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

declare const secretOf: unique symbol

/** A text that must never be logged, put in a URL or compared with `==`; `Name` says what it opens. */
export type Secret<Name extends string> = string & { readonly [secretOf]: Name }

/** A fresh random secret of `bytes` bytes (256 bits unless told), base64url. */
export function newSecret<Name extends string>(bytes = 32): Secret<Name> {
  return randomBytes(bytes).toString('base64url') as Secret<Name>
}

/** Marks text that came from outside as a secret of this kind. */
export function asSecret<Name extends string>(text: string): Secret<Name> {
  return text as Secret<Name>
}

/** SHA-256 of a high-entropy secret, the only form in which one is stored. */
export function secretHash(secret: Secret<string>): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** Compares two secrets in time that does not depend on where, or in what length, they differ. */
export function sameSecret(a: Secret<string>, b: Secret<string>): boolean {
  return timingSafeEqual(secretHash(a), secretHash(b))
}
