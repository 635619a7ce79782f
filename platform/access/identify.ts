import { stranger, type Caller } from '../kernel/caller.ts'
import { secondsAfter } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { Problem } from '../kernel/problem.ts'
import { asSecret, secretHash } from '../kernel/secret.ts'
import { KEY_PREFIX, type ApiKey } from './api-keys/api-keys.ts'
import { keyByToken, touchKey } from './api-keys/queries.ts'
import { eventOf, type AccessParts } from './parts.ts'
import { permissionsBelowFull, rightsOf } from './roles/rights.ts'
import { sessionToken } from './sessions/cookies.ts'
import type { SessionToken, Sessions } from './sessions/sessions.ts'
import { addressPrefix, type Throttle } from './sign-in/throttle.ts'

/** What is known of a request before who asks is. */
export interface Origin {
  readonly ip: string
  readonly userAgent: string
  /** The request's id, for the audit log; one is made when it is left out. */
  readonly requestId?: string
}

/** A request marked with this header and `1`, such as a background poll, does not count as use of a session. */
const PASSIVE_HEADER = 'surety-passive'

const KEY_SHAPE = new RegExp(`^${KEY_PREFIX}[A-Za-z0-9_-]{43}$`)

/** Somebody who presented nothing, or nothing that is good. */
export function anonymous(origin: Origin): Caller {
  return stranger(origin, permissionsBelowFull())
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'audit'> & {
  readonly sessions: Sessions
  readonly throttle: Throttle
}

/**
 * Establishes who asks: a session's cookie, an API key, or nobody. An ended or unknown one is nobody, and the decision
 * refuses what nobody may do. Both at once, or a cookie twice, is `request.malformed`. Policy 3.1-0, 4.3-a.2.
 */
export async function identify(parts: Parts, request: Request, origin: Origin): Promise<Caller> {
  const cookie = sessionToken(request)
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  // Another service's bearer token, such as a webhook's, is not ours to judge.
  const key = bearer?.startsWith(KEY_PREFIX) ? asSecret<'API key'>(bearer) : null
  if (cookie !== null && key !== null)
    throw new Problem('request.malformed', 'Send a session or an API key, not both.')
  if (key !== null) return identifyKey(parts, key, origin)
  if (cookie === null) return anonymous(origin)
  return identifySession(parts, cookie, origin, request.headers.get(PASSIVE_HEADER) === '1')
}

async function identifySession(
  { clock, sessions }: Parts,
  token: SessionToken,
  origin: Origin,
  passive: boolean,
): Promise<Caller> {
  const nobody = anonymous(origin)
  const requestId = origin.requestId ?? newId(clock)
  const row = await sessions.find({ requestId, caller: nobody }, token, passive)
  if (row === null) return nobody
  const full = row.level === 'full'
  return {
    ...nobody,
    kind: 'account',
    id: row.account_id,
    level: row.level,
    factors: row.factors,
    provedAt: row.proved_at,
    sessionId: row.id,
    workspaceId: row.workspace_id,
    workspaceRole: full ? row.workspace_role : null,
    staffRole: full ? row.staff_role : null,
    permissions: full
      ? rightsOf({ workspaceRole: row.workspace_role, staffRole: row.staff_role }, clock)
      : permissionsBelowFull(),
  }
}

async function identifyKey(parts: Parts, key: ApiKey, origin: Origin): Promise<Caller> {
  const { db, clock, audit, throttle } = parts
  const nobody = anonymous(origin)
  const context = { requestId: origin.requestId ?? newId(clock), caller: nobody }
  const now = clock.now()
  const row = KEY_SHAPE.test(key) ? await keyByToken(db, secretHash(key), now) : undefined
  if (row === undefined) {
    // A flood of wrong keys is slowed before it can fill the audit log.
    throttle.take(`key ${addressPrefix(origin.ip)}`)
    const refused = eventOf(context, 'api-key.refused', { outcome: 'refused' })
    await db.transaction().execute((tx) => audit.record(tx, refused))
    return nobody
  }
  const minuteAgo = secondsAfter(now, -60)
  if (row.last_used_at === null || row.last_used_at <= minuteAgo)
    await db.transaction().execute(async (tx) => {
      if (!(await touchKey(tx, row.id, now, minuteAgo))) return
      const actor = { kind: 'api-key', id: row.id } as const
      await audit.record(tx, eventOf(context, 'api-key.used', { tenant: row.workspace_id, actor }))
    })
  return {
    ...nobody,
    kind: 'api-key',
    id: row.id,
    level: 'full',
    workspaceId: row.workspace_id,
    permissions: rightsOf({ workspaceRole: row.maker_role, staffRole: null, scopes: row.scopes }, clock),
  }
}
