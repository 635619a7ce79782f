import type { Caller } from '../../kernel/caller.ts'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { stepUpFreshness } from '../parameters.ts'

/**
 * Whether the caller proved a second factor so lately that a sensitive operation may go on. Only people with a
 * session can: a key or a program proves nothing anew. Policy 3.1-0.
 */
export function isFresh(
  { clock, policy }: { readonly clock: Clock; readonly policy: PolicyReader },
  { kind, level, provedAt }: Pick<Caller, 'kind' | 'level' | 'provedAt'>,
): boolean {
  if (kind !== 'account' || level !== 'full' || provedAt === null) return false
  return secondsBetween(provedAt, clock.now()) < policy.read(stepUpFreshness)
}

/** Throws `access.step-up-needed` unless the caller proved a second factor lately. Policy 3.1-0. */
export function requireFresh(parts: Parameters<typeof isFresh>[0], caller: Caller): void {
  if (!isFresh(parts, caller)) throw stepUpNeeded()
}

/** What somebody is told who has to prove a factor again. */
export function stepUpNeeded(): Problem {
  return new Problem('access.step-up-needed', 'Prove your second factor again, then repeat this.')
}
