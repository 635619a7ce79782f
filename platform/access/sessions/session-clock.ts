import { secondsAfter } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { sessionAbsolute, sessionIdle } from '../parameters.ts'

/** A session that only knows a password waits this long for its second factor. */
export const PASSWORD_SECONDS_MAX = 600

/** The moments that a session must be younger than, by the policy in force now. Policy 3.4-a. */
export function sessionLimits(policy: PolicyReader, now: Date): { lastUsed: Date; started: Date } {
  return {
    lastUsed: secondsAfter(now, -policy.read(sessionIdle)),
    started: secondsAfter(now, -policy.read(sessionAbsolute)),
  }
}

/** Whether a session is over: at exactly 30 minutes without use it is. Times are in milliseconds. Policy 3.4-a. */
export function isOver(
  policy: PolicyReader,
  session: { readonly level: string; readonly created_at: Date },
  lastSeenMs: number,
  nowMs: number,
): boolean {
  const createdMs = session.created_at.getTime()
  if (lastSeenMs <= nowMs - policy.read(sessionIdle) * 1000) return true
  if (createdMs <= nowMs - policy.read(sessionAbsolute) * 1000) return true
  return session.level === 'password' && createdMs <= nowMs - PASSWORD_SECONDS_MAX * 1000
}
