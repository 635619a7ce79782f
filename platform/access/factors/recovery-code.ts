import { randomBytes } from 'node:crypto'
import { asSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { base32 } from './totp.ts'

/** How many codes are made at once. */
const CODES = 10
/** 120 bits: too many to guess, so a plain hash keeps them safe at rest (ASVS 6.5.2 asks for 112). */
const CODE_BYTES = 15
const SHAPE = /^[A-Z2-7]{24}$/

/** A code that stands in for the second factor, once. */
export type RecoveryCode = Secret<'recovery code'>

/** Fresh codes, written in groups of four as they are shown. */
export function newRecoveryCodes(): RecoveryCode[] {
  return Array.from({ length: CODES }, () =>
    asSecret((base32(randomBytes(CODE_BYTES)).match(/.{4}/g) ?? []).join('-')),
  )
}

/** The stored form of a code as a person typed it, whatever the case, spaces and hyphens; null when it cannot be one. */
export function recoveryCodeHash(typed: string): Buffer | null {
  const code = typed.replaceAll(/[\s-]/g, '').toUpperCase()
  return SHAPE.test(code) ? secretHash(asSecret(code)) : null
}
