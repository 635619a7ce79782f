import { HOUR, secondsAfter, secondsBetween, type Clock } from '../kernel/clock.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { keysRotation } from './parameters.ts'

/** The moment after which a key that was made at `since` seals nothing more. Policy 2.3-a.1. */
export function sealsUntil(policy: PolicyReader, since: Date): Date {
  return secondsAfter(since, policy.read(keysRotation))
}

/** Refuses to seal with a key past the age that the policy allows (`encryption.key-expired`); it still opens. Policy 2.3-a.1. */
export function requireYoung(policy: PolicyReader, clock: Clock, since: Date): void {
  if (secondsBetween(since, clock.now()) > policy.read(keysRotation))
    throw new Problem(
      'encryption.key-expired',
      'The key of this data is past the age that the policy allows. Nothing is sealed with it until it is replaced.',
    )
}

/** A process that does not hear of a new version of a key goes on with the older ones for no longer than this. */
export const KNOWN_SECONDS = 2 * HOUR

/**
 * From when on look-up values are stored under a key that was made at `since`: not before every process looks values up under it
 * too, or one of them would miss what another has stored. Policy 2.3-a.1.
 */
export function indexWritesFrom(since: Date): Date {
  return secondsAfter(since, KNOWN_SECONDS)
}
