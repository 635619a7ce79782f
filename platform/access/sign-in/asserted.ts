import type { FactorKind } from '../../kernel/caller.ts'

/** What is proved to us as a second factor. */
export const OWN_SECOND_FACTORS: readonly FactorKind[] = ['totp', 'sms', 'webauthn', 'recovery-code']

/**
 * Whether the second factor of a session is the word of a workspace's identity provider and nothing else: it opens that
 * workspace alone. Policy 3.1-0.
 */
export function isAssertedOnly(factors: readonly FactorKind[]): boolean {
  return factors.includes('upstream-second') && !OWN_SECOND_FACTORS.some((one) => factors.includes(one))
}
