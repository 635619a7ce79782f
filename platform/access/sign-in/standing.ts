import type { AssuranceLevel, FactorKind } from '../../kernel/caller.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { phishingResistant } from '../parameters.ts'

/** What decides which second factors count for somebody. */
export interface Standing {
  /** Whether the account has a role among the provider’s staff. */
  readonly staff: boolean
  /** Whether the account administers a workspace, as its owner, its admin or by a role of its own that edits people or keys. */
  readonly administers: boolean
}

/** The standing of somebody who has no role that asks for more. */
export const NO_STANDING: Standing = { staff: false, administers: false }

/** `key`: only a security key or passkey counts; `strong`: everything but text messages does. */
export type Duty = 'any' | 'strong' | 'key'

/** Whether the policy asks anybody for a key. */
export function asksForKeys(policy: PolicyReader): boolean {
  return policy.read(phishingResistant) !== 'nobody'
}

/** Whether it depends on somebody’s standing if these factors are enough now. Policy 3.1-b, 3.1-c. */
export function standingMatters(policy: PolicyReader, factors: readonly FactorKind[]): boolean {
  return asksForKeys(policy) || factors.includes('sms')
}

/** Which second factors count for somebody now. Policy 3.1-b, 3.1-c. */
export function dutyOf(policy: PolicyReader, { staff, administers }: Standing): Duty {
  const scope = policy.read(phishingResistant)
  if ((staff && scope !== 'nobody') || (administers && scope === 'administrators')) return 'key'
  return staff || administers ? 'strong' : 'any'
}

/** Whether what was proved is enough: two different factors, and of the kind that the duty asks for. Policy 3.1-0, 3.1-c. */
export function suffices(duty: Duty, proved: readonly FactorKind[]): boolean {
  const factors = new Set(proved)
  if (duty !== 'any') factors.delete('sms')
  return factors.size >= 2 && (duty !== 'key' || factors.has('webauthn'))
}

/**
 * How far a session reaches now, whatever it was given when it began: a role or a policy that came later counts at the
 * next request. With two factors of which one does not count, it may only set up one that does. Policy 3.1-c.
 */
export function reached(
  policy: PolicyReader,
  session: { readonly level: 'password' | 'enrolling' | 'full'; readonly factors: readonly FactorKind[] },
  standing: Standing,
): Exclude<AssuranceLevel, 'none' | 'renewing'> {
  if (session.level !== 'full') return session.level
  return suffices(dutyOf(policy, standing), session.factors) ? 'full' : 'enrolling'
}

/**
 * How far a session reaches now, renewals included: whoever signs in with a breached password chooses another one before
 * anything else, and whoever came by a link from a letter sets a new one and signs in with it. The one answer, for the
 * session itself and for whatever programs hold by it. Policy 3.1-0, 3.1-c, 3.3-c.
 */
export function levelNow(
  policy: PolicyReader,
  session: Parameters<typeof reached>[1] & { readonly password_breached_at: Date | null },
  standing: Standing,
): Exclude<AssuranceLevel, 'none'> {
  const level = reached(policy, session, standing)
  const renews = session.password_breached_at !== null || session.factors.includes('link')
  return level === 'full' && renews ? 'renewing' : level
}
