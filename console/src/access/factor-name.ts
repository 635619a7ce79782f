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
