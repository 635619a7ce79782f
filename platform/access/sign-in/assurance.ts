import type { Database } from '../../db/index.ts'
import type { FactorKind, RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { lockAccount } from '../accounts/queries.ts'
import { ownedFactors, standingOf } from '../factors/owned.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import type { PreparedSession, SessionToken, Sessions } from '../sessions/sessions.ts'
import { rememberDevice, type DeviceToken } from './device.ts'
import { tellOfNewDevice } from './new-device.ts'
import { mayEnrolFirst } from '../recovery/queries.ts'
import {
  asksForKeys,
  dutyOf,
  NO_STANDING,
  reached,
  standingMatters,
  suffices,
  type Duty,
} from './standing.ts'

/** A step of signing in that was taken: the session's new token and how far it reaches now. */
export interface SignedIn {
  readonly token: SessionToken
  readonly level: 'password' | 'enrolling' | 'full'
  /** Only after two factors. */
  readonly device: DeviceToken | null
}

/** What a sign-in can begin with. A passkey that asked for its PIN is two factors and has a door of its own. */
export type FirstFactor = 'password' | 'upstream' | 'webauthn' | 'link'

/** What can be proved after it. */
export type SecondFactor = 'totp' | 'sms' | 'webauthn' | 'recovery-code'

/** Whose sign-in it is and where its session begins. */
export interface Whose {
  readonly account: string
  readonly workspace: string | null
}

/** What the steps of signing in work with. */
export type AssuranceParts = Pick<
  AccessParts,
  'db' | 'clock' | 'policy' | 'audit' | 'keys' | 'origin' | 'post'
> & {
  readonly sessions: Sessions
}

/**
 * Begins a session for an account whose first factor was just proved, whichever way somebody came: it waits for a second
 * factor, or, for an account without one, for setting one up. It never reaches further. Policy 3.1-0.
 */
export async function continueWith(
  parts: AssuranceParts,
  context: RequestContext,
  whose: Whose,
  first: FirstFactor,
): Promise<SignedIn> {
  const session = await parts.sessions.prepare(context.caller, whose.account)
  return parts.db.transaction().execute((tx) => begin(parts, tx, context, session, whose, first))
}

/** The same inside a transaction, for a session that was prepared before it. */
export async function begin(
  { sessions }: Pick<AssuranceParts, 'sessions'>,
  tx: Database,
  context: RequestContext,
  session: PreparedSession,
  { workspace }: Whose,
  first: FirstFactor,
): Promise<SignedIn> {
  const level = await session.storeWaiting(tx, workspace, [first])
  await replaceOwn(sessions, tx, context)
  return { token: session.token, level, device: null }
}

/** Begins a full session by a passkey that verified its owner: what somebody has and what somebody knows or is. Policy 3.1-c. */
export async function beginVerified(
  parts: AssuranceParts,
  tx: Database,
  context: RequestContext,
  session: PreparedSession,
  whose: Whose,
  device: DeviceToken | null,
): Promise<SignedIn> {
  const factors: readonly FactorKind[] = ['webauthn', 'user-verification']
  await session.store(tx, 'full', whose.workspace, factors)
  await replaceOwn(parts.sessions, tx, context)
  return complete(parts, tx, context, {
    ...whose,
    session: session.id,
    token: session.token,
    factors,
    device,
  })
}

/**
 * Begins a full session on the word of a workspace's identity provider that it asked for two factors; null when that is
 * not enough for the person's role. It counts as no fresh proof: sensitive operations ask for a factor of ours.
 * Policy 3.1-0, 3.1-c.
 */
export async function beginAsserted(
  parts: AssuranceParts,
  context: RequestContext,
  whose: Whose,
): Promise<SignedIn | null> {
  const factors: readonly FactorKind[] = ['upstream', 'upstream-second']
  if (!suffices(await dutyIn(parts, parts.db, whose.account), factors)) return null
  const session = await parts.sessions.prepare(context.caller, whose.account)
  return parts.db.transaction().execute(async (tx) => {
    await session.store(tx, 'full', whose.workspace, factors)
    await replaceOwn(parts.sessions, tx, context)
    const { id, token } = session
    return complete(parts, tx, context, { ...whose, session: id, token, factors, device: null })
  })
}

/** Signing in again in the same browser replaces the session it held. */
async function replaceOwn(sessions: Sessions, tx: Database, context: RequestContext): Promise<void> {
  const { kind, id, sessionId: only } = context.caller
  if (kind === 'account' && only !== null) await sessions.end(tx, context, id, { only }, 'replaced')
}

/** The session that waits for a second factor. Throws `resource.conflict` when the caller has none. */
export function requireWaiting({ caller }: RequestContext): Whose & { readonly session: string } {
  const { kind, id: account, level, sessionId: session, workspaceId: workspace } = caller
  if (kind !== 'account' || level !== 'password' || session === null)
    throw new Problem('resource.conflict', 'There is no sign-in that waits for a second factor.')
  return { account, workspace, session }
}

/**
 * Refuses, before a code is looked at, a code of somebody who must sign in with the key that the account has: otherwise
 * whoever fishes password and code would get further. Recovery codes stand in for a lost key. Policy 3.1-c.
 */
export async function requireCounts(
  parts: Pick<AssuranceParts, 'db' | 'policy'>,
  account: string,
  factor: SecondFactor,
): Promise<void> {
  if (factor === 'webauthn' || factor === 'recovery-code' || !asksForKeys(parts.policy)) return
  if ((await dutyIn(parts, parts.db, account)) !== 'key') return
  if ((await ownedFactors(parts.db, account)).some(({ kind }) => kind === 'webauthn'))
    throw new Problem('access.key-refused', 'Your role signs in with a security key: use yours.')
}

/**
 * A second factor was proved in this transaction: the waiting session becomes full under a new token. The reply says
 * `enrolling` when the factor does not count for the person's role. Policy 3.1-0, 3.1-c.
 */
export async function secondProved(
  parts: AssuranceParts,
  tx: Database,
  context: RequestContext,
  second: { readonly factor: SecondFactor; readonly device: DeviceToken | null },
): Promise<SignedIn> {
  const { session, ...whose } = requireWaiting(context)
  // Policy 3.1-0. The same thing twice is one factor.
  if (context.caller.factors.includes(second.factor))
    throw new Problem('resource.conflict', 'This was the first factor: prove another one.')
  const token = await parts.sessions.raise(tx, session, 'password', [second.factor])
  const factors = [...context.caller.factors, second.factor]
  return complete(parts, tx, context, { ...whose, session, token, factors, device: second.device })
}

async function complete(
  parts: AssuranceParts,
  tx: Database,
  context: RequestContext,
  done: Whose & {
    readonly session: string
    readonly token: SessionToken
    readonly factors: readonly FactorKind[]
    readonly device: DeviceToken | null
  },
): Promise<SignedIn> {
  const { account, workspace, session, token, factors } = done
  const tell = (): Promise<void> => tellOfNewDevice(parts, tx, context, account)
  const device = await rememberDevice(tx, parts, account, done.device, tell)
  const target = { kind: 'session', id: session }
  const details = { account, factors: [...factors] }
  await parts.audit.record(tx, eventOf(context, 'sign-in.completed', { target, tenant: workspace, details }))
  const standing = standingMatters(parts.policy, factors) ? await standingOf(tx, account) : NO_STANDING
  const level = reached(parts.policy, { level: 'full', factors }, standing)
  return { token, level, device }
}

/**
 * A second factor was proved again inside a full session: sensitive operations go on for a while, under a new token.
 * Policy 3.1-0.
 */
export async function provedAgain(
  { sessions }: Pick<AssuranceParts, 'sessions'>,
  tx: Database,
  context: RequestContext,
  factor: SecondFactor,
): Promise<SessionToken> {
  const { sessionId, level, kind } = context.caller
  if (kind !== 'account' || level !== 'full' || sessionId === null)
    throw new Problem('access.factor-needed', 'Finish signing in with a second factor first.')
  return sessions.raise(tx, sessionId, 'full', [factor])
}

async function dutyIn(
  { policy }: Pick<AssuranceParts, 'policy'>,
  db: Database,
  account: string,
): Promise<Duty> {
  return dutyOf(policy, await standingOf(db, account))
}

/** What a session at level `enrolling` may set up. */
export interface MayEnrol {
  readonly account: string
  readonly session: string
  /** Whether it is the account's first factor at all; otherwise one is added that counts for the role. */
  readonly first: boolean
}

/**
 * Who may set up a factor without step-up: a session of an account that has none, or one that proved a factor which does
 * not count for the role while the account has none that does; a recovery code stands in for one that was lost. A
 * session that knows only the password of an account with a factor never may. Holds the account's row.
 * Throws `resource.conflict`. Policy 3.1-0, 3.1-c.
 */
export async function requireMayEnrol(
  parts: Pick<AssuranceParts, 'policy'>,
  tx: Database,
  { caller }: RequestContext,
  wanted: 'totp' | 'sms' | 'webauthn',
): Promise<MayEnrol> {
  const { kind, id: account, level, sessionId: session, factors } = caller
  if (kind !== 'account' || level !== 'enrolling' || session === null)
    throw new Problem('resource.conflict', 'This account has a second factor already.')
  // A link by letter stands for the password alone: nothing takes the place of a factor on the way.
  if (factors.includes('link'))
    throw new Problem('resource.conflict', 'Prove a second factor that counts for your role.')
  // Of two sessions that enrol at once, the later one finds the factor of the earlier.
  await lockAccount(tx, account)
  const owned = (await ownedFactors(tx, account)).map((one) => one.kind)
  const duty = await dutyIn(parts, tx, account)
  if (!suffices(duty, ['password', wanted]))
    throw new Problem(
      'resource.conflict',
      duty === 'key'
        ? 'Your role signs in with a security key: set one up.'
        : 'Text messages do not count for your role.',
    )
  const first = factors.length < 2
  const counting = owned.filter((one) => suffices(duty, ['password', one]))
  const lost = factors.includes('recovery-code')
  if (first ? owned.length > 0 : counting.length > 0 && !lost)
    throw new Problem('resource.conflict', 'This account has a second factor already. Sign in again with it.')
  if (first && !(await mayEnrolFirst(tx, account, session)))
    throw new Problem('resource.conflict', 'Your factors were reset: open the link in our letter first.')
  return { account, session, first }
}

/**
 * A factor was set up and proved in this transaction by a session that might: the session becomes full under a new token.
 * Policy 3.1-0.
 */
export async function enrolled(
  parts: AssuranceParts,
  tx: Database,
  context: RequestContext,
  { account, session, first }: MayEnrol,
  proved: { readonly factor: 'totp' | 'sms' | 'webauthn'; readonly device: DeviceToken | null },
): Promise<SignedIn> {
  const from = first ? 'enrolling' : 'full'
  const token = await parts.sessions.raise(tx, session, from, [proved.factor])
  const factors = [...context.caller.factors, proved.factor]
  const { workspaceId: workspace } = context.caller
  return complete(parts, tx, context, { account, workspace, session, token, factors, device: proved.device })
}
