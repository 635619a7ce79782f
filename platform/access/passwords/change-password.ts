import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { faceOf } from '../accounts/accounts.ts'
import { accountById, replacePasswordHash } from '../accounts/queries.ts'
import { accessChanged } from '../changed.ts'
import { endOthers } from '../factors/factors.ts'
import { stepUp } from '../factors/step-up.ts'
import { writeTo } from '../letters.ts'
import { bcryptCost } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { SessionToken, Sessions } from '../sessions/sessions.ts'
import { attempt, attemptReturned, attemptSucceeded, type Attempt } from '../sign-in/lockout.ts'
import { addressPrefix } from '../sign-in/throttle.ts'
import { requireSettable } from './new-password.ts'

type Parts = AccessParts & { readonly sessions: Sessions }

/** The present password and the next one, as typed. */
interface Wanted {
  readonly current: string
  readonly next: string
}

/**
 * Changes the caller's own password: needs the present one and a fresh code, ends every other session. Wrong present
 * passwords count towards a lock of the session. Throws `access.refused`, `access.code-refused`, `access.password-weak`,
 * `access.password-breached`. Policy 3.3-a, 3.3-c, 3.3-d.
 */
export async function changePassword(
  parts: Parts,
  context: RequestContext,
  wanted: Wanted & { readonly code?: string | undefined },
): Promise<void> {
  const prepared = await prepareChange(parts, context, wanted)
  await stepUp(parts, context, wanted.code, (tx) => prepared.store(tx))
  prepared.stored()
}

/**
 * The way out of a breached password: two factors were proved a moment ago, and nothing but this is open. The session
 * goes on under a new token. Policy 3.3-c.
 */
export async function renewPassword(
  parts: Parts,
  context: RequestContext,
  wanted: Wanted,
): Promise<SessionToken> {
  const { level, sessionId } = context.caller
  if (level !== 'renewing' || sessionId === null)
    throw new Problem('resource.conflict', 'Your password is not known from a breach.')
  const prepared = await prepareChange(parts, context, wanted)
  const token = await parts.db.transaction().execute(async (tx) => {
    await prepared.store(tx)
    return parts.sessions.raise(tx, sessionId, 'full', ['password'])
  })
  prepared.stored()
  return token
}

/** Everything slow and everything that can be refused, before the transaction. */
async function prepareChange(parts: Parts, context: RequestContext, wanted: Wanted) {
  const { db, clock, policy, hasher, audit } = parts
  const { id } = context.caller
  const account = await accountById(db, id)
  const owner = await faceOf(parts, db, id)
  if (account === undefined || owner === null) throw new Problem('session.expired', 'Sign in again.')
  const settable = await requireSettable(parts, wanted.next, owner)
  await requirePresent(parts, context, account, wanted.current)
  if (account.password_breached_at !== null && wanted.next === wanted.current)
    throw new Problem('access.password-breached', 'This is the password that was found. Choose another one.')
  const hashed = await hasher.hash(wanted.next, policy.read(bcryptCost))
  const next = { ...hashed, ...settable.columns, password_set_at: clock.now() }
  return {
    store: async (tx: Database): Promise<void> => {
      if (!(await replacePasswordHash(tx, id, account.password_hash, next)))
        throw new Problem('resource.conflict', 'The password was changed elsewhere meanwhile.')
      await audit.record(tx, eventOf(context, 'password.changed', { target: { kind: 'account', id } }))
      await writeTo(parts, tx, id, 'password-changed', {})
      await endOthers(parts, tx, context)
      await accessChanged(tx, { account: id })
    },
    stored: () => settable.recheckLater(id, hashed.password_hash),
  }
}

/** Throws `access.refused` unless the present password is right. */
async function requirePresent(
  parts: Parts,
  context: RequestContext,
  account: NonNullable<Awaited<ReturnType<typeof accountById>>>,
  current: string,
): Promise<void> {
  const { db, clock, policy, hasher } = parts
  const { sessionId, ip } = context.caller
  if (sessionId === null) throw new Problem('session.expired', 'Sign in again.')
  const counter = { of: 'session-password', id: sessionId } as const
  const tried = await attempt(db, policy, counter, clock.now())
  const right = await hasher
    .verify(current, tried.taken ? account : null, policy.read(bcryptCost), addressPrefix(ip))
    .catch(async (error: unknown) => {
      await attemptReturned(db, policy, counter, tried)
      throw error
    })
  if (!right) throw await refuse(parts, context, tried)
  await attemptSucceeded(db, counter)
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
