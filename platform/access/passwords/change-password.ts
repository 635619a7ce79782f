import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { accountById, replacePasswordHash } from '../accounts/queries.ts'
import { endOthers } from '../factors/factors.ts'
import { stepUp } from '../factors/step-up.ts'
import { bcryptCost } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { attempt, attemptReturned, attemptSucceeded, type Attempt } from '../sign-in/lockout.ts'
import { requireGoodPassword } from './password-rule.ts'

/**
 * Changes the caller's own password: needs the present one and a fresh code, ends every other session. Wrong present
 * passwords count towards a lock of the session. Throws `access.refused`, `access.code-refused`, `access.password-weak`. Policy 3.3-a, 3.3-d.
 */
export async function changePassword(
  parts: AccessParts & { readonly sessions: Sessions },
  context: RequestContext,
  wanted: { readonly current: string; readonly next: string; readonly code?: string | undefined },
): Promise<void> {
  const { db, clock, policy, hasher, audit } = parts
  requireGoodPassword(policy, wanted.next)
  const { id, sessionId } = context.caller
  const account = await accountById(db, id)
  if (account === undefined || sessionId === null) throw new Problem('session.expired', 'Sign in again.')
  const counter = { of: 'session-password', id: sessionId } as const
  const cost = policy.read(bcryptCost)
  const tried = await attempt(db, policy, counter, clock.now())
  const stored = tried.taken ? account.password_hash : null
  const right = await hasher.verify(wanted.current, stored, cost).catch(async (error: unknown) => {
    await attemptReturned(db, policy, counter, tried)
    throw error
  })
  if (!right) throw await refuse(parts, context, tried)
  await attemptSucceeded(db, counter)
  const next = {
    password_hash: await hasher.hash(wanted.next, cost),
    pepper_version: hasher.pepperVersion,
    password_set_at: clock.now(),
  }
  await stepUp(parts, context, wanted.code, async (tx) => {
    if (!(await replacePasswordHash(tx, account.id, account.password_hash, next)))
      throw new Problem('resource.conflict', 'The password was changed elsewhere meanwhile.')
    const target = { kind: 'account', id: account.id }
    await audit.record(tx, eventOf(context, 'password.changed', { target }))
    await endOthers(parts, tx, context)
  })
}

async function refuse(
  { db, audit }: AccessParts,
  context: RequestContext,
  { taken, lockedUntil }: Attempt,
): Promise<Problem> {
  const target = { kind: 'account', id: context.caller.id }
  await db.transaction().execute(async (tx) => {
    const details = { reason: taken ? 'wrong password' : 'locked session', purpose: 'change of password' }
    await audit.record(
      tx,
      eventOf(context, 'sign-in.password-tried', { target, outcome: 'refused', details }),
    )
    if (lockedUntil === null) return
    const lock = { counter: 'session-password', until: lockedUntil.toISOString() }
    await audit.record(tx, eventOf(context, 'account.locked', { target, details: lock }))
  })
  return new Problem('access.refused', 'The present password is not right, or was tried too often.')
}
