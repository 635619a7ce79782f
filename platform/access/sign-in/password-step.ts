import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { bcryptCost } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { emailIndex } from '../accounts/accounts.ts'
import { accountByEmail, replacePasswordHash } from '../accounts/queries.ts'
import { hashCost } from '../passwords/password-hasher.ts'
import { attempt, attemptReturned, attemptSucceeded, NOBODY, type Attempt, type Counter } from './lockout.ts'
import { knownDevice, type DeviceToken } from './device.ts'
import { addressPrefix, type Throttle } from './throttle.ts'

/** The account whose password was right. */
export interface PasswordRight {
  readonly account: string
  readonly workspace: string | null
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit' | 'hasher'>

/**
 * The first factor. Unknown, locked, disabled and wrong take the same statements, one bcrypt of the policy's cost and
 * one answer, `access.refused`; only the audit log knows the reason. Policy 3.3-b, 3.3-d, 8.1-b.
 */
export async function checkPassword(
  parts: Parts & { readonly throttle: Throttle },
  context: RequestContext,
  offered: { readonly email: string; readonly password: string; readonly device: DeviceToken | null },
): Promise<PasswordRight> {
  const { db, clock, policy, keys, hasher } = parts
  const index = await emailIndex(keys, offered.email)
  // Address and account together: a stranger elsewhere cannot use up the owner's budget.
  parts.throttle.take(`${addressPrefix(context.caller.ip)} ${index.toString('base64')}`)
  const found = await accountByEmail(db, index)
  const account = found === undefined || found.disabled_at !== null ? undefined : found
  const device = await knownDevice(db, account?.id, offered.device)
  const counter: Counter =
    device === null
      ? { of: 'account-password', id: account?.id ?? NOBODY }
      : { of: 'device-password', id: device }
  const taken = await attempt(db, policy, counter, clock.now())
  const cost = policy.read(bcryptCost)
  // A locked account is compared with nothing, so that even the right password tells nothing.
  const stored = account !== undefined && taken.taken ? account.password_hash : null
  const matches = await hasher.verify(offered.password, stored, cost).catch(async (error: unknown) => {
    await attemptReturned(db, policy, counter, taken)
    throw error
  })
  if (account === undefined || stored === null || !matches) {
    const reason = reasonOf(found, taken)
    throw await refuse(parts, context, found, taken, { reason, device: device !== null })
  }
  await accept(parts, context, account, counter, device !== null)
  await renewHash(parts, account, offered.password, cost)
  return { account: account.id, workspace: account.workspace_id }
}

function reasonOf(found: { readonly disabled_at: Date | null } | undefined, taken: Attempt): string {
  if (found === undefined) return 'unknown account'
  if (found.disabled_at !== null) return 'disabled account'
  return taken.taken ? 'wrong password' : 'locked account'
}

async function accept(
  { db, audit }: Parts,
  context: RequestContext,
  account: { readonly id: string; readonly workspace_id: string | null },
  counter: Counter,
  knownDevice: boolean,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await attemptSucceeded(tx, counter)
    await audit.record(
      tx,
      eventOf(context, 'sign-in.password-tried', {
        tenant: account.workspace_id,
        target: { kind: 'account', id: account.id },
        details: { knownDevice },
      }),
    )
  })
}

async function refuse(
  { db, audit }: Parts,
  context: RequestContext,
  found: { readonly id: string; readonly workspace_id: string | null } | undefined,
  { lockedUntil }: Attempt,
  seen: { readonly reason: string; readonly device: boolean },
): Promise<Problem> {
  const about = {
    tenant: found?.workspace_id ?? null,
    target: found === undefined ? null : { kind: 'account', id: found.id },
  }
  await db.transaction().execute(async (tx) => {
    const details = { reason: seen.reason, knownDevice: seen.device }
    const outcome = 'refused'
    await audit.record(tx, eventOf(context, 'sign-in.password-tried', { ...about, outcome, details }))
    if (lockedUntil === null) return
    const lock = {
      counter: seen.device ? 'device-password' : 'account-password',
      until: lockedUntil.toISOString(),
    }
    await audit.record(tx, eventOf(context, 'account.locked', { ...about, details: lock }))
  })
  return new Problem(
    'access.refused',
    'E-mail address or password is not right, or too many attempts were made.',
  )
}

/** An older, cheaper hash is replaced while the password is at hand. Policy 3.3-b. */
async function renewHash(
  { db, hasher }: Parts,
  account: { readonly id: string; readonly password_hash: string },
  password: string,
  cost: number,
): Promise<void> {
  if (hashCost(account.password_hash) >= cost) return
  const next = { password_hash: await hasher.hash(password, cost), pepper_version: hasher.pepperVersion }
  await replacePasswordHash(db, account.id, account.password_hash, next)
}
