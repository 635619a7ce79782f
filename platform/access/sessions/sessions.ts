import { notify, type Database } from '../../db/index.ts'
import { PROVIDER } from '../../encryption/index.ts'
import type { Caller, FactorKind, RequestContext } from '../../kernel/caller.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { sessionFinder } from './find-session.ts'
import { openIdentityCache } from './identity-cache.ts'
import { openLastSeen } from './last-seen.ts'
import { deviceField, listSessions } from './list-sessions.ts'
import { openPlaces } from './place.ts'
import { sessionLimits } from './session-clock.ts'
import {
  endSessions,
  expireSession,
  insertSession,
  insertWaitingSession,
  raiseSession,
  type EndReason,
  type SessionRow,
} from './queries.ts'

/** What the cookie carries: 256 random bits, stored only as a hash. */
export type SessionToken = Secret<'session'>

/** A session whose device is sealed and whose token is known, not stored yet. */
export type PreparedSession = Awaited<ReturnType<typeof prepareSession>>

/** The sessions of everybody: made, found, listed, ended. */
export type Sessions = ReturnType<typeof openSessionBook>

/** Opens the sessions over their parts. */
export function openSessionBook(
  parts: Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit' | 'notices'>,
) {
  const { db, clock } = parts
  const lastSeen = openLastSeen(db, clock)
  const cache = openIdentityCache<SessionRow>(parts.notices)
  const listing = { ...parts, lastSeen, placeOf: openPlaces() }
  return {
    prepare: (caller: Caller, account: string) => prepareSession(parts, caller, account),
    /** Raises a session to two factors, or proves another one again, under a new token; throws `session.expired` when it ended meanwhile. */
    raise: async (
      tx: Database,
      id: string,
      from: SessionRow['level'],
      proved: readonly FactorKind[],
    ): Promise<SessionToken> => {
      const token: SessionToken = newSecret()
      if (!(await raiseSession(tx, id, from, proved, secretHash(token), clock.now())))
        throw new Problem('session.expired', 'Sign in again.')
      return token
    },
    /** The live session of a token, with the rights of this moment. */
    find: sessionFinder(parts, cache, lastSeen, (context, row) => expire(parts, context, row)),
    list: (caller: Caller) => listSessions(listing, caller.id, caller.sessionId),
    /** The sessions of somebody else, for whoever may end them. */
    listOf: (account: string) => listSessions(listing, account, null),
    /** Ends sessions of an account at once, everywhere; returns how many. Policy 3.4-b, 3.4-c. */
    end: (
      tx: Database,
      context: RequestContext,
      account: string,
      which: { readonly only?: string; readonly except?: string; readonly workspace?: string },
      reason: EndReason,
    ) => end(parts, tx, context, account, which, reason),
    flush: (all?: boolean) => lastSeen.flush(all),
    /** Milliseconds that recent notices of this process took to come back to it. */
    noticeMs: () => cache.noticeMs(),
    close: async (): Promise<void> => {
      cache.close()
      await lastSeen.flush(true)
    },
  }
}

/** Seals the device of a new session; the row is stored by the caller's transaction through `store`. */
async function prepareSession(
  { clock, keys }: Pick<AccessParts, 'clock' | 'keys'>,
  caller: Caller,
  account: string,
) {
  const id = newId(clock)
  const token: SessionToken = newSecret()
  const device = JSON.stringify({ ip: caller.ip, userAgent: caller.userAgent.slice(0, 400) })
  const sealed = await keys.sealText(PROVIDER, deviceField(id), device)
  const rowOf = (workspace: string | null, factors: readonly FactorKind[]) => ({
    id,
    token_hash: secretHash(token),
    account_id: account,
    factors: [...factors],
    workspace_id: workspace,
    device: sealed,
  })
  return {
    id,
    token,
    store: (
      tx: Database,
      level: SessionRow['level'],
      workspace: string | null,
      factors: readonly FactorKind[],
    ): Promise<void> => {
      const now = clock.now()
      return insertSession(tx, {
        ...rowOf(workspace, factors),
        level,
        // What a provider asked for may be an hour old: sensitive operations ask again, here.
        proved_at: level === 'full' && !factors.includes('upstream-second') ? now : null,
        created_at: now,
        last_seen_at: now,
      })
    },
    /** Stores one that waits for a second factor, or, for an account without one, for setting one up; tells which. */
    storeWaiting: (tx: Database, workspace: string | null, factors: readonly FactorKind[]) =>
      insertWaitingSession(tx, rowOf(workspace, factors), clock.now()),
  }
}

async function expire(
  { db, clock, policy, audit }: Pick<AccessParts, 'db' | 'clock' | 'policy' | 'audit'>,
  context: RequestContext,
  row: SessionRow,
): Promise<void> {
  const now = clock.now()
  await db.transaction().execute(async (tx) => {
    if (!(await expireSession(tx, row.id, now, sessionLimits(policy, now)))) return
    const actor = { kind: 'account', id: row.account_id } as const
    const target = { kind: 'session', id: row.id }
    await audit.record(tx, eventOf(context, 'session.expired', { actor, target, tenant: row.workspace_id }))
    await notify(tx, 'session_revoked', row.id)
  })
}

async function end(
  { clock, audit }: Pick<AccessParts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  account: string,
  which: { readonly only?: string; readonly except?: string; readonly workspace?: string },
  reason: EndReason,
): Promise<number> {
  const ended = await endSessions(tx, account, which, reason, clock.now())
  for (const id of ended) {
    const target = { kind: 'session', id }
    await audit.record(tx, eventOf(context, 'session.ended', { target, details: { reason, account } }))
    await notify(tx, 'session_revoked', id)
  }
  return ended.length
}
