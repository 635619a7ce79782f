import { hash } from 'node:crypto'
import type { RequestContext } from '../../kernel/caller.ts'
import type { AccessParts } from '../parts.ts'
import type { IdentityCache } from './identity-cache.ts'
import type { LastSeen } from './last-seen.ts'
import { sessionsByTokens, type SessionRow } from './queries.ts'
import { readTogether } from './read-together.ts'
import { isOver } from './session-clock.ts'
import type { SessionToken } from './sessions.ts'

/** Finds live sessions by their tokens; a passive request does not count as use. */
export type FindSession = (
  context: () => RequestContext,
  token: SessionToken,
  passive: boolean,
) => Promise<SessionRow | null>

/** Makes the finder; `expire` is called for whatever is found to be over. Policy 3.4-a. */
export function sessionFinder(
  { db, clock, policy }: Pick<AccessParts, 'db' | 'clock' | 'policy'>,
  cache: IdentityCache<SessionRow>,
  lastSeen: LastSeen,
  expire: (context: RequestContext, row: SessionRow) => Promise<void>,
): FindSession {
  const read = readTogether((keys) =>
    sessionsByTokens(
      db,
      keys.map((key) => Buffer.from(key, 'base64')),
    ),
  )
  const isDone = (row: SessionRow): boolean =>
    isOver(policy, row, lastSeen.latestMs(row.id, row.last_seen_at), clock.now().getTime())
  return async (context, token, passive) => {
    const key = hash('sha256', token, 'base64')
    let row = cache.known(key) ?? (await cache.find(key, () => read(key)))
    // Another process may have written a later use: only the database ends a session.
    if (row !== undefined && isDone(row)) row = await cache.find(key, () => read(key), true)
    if (row === undefined) return null
    if (isDone(row)) {
      lastSeen.forget(row.id)
      cache.forget({ session: row.id })
      await expire(context(), row)
      return null
    }
    const written = passive ? undefined : lastSeen.touch(row.id, row.last_seen_at)
    if (written !== undefined) await written
    return row
  }
}
