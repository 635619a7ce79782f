import { asTenant } from '../db/index.ts'
import type { AssuranceLevel, RequestContext, Caller } from '../kernel/caller.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import { Problem } from '../kernel/problem.ts'
import type { Permission } from '../kernel/permission.ts'
import { openErasure } from './accounts/erase-account.ts'
import { faceOf } from './accounts/accounts.ts'
import { endKeys, listKeys, makeKey, rotateKey, type KeyWish } from './api-keys/api-keys.ts'
import { openClients } from './clients/open-clients.ts'
import { openTokenBook } from './clients/token-book.ts'
import { openElevationBook } from './elevation/elevations.ts'
import { openFactors } from './factors/factors.ts'
import { openSms } from './factors/sms.ts'
import { isFresh } from './factors/freshness.ts'
import { openKeys } from './factors/webauthn/keys.ts'
import { identify, type Origin } from './identify.ts'
import { openLeavers, type Leavers } from './leavers/leavers.ts'
import { withDepartures } from './leavers/removal.ts'
import type { AccessParts } from './parts.ts'
import { openPasswords } from './passwords/open-passwords.ts'
import { makeFirstLink } from './people/links.ts'
import { openPeople, workspaceOf } from './people/people.ts'
import { accept, linkKind, redeem, type Welcome } from './people/welcome.ts'
import { openRoles } from './roles/open-roles.ts'
import { decide, type Decision } from './roles/roles.ts'
import { openPermissionUse, type PermissionUse } from './roles/use.ts'
import { openReviewBook } from './reviews/reviews.ts'
import { openProvisioning } from './provisioning/provisioning.ts'
import { openRecovery } from './recovery/recovery.ts'
import { openFactorResets } from './recovery/resets.ts'
import { provesForm } from './sessions/cookies.ts'
import { openSessionBook, type Sessions } from './sessions/sessions.ts'
import { openAfterwards } from './sign-in/afterwards.ts'
import { openSignIn } from './sign-in/sign-in.ts'
import { openThrottle } from './sign-in/throttle.ts'
import { openUpstream } from './upstream/upstream.ts'
import {
  chooseWorkspace,
  listTenants,
  listWorkspaces,
  makeSampleWorkspace,
  isTenant,
  removeErasedWorkspaces,
  removeSampleWorkspaces,
} from './workspaces/workspaces.ts'

/** Uses of sessions reach the database at least this often after their minute has passed. */
const FLUSH_EVERY_MS = 15_000

/** Chapter 3 at work: signing in, sessions, factors, people, keys, and who a request comes from. */
export type Access = ReturnType<typeof openAccess>

/** Opens access over its parts; `close` writes what is only in memory. */
export function openAccess(parts: AccessParts & { readonly log: Log }) {
  const sessions = openSessionBook(parts)
  const afterwards = openAfterwards(parts.log)
  const all = { ...parts, sessions, afterwards }
  const throttle = openThrottle(parts.clock)
  const tokens = openTokenBook(parts)
  const timer = flushing(sessions, parts.log)
  const passwords = openPasswords(all)
  const keys = openKeys(all)
  const leavers = openLeavers(all)
  const use = openPermissionUse(parts)
  const signIn = openSignIn(all)
  return {
    sessions,
    signIn,
    leavers,
    directory: openProvisioning({ ...all, leavers }),
    ...openClients({ ...all, signIn, throttle, tokens }),
    factors: openFactors(all),
    keys,
    sms: openSms(all),
    recovery: openRecovery(all),
    resets: openFactorResets(all),
    people: withDepartures(openPeople(all), leavers),
    roles: openRoles(parts),
    ...deciding(use),
    upstream: openUpstream({ ...all, throttle }),
    elevations: openElevationBook(parts),
    reviews: openReviewBook(all),
    ...keysAndWorkspaces(parts),
    identify: (request: Request, origin: Origin): Promise<Caller> =>
      identify({ ...all, throttle, tokens }, request, origin),
    /** Whether the caller proved a second factor within the policy’s time. */
    isFresh: (caller: Caller): boolean => isFresh(parts, caller),
    me: (context: RequestContext) => me(parts, context.caller),
    ...comingAndGoing(parts, leavers),
    passwords,
    changePassword: passwords.change,
    ...ownSessions(parts, sessions),
    close: async (): Promise<void> => {
      clearInterval(timer)
      await leavers.settled()
      await passwords.close()
      await keys.close()
      await use.close()
      tokens.close()
      await sessions.close()
      await parts.hasher.close()
    },
  }
}

/** How people come in by one-time links, and are erased. */
function comingAndGoing(parts: AccessParts, leavers: Leavers) {
  return {
    erasure: openErasure({ ...parts, leavers }),
    firstLink: (context: RequestContext) => makeFirstLink(parts, context),
    linkKind: (context: RequestContext, token: string) => linkKind(parts, context, token),
    redeem: (context: RequestContext, welcome: Welcome) => redeem(parts, context, welcome),
    accept: (context: RequestContext, token: string) => accept(parts, context, token),
  }
}

/** The one decision, which remembers what was used. */
function deciding(use: PermissionUse) {
  return {
    decide: (caller: Caller, permission: Permission, level: AssuranceLevel): Decision => {
      const decision = decide(caller, permission, level)
      if (decision.allow) use.note(caller, permission)
      return decision
    },
    /** Whether a page of the session whose cookie came along made this request. */
    provesForm,
    /** The protected service decided by itself that the caller may do this. */
    usedAtService: (caller: Caller, permission: string): void => use.noteByService(caller, permission),
    /** Writes what was used since the last minute. */
    flushUses: (): Promise<void> => use.flush(),
  }
}

/** API keys, and the workspaces that people act in. */
function keysAndWorkspaces(parts: AccessParts) {
  const { db } = parts
  return {
    apiKeys: {
      make: (context: RequestContext, wish: KeyWish) => makeKey(parts, context, wish),
      list: (workspace: string, account?: string) => listKeys(parts, workspace, account),
      rotate: (context: RequestContext, wish: Parameters<typeof rotateKey>[2]) =>
        rotateKey(parts, context, wish),
      /** With `account` only a key that this account made. */
      revoke: (context: RequestContext, id: string, account?: string) =>
        asTenant(db, workspaceOf(context), (tx) => {
          const which = account === undefined ? { id } : { id, account }
          return endKeys(parts, tx, context, workspaceOf(context), which)
        }),
    },
    workspaces: {
      choose: (context: RequestContext, workspace: string) => chooseWorkspace(parts, context, workspace),
      tenants: () => listTenants(parts),
      isTenant: (id: string): Promise<boolean> => isTenant(parts, id),
      makeSample: (context: RequestContext) => makeSampleWorkspace(parts, context),
      removeSamples: (context: RequestContext) => removeSampleWorkspaces(parts, context),
      /** Removes again those that a restore brought back although their keys were destroyed since; returns how many. */
      removeErased: () => removeErasedWorkspaces(parts),
    },
  }
}

function flushing(sessions: Sessions, log: Log): NodeJS.Timeout {
  const timer = setInterval(() => {
    // The uses stay in memory until the database answers again.
    sessions.flush().catch((error: unknown) => log.warn(errorRecord(error), 'sessions not written'))
  }, FLUSH_EVERY_MS)
  return timer.unref()
}

/** How people end their own sessions. Policy 3.4-b, 3.4-c. */
function ownSessions({ db }: Pick<AccessParts, 'db'>, sessions: Sessions) {
  return {
    /**
     * Ends sessions of the caller: one, all but one, or all. Throws `resource.unknown` for one that is not there,
     * whether it never was, has ended or is somebody else's. Policy 3.4-b, 3.4-c.
     */
    endSessions: async (
      context: RequestContext,
      which: { readonly only?: string; readonly except?: string },
    ): Promise<number> => {
      const ended = await db
        .transaction()
        .execute((tx) => sessions.end(tx, context, context.caller.id, which, 'revoked'))
      if (which.only !== undefined && ended === 0)
        throw new Problem('resource.unknown', 'There is no such session.')
      return ended
    },
    /** Ends the caller's session, at whatever level it is; nobody's sign-out changes nothing. */
    signOut: async (context: RequestContext): Promise<void> => {
      const { kind, id, sessionId: only } = context.caller
      if (kind !== 'account' || only === null) return
      await db.transaction().execute((tx) => sessions.end(tx, context, id, { only }, 'signed-out'))
    },
  }
}

/** Who the caller is; without two factors nothing but the level is told. Policy 3.1-0. */
async function me(parts: AccessParts, caller: Caller) {
  const { level, workspaceId, workspaceRole, staffRole, sessionId } = caller
  if (caller.kind !== 'account' || level !== 'full')
    return {
      level,
      account: null,
      workspaces: [],
      workspace: null,
      role: null,
      staffRole: null,
      permissions: [],
    }
  return {
    level,
    account: await faceOf(parts, parts.db, caller.id),
    workspaces: await listWorkspaces(parts, caller.id),
    workspace: workspaceId,
    role: workspaceRole,
    staffRole,
    session: sessionId,
    permissions: [...caller.permissions].sort(),
    /** Elevations that count now, by id; the list of elevations says until when. */
    elevations: [...(caller.elevations ?? [])],
  }
}
