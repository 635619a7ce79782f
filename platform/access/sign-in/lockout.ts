import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { lockoutFailures } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { clearAttempts, returnAttempt, takeAttempt } from './queries.ts'

/**
 * Which count of wrong attempts an attempt falls under, and whose: strangers count on the account, a recognised device and
 * a session with both factors by themselves, so that nobody else can lock them.
 */
export interface Counter {
  readonly of:
    | 'account-password'
    | 'account-code'
    | 'device-password'
    | 'device-code'
    | 'session-password'
    | 'session-code'
    | 'sms-code'
  readonly id: string
}

/** What taking an attempt gave: whether it may be verified at all, and whether the account is locked if it is wrong. */
export interface Attempt {
  readonly taken: boolean
  readonly lockedUntil: Date | null
}

/** A counter that belongs to nobody: an unknown account costs the same statement as a known one. */
export const NOBODY = '00000000-0000-0000-0000-000000000000'

/**
 * Takes one attempt before it is verified: in one statement, so that however many guesses arrive at once, no more than
 * the policy's number is verified between two successes. A lock lasts 15 minutes and doubles up to a day. Policy 3.3-d.
 */
export async function attempt(
  db: Database,
  policy: PolicyReader,
  counter: Counter,
  now: Date,
): Promise<Attempt> {
  const taken = await takeAttempt(db, counter, policy.read(lockoutFailures), now)
  return { taken: taken !== undefined, lockedUntil: taken?.locked_until ?? null }
}

/** A right attempt: what was counted is forgotten and the lock that the attempt took in advance is lifted. */
export async function attemptSucceeded(db: Database, counter: Counter): Promise<void> {
  await clearAttempts(db, counter)
}

/**
 * Lifts the lock that wrong passwords of strangers led to, in the transaction of whatever proved the owner, e.g. a link
 * that only their mailbox got. The lock of codes stays: whoever wakes it knows the password. Policy 3.3-d.
 */
export async function unlock(
  { audit }: Pick<AccessParts, 'audit'>,
  tx: Database,
  context: RequestContext,
  account: string,
): Promise<void> {
  await clearAttempts(tx, { of: 'account-password', id: account })
  await audit.record(tx, eventOf(context, 'account.unlocked', { target: { kind: 'account', id: account } }))
}

/** An attempt that could not be verified, because too many people sign in: it is as if it had not been made. */
export async function attemptReturned(
  db: Database,
  policy: PolicyReader,
  counter: Counter,
  { taken, lockedUntil }: Attempt,
): Promise<void> {
  if (taken) await returnAttempt(db, counter, policy.read(lockoutFailures), lockedUntil)
}
