import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { secretHash } from '../../kernel/secret.ts'
import { emailLookUp } from '../accounts/accounts.ts'
import { accountSigningIn, replacePasswordHash } from '../accounts/queries.ts'
import { writeTo } from '../letters.ts'
import { bcryptCost } from '../parameters.ts'
import { makeUnlockLink } from '../recovery/account-links.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { recheckAtSignIn } from '../passwords/breached.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Afterwards } from './afterwards.ts'
import { begin, type SignedIn } from './assurance.ts'
import type { DeviceToken } from './device.ts'
import { attempt, attemptReturned, attemptSucceeded, NOBODY, type Attempt, type Counter } from './lockout.ts'
import { ACCOUNT_BUDGET, addressPrefix, NETWORK_BUDGET, type Throttle } from './throttle.ts'

/** What this step works with. */
export type PasswordStepParts = AccessParts & {
  readonly throttle: Throttle
  readonly afterwards: Afterwards
  readonly sessions: Sessions
}

/** An e-mail address and a password as somebody offers them. */
export interface OfferedPassword {
  readonly email: string
  readonly password: string
  readonly device: DeviceToken | null
}

type Found = Awaited<ReturnType<typeof accountSigningIn>>

/** Who is meant, and where a wrong password counts. */
interface Meant {
  readonly found: Found
  /** Undefined for an unknown or a disabled one. */
  readonly account: Found
  readonly device: string | null
  readonly counter: Counter
}

/**
 * The first factor. Unknown, locked, disabled and wrong take the same statements, one bcrypt of the policy's cost and
 * one answer, `access.refused`; only the audit log knows the reason. A right one begins a session that waits for the
 * second factor. Policy 3.1-0, 3.3-b, 3.3-d, 8.1-b.
 */
export async function passwordStep(
  parts: PasswordStepParts,
  context: RequestContext,
  offered: OfferedPassword,
): Promise<SignedIn> {
  const { db, clock, policy, hasher } = parts
  const meant = await findMeant(parts, context, offered)
  const { account, counter } = meant
  const taken = await attempt(db, policy, counter, clock.now())
  const cost = policy.read(bcryptCost)
  // A locked account is compared with nothing, so that even the right password tells nothing.
  const stored = account !== undefined && taken.taken ? account : null
  const network = addressPrefix(context.caller.ip)
  const matches = await hasher
    .verify(offered.password, stored, cost, network)
    .catch(async (error: unknown) => {
      await attemptReturned(db, policy, counter, taken)
      throw error
    })
  if (account === undefined || stored === null || !matches) throw await refuse(parts, context, meant, taken)
  const signedIn = await accept(parts, context, meant, account)
  parts.afterwards.add('looking after a password', () => lookAfter(parts, account, offered.password, cost))
  return signedIn
}

/** Finds the account, after the budgets of the network and of the account: all before anything is hashed. */
async function findMeant(
  { db, keys, throttle, hasher }: PasswordStepParts,
  context: RequestContext,
  offered: OfferedPassword,
): Promise<Meant> {
  const network = addressPrefix(context.caller.ip)
  throttle.take(`network ${network}`, NETWORK_BUDGET)
  // In a flood most are refused here, whoever they are, at the cost of no statement and no event.
  hasher.requireRoom(network)
  const lookUp = await emailLookUp(keys, offered.email)
  const address = lookUp[0].toString('base64')
  // Address and account together: a stranger elsewhere cannot use up the owner's budget.
  throttle.take(`${network} ${address}`)
  // Strangers share one budget for an account, known or not; a device that the account knows has its own.
  if (offered.device === null) throttle.take(`account ${address}`, ACCOUNT_BUDGET)
  const found = await accountSigningIn(
    db,
    lookUp,
    offered.device === null ? null : secretHash(offered.device),
  )
  const account = found === undefined || found.disabled_at !== null ? undefined : found
  const device = account?.device_id ?? null
  // What is shown for a device is nothing but a guess until the account knows it.
  if (device === null && offered.device !== null) throttle.take(`account ${address}`, ACCOUNT_BUDGET)
  const counter: Counter =
    device === null
      ? { of: 'account-password', id: account?.id ?? NOBODY }
      : { of: 'device-password', id: device }
  return { found, account, device, counter }
}

function reasonOf({ found }: Meant, taken: Attempt): string {
  if (found === undefined) return 'unknown account'
  if (found.disabled_at !== null) return 'disabled account'
  return taken.taken ? 'wrong password' : 'locked account'
}

/** The attempt is forgotten, recorded and answered with a session: all of it or nothing. */
async function accept(
  parts: PasswordStepParts,
  context: RequestContext,
  { counter, device }: Meant,
  account: { readonly id: string; readonly workspace_id: string | null },
): Promise<SignedIn> {
  const { db, audit, sessions } = parts
  const session = await sessions.prepare(context.caller, account.id)
  return db.transaction().execute(async (tx) => {
    await attemptSucceeded(tx, counter)
    await audit.record(
      tx,
      eventOf(context, 'sign-in.password-tried', {
        tenant: account.workspace_id,
        target: { kind: 'account', id: account.id },
        details: { knownDevice: device !== null },
      }),
    )
    const whose = { account: account.id, workspace: account.workspace_id }
    return begin(parts, tx, context, session, whose, 'password')
  })
}

async function refuse(
  parts: PasswordStepParts,
  context: RequestContext,
  meant: Meant,
  taken: Attempt,
): Promise<Problem> {
  const { db, audit } = parts
  const { found, device } = meant
  const about = {
    tenant: found?.workspace_id ?? null,
    target: found === undefined ? null : { kind: 'account', id: found.id },
  }
  const until = taken.lockedUntil
  const locks = until === null ? {} : { lockedUntil: until.toISOString() }
  const details = { reason: reasonOf(meant, taken), knownDevice: device !== null, ...locks }
  const outcome = 'refused'
  await audit.record(db, eventOf(context, 'sign-in.password-tried', { ...about, outcome, details }))
  if (until !== null && found !== undefined)
    parts.afterwards.add('telling of a lock', () => tellOfLock(parts, context, meant, until))
  return new Problem(
    'access.refused',
    'E-mail address or password is not right, or too many attempts were made.',
  )
}

/** Records a lock and writes to the owner, once the answer is out: it must not take longer than another one. Policy 3.3-d. */
async function tellOfLock(
  parts: PasswordStepParts,
  context: RequestContext,
  { found, device, counter }: Meant,
  until: Date,
): Promise<void> {
  if (found === undefined) return
  const about = { tenant: found.workspace_id, target: { kind: 'account', id: found.id } }
  const details = { counter: counter.of, until: until.toISOString() }
  await parts.db.transaction().execute(async (tx) => {
    await parts.audit.record(tx, eventOf(context, 'account.locked', { ...about, details }))
    if (device !== null) return
    const unlockLink = await makeUnlockLink(parts, tx, found.id)
    await writeTo(parts, tx, found.id, 'account-locked', { until, unlockLink })
  })
}

/** While a right password is at hand: an old hash is made anew, and breaches are looked up. Policy 3.3-b, 3.3-c. */
async function lookAfter(
  parts: PasswordStepParts,
  account: NonNullable<Found>,
  password: string,
  cost: number,
): Promise<void> {
  const { db, hasher } = parts
  let { password_hash } = account
  if (hasher.isOld(account, cost)) {
    const next = await hasher.hash(password, cost)
    if (await replacePasswordHash(db, account.id, password_hash, next)) password_hash = next.password_hash
  }
  if (account.password_breached_at === null && !account.probe)
    await recheckAtSignIn(parts, { ...account, password_hash }, password)
}
