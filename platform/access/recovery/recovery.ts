import type { LookUp } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { HOUR, MINUTE } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { emailLookUp, faceOf } from '../accounts/accounts.ts'
import { accountByEmail, accountById, lockAccount, replacePasswordHash } from '../accounts/queries.ts'
import { accessChanged } from '../changed.ts'
import { endElevationsOf } from '../elevation/ending.ts'
import { ownedFactors } from '../factors/owned.ts'
import { writeTo } from '../letters.ts'
import { bcryptCost } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { requireSettable } from '../passwords/new-password.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Afterwards } from '../sign-in/afterwards.ts'
import { begin, type SignedIn } from '../sign-in/assurance.ts'
import { attemptSucceeded, unlock } from '../sign-in/lockout.ts'
import { addressPrefix, openThrottle } from '../sign-in/throttle.ts'
import { findAccountLink, LINK_SECONDS, makeAccountLink, spendAccountLink } from './account-links.ts'
import { forgetDevices, liveKeys, openEnrolment, voidAccountLinks } from './queries.ts'

/** Letters to one address, whoever asks for them. */
export const ADDRESS_BUDGET = { burst: 3, secondsEach: HOUR / 3 }
/** Questions from one network. */
export const QUESTION_BUDGET = { burst: 20, secondsEach: MINUTE }

/** What recovery works with. */
export type RecoveryParts = AccessParts & { readonly sessions: Sessions; readonly afterwards: Afterwards }

/**
 * Getting back in: a link by letter takes the place of a forgotten password, and of nothing else. A second factor or a recovery
 * code is proved as at every sign-in, and no factor is set up on the way. Policy 3.1-0.
 */
export function openRecovery(parts: RecoveryParts) {
  const { db } = parts
  const throttle = openThrottle(parts.clock)
  return {
    /** Sends a link if the address has an account that can use one. The answer comes first and is always the same. */
    ask: async (context: RequestContext, email: string): Promise<void> => {
      const lookUp = await emailLookUp(parts.keys, email)
      throttle.take(`network ${addressPrefix(context.caller.ip)}`, QUESTION_BUDGET)
      parts.afterwards.add('a letter for recovery', () => sendLink(parts, throttle, context, lookUp))
    },
    /** What a link from a letter is for, without using it up. Throws `access.link-expired`. */
    linkKind: async (context: RequestContext, token: string) =>
      (await findAccountLink(parts, context, token)).kind,
    /** Begins a session with the link in place of the password; it waits for a second factor. */
    open: (context: RequestContext, token: string): Promise<SignedIn> => open(parts, context, token),
    /** Sets the new password once link and second factor are proved; every session and device of the account ends. */
    setPassword: (context: RequestContext, next: string): Promise<void> => setPassword(parts, context, next),
    /** Ends the lock of an account. Policy 3.3-d. */
    unlock: async (context: RequestContext, token: string): Promise<void> => {
      const link = await findAccountLink(parts, context, token, 'unlock')
      await db.transaction().execute(async (tx) => {
        await spendAccountLink(parts, tx, context, link)
        await unlock(parts, tx, context, link.account_id)
      })
    },
    /** Lets the session that just gave the password of a reset account set up its next factor. */
    openEnrolment: async (context: RequestContext, token: string): Promise<void> => {
      const { id: account, sessionId: session, level } = context.caller
      const link = await findAccountLink(parts, context, token, 'enrol')
      if (level !== 'enrolling' || session === null || link.account_id !== account)
        throw new Problem('access.denied', 'Give the password of the account that the letter is about first.')
      await db.transaction().execute(async (tx) => {
        await spendAccountLink(parts, tx, context, link)
        await openEnrolment(tx, account, session)
      })
    },
  }
}

async function sendLink(
  parts: RecoveryParts,
  throttle: ReturnType<typeof openThrottle>,
  context: RequestContext,
  lookUp: LookUp,
): Promise<void> {
  const { db, audit } = parts
  const account = await accountByEmail(db, lookUp)
  const reason = await reasonAgainst(parts, throttle, lookUp, account)
  await db.transaction().execute(async (tx) => {
    const about = {
      tenant: null,
      target: account === undefined ? null : { kind: 'account', id: account.id },
      outcome: reason === null ? ('success' as const) : ('refused' as const),
      details: reason === null ? {} : { reason },
    }
    await audit.record(tx, eventOf(context, 'recovery.asked', about))
    if (account === undefined || reason !== null) return
    const link = await makeAccountLink(parts, tx, 'recovery', { account: account.id })
    await writeTo(parts, tx, account.id, 'recovery-asked', { link, minutes: LINK_SECONDS.recovery / MINUTE })
  })
}

async function reasonAgainst(
  { db }: RecoveryParts,
  throttle: ReturnType<typeof openThrottle>,
  lookUp: LookUp,
  account: Awaited<ReturnType<typeof accountByEmail>>,
): Promise<string | null> {
  try {
    throttle.take(`address ${lookUp[0].toString('base64')}`, ADDRESS_BUDGET)
  } catch (error) {
    if (error instanceof Problem) return 'too many letters'
    throw error
  }
  if (account === undefined) return 'unknown account'
  if (account.disabled_at !== null) return 'disabled account'
  // Without a second factor the mailbox alone would open the account.
  return (await ownedFactors(db, account.id)).length === 0 ? 'no second factor' : null
}

async function open(parts: RecoveryParts, context: RequestContext, token: string): Promise<SignedIn> {
  const link = await findAccountLink(parts, context, token, 'recovery')
  const account = link.account_id
  const found = await accountById(parts.db, account)
  const session = await parts.sessions.prepare(context.caller, account)
  return parts.db.transaction().execute(async (tx) => {
    await lockAccount(tx, account)
    // Policy 3.1-0. A reset may have taken the factors since the letter was written.
    if ((await ownedFactors(tx, account)).length === 0)
      throw new Problem(
        'access.link-expired',
        'This account has no second factor now: use the link of the reset.',
      )
    await spendAccountLink(parts, tx, context, link)
    return begin(parts, tx, context, session, { account, workspace: found?.workspace_id ?? null }, 'link')
  })
}

async function setPassword(parts: RecoveryParts, context: RequestContext, next: string): Promise<void> {
  const { db, clock, policy, hasher } = parts
  const { id, level, sessionId, factors } = context.caller
  if (level !== 'renewing' || sessionId === null || !factors.includes('link'))
    throw new Problem(
      'resource.conflict',
      'Open the link from the letter and prove your second factor first.',
    )
  const account = await accountById(db, id)
  const owner = await faceOf(parts, db, id)
  if (account === undefined || owner === null) throw new Problem('session.expired', 'Start again.')
  const settable = await requireSettable(parts, next, owner)
  const hashed = await hasher.hash(next, policy.read(bcryptCost))
  await db.transaction().execute(async (tx) => {
    const row = { ...hashed, ...settable.columns, password_set_at: clock.now() }
    if (!(await replacePasswordHash(tx, id, account.password_hash, row)))
      throw new Problem('resource.conflict', 'The password was changed elsewhere meanwhile.')
    await parts.audit.record(
      tx,
      eventOf(context, 'password.recovered', { tenant: null, target: { kind: 'account', id } }),
    )
    await endEverything(parts, tx, context, id)
    await attemptSucceeded(tx, { of: 'account-password', id })
    await writeTo(parts, tx, id, 'recovery-done', { apiKeys: await liveKeys(tx, id, clock.now()) })
  })
  settable.recheckLater(id, hashed.password_hash)
}

/** Ends sessions, elevations, links from letters and known devices of an account; API keys stay, and their owner is told. */
export async function endEverything(
  { sessions, clock, audit }: Pick<AccessParts, 'clock' | 'audit'> & { readonly sessions: Sessions },
  tx: Database,
  context: RequestContext,
  account: string,
): Promise<void> {
  await endElevationsOf({ clock, audit }, tx, context, { account }, 'factors-changed')
  await sessions.end(tx, context, account, {}, 'replaced')
  await forgetDevices(tx, account)
  await voidAccountLinks(tx, account, clock.now())
  await accessChanged(tx, { account })
}
