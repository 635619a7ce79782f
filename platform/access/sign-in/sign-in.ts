import type { RequestContext } from '../../kernel/caller.ts'
import { kindOfCode, withFreshCode } from '../factors/fresh-code.ts'
import type { AccessParts } from '../parts.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Afterwards } from './afterwards.ts'
import {
  continueWith,
  requireCounts,
  requireWaiting,
  secondProved,
  type FirstFactor,
  type SignedIn,
  type Whose,
} from './assurance.ts'
import type { Counter } from './lockout.ts'
import { passwordStep } from './password-step.ts'
import { knownDevice, type DeviceToken } from './device.ts'
import { openThrottle } from './throttle.ts'

export type { SignedIn } from './assurance.ts'

type Parts = AccessParts & {
  readonly sessions: Sessions
  readonly afterwards: Afterwards
}

/** The steps of signing in, for whoever offers them. */
export type SignIn = ReturnType<typeof openSignIn>

/**
 * Signing in: nothing, then the password, then either a second factor or, for an account without one, enrolling it;
 * only then everything else. Every step changes the token. Policy 3.1-0.
 */
export function openSignIn(parts: Parts) {
  const throttle = openThrottle(parts.clock)
  return {
    /** E-mail address and password. Throws `access.refused` or `request.too-many`. */
    password: (
      context: RequestContext,
      offered: { readonly email: string; readonly password: string; readonly device: DeviceToken | null },
    ): Promise<SignedIn> => passwordStep({ ...parts, throttle }, context, offered),
    /** A time-based or a recovery code, in a session that knows the password. Throws `access.code-refused`. */
    code: (
      context: RequestContext,
      offered: { readonly code: string; readonly device: DeviceToken | null },
    ): Promise<SignedIn> => complete(parts, context, offered),
    /** A session for an account whose first factor was just set, e.g. through a link. */
    begin: (context: RequestContext, account: string, workspace: string | null) =>
      continueWith(parts, context, { account, workspace }, 'password'),
    /** A session for an account whose first factor was proved in another way. It reaches no data. */
    continueWith: (context: RequestContext, whose: Whose, first: FirstFactor) =>
      continueWith(parts, context, whose, first),
  }
}

async function complete(
  parts: Parts,
  context: RequestContext,
  offered: { readonly code: string; readonly device: DeviceToken | null },
): Promise<SignedIn> {
  const { account, workspace } = requireWaiting(context)
  await requireCounts(parts, account, kindOfCode(offered.code))
  const known = await knownDevice(parts.db, account, offered.device)
  const counter: Counter =
    known === null ? { of: 'account-code', id: account } : { of: 'device-code', id: known }
  return withFreshCode(
    parts,
    context,
    { account, workspace, code: offered.code, purpose: 'sign-in', counter },
    (tx, factor) => secondProved(parts, tx, context, { factor, device: offered.device }),
  )
}
