import { secondsAfter } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { sessionAbsolute, sessionIdle } from '../parameters.ts'

/** A session that only knows a password waits this long for its second factor. */
const PASSWORD_SECONDS_MAX = 600

/** The moments that a session must be younger than, by the policy in force now. Policy 3.4-a. */
export function sessionLimits(policy: PolicyReader, now: Date): { lastUsed: Date; started: Date } {
  return {
    lastUsed: secondsAfter(now, -policy.read(sessionIdle)),
    started: secondsAfter(now, -policy.read(sessionAbsolute)),
  }
}

/** Whether a session is over: at exactly 30 minutes without use it is. Policy 3.4-a. */
export function isOver(
  policy: PolicyReader,
  session: { readonly level: string; readonly created_at: Date; readonly last_seen_at: Date },
  now: Date,
): boolean {
  const { lastUsed, started } = sessionLimits(policy, now)
  if (session.last_seen_at <= lastUsed || session.created_at <= started) return true
  return session.level === 'password' && session.created_at <= secondsAfter(now, -PASSWORD_SECONDS_MAX)
}
