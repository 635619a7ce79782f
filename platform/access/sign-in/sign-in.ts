import type { RequestContext } from '../../kernel/caller.ts'
import { Problem } from '../../kernel/problem.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { confirmedFactors } from '../factors/queries.ts'
import { withFreshCode } from '../factors/fresh-code.ts'
import type { SessionToken, Sessions } from '../sessions/sessions.ts'
import type { Counter } from './lockout.ts'
import { checkPassword } from './password-step.ts'
import { knownDevice, rememberDevice, type DeviceToken } from './device.ts'
import { openThrottle } from './throttle.ts'

/** A step of signing in that was taken: the session's new token and how far it reaches now. */
export interface SignedIn {
  readonly token: SessionToken
  readonly level: 'password' | 'enrolling' | 'full'
  /** Only after two factors. */
  readonly device: DeviceToken | null
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit' | 'hasher'> & {
  readonly sessions: Sessions
}

/**
 * Signing in: nothing, then the password, then either a second factor or, for an account without one, enrolling it;
 * only then everything else. Every step changes the token. Policy 3.1-0.
 */
export function openSignIn(parts: Parts) {
  const throttle = openThrottle(parts.clock)
  return {
    /** E-mail address and password. Throws `access.refused` or `request.too-many`. */
    password: async (
      context: RequestContext,
      offered: { readonly email: string; readonly password: string; readonly device: DeviceToken | null },
    ): Promise<SignedIn> => {
      const right = await checkPassword({ ...parts, throttle }, context, offered)
      return begin(parts, context, right.account, right.workspace)
    },
    /** A time-based or a recovery code, in a session that knows the password. Throws `access.code-refused`. */
    code: (
      context: RequestContext,
      offered: { readonly code: string; readonly device: DeviceToken | null },
    ): Promise<SignedIn> => complete(parts, context, offered),
    /** A session for an account whose first factor was just set, e.g. through a link. */
    begin: (context: RequestContext, account: string, workspace: string | null) =>
      begin(parts, context, account, workspace),
  }
}

async function begin(
  { db, sessions }: Parts,
  context: RequestContext,
  account: string,
  workspace: string | null,
): Promise<SignedIn> {
  const level = (await confirmedFactors(db, account)).length > 0 ? 'password' : 'enrolling'
  const session = await sessions.prepare(context.caller, account)
  await db.transaction().execute(async (tx) => {
    await session.store(tx, level, workspace, ['password'])
    const { kind, id, sessionId: only } = context.caller
    // Signing in again in the same browser replaces the session it held.
    if (kind === 'account' && only !== null) await sessions.end(tx, context, id, { only }, 'replaced')
  })
  return { token: session.token, level, device: null }
}

async function complete(
  parts: Parts,
  context: RequestContext,
  offered: { readonly code: string; readonly device: DeviceToken | null },
): Promise<SignedIn> {
  const { caller } = context
  const session = caller.sessionId
  if (caller.kind !== 'account' || caller.level !== 'password' || session === null)
    throw new Problem('resource.conflict', 'There is no sign-in that waits for a code.')
  const account = caller.id
  const workspace = caller.workspaceId
  const known = await knownDevice(parts.db, account, offered.device)
  const counter: Counter =
    known === null ? { of: 'account-code', id: account } : { of: 'device-code', id: known }
  return withFreshCode(
    parts,
    context,
    { account, workspace, code: offered.code, purpose: 'sign-in', counter },
    async (tx, spent) => {
      const token = await parts.sessions.raise(tx, session, 'password', [spent])
      const device = await rememberDevice(tx, parts, account, offered.device)
      const target = { kind: 'session', id: session }
      await parts.audit.record(tx, eventOf(context, 'sign-in.completed', { target, tenant: workspace }))
      return { token, level: 'full', device }
    },
  )
}
