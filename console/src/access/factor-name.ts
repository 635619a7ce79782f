import type { FactorKind } from '../../../platform/kernel/caller.ts'
import type { Factor } from '../contract/access.ts'

/** The kinds of second factors in words. */
export const KINDS: Readonly<Record<Factor['kind'], string>> = {
  totp: 'authenticator app',
  webauthn: 'security key or passkey',
  sms: 'text messages',
}

/** What a factor is called; a telephone number has no name. */
export function factorName(factor: Factor): string {
  return factor.label ?? KINDS[factor.kind]
}

/** What a session was proved with, in words. */
export const PROVED_WITH: Readonly<Record<FactorKind, string>> = {
  password: 'password',
  totp: 'app code',
  sms: 'text message',
  webauthn: 'key',
  'user-verification': 'PIN or finger',
  'recovery-code': 'recovery code',
  link: 'letter',
  upstream: 'company sign-in',
  'upstream-second': 'company’s second factor',
}
