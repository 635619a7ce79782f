import type { Caller } from '../kernel/caller.ts'
import { Problem } from '../kernel/problem.ts'
import { identifyToken, shownToken } from './clients/token-caller.ts'
import type { TokenBook } from './clients/token-book.ts'
import { asApiKey, identifyKey } from './identify/api-key.ts'
import { anonymous, type Origin } from './identify/origin.ts'
import { identifySession, isPassive } from './identify/session.ts'
import { asDirectoryToken, identifyDirectory } from './provisioning/tokens.ts'
import type { AccessParts } from './parts.ts'
import { sessionToken } from './sessions/cookies.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Throttle } from './sign-in/throttle.ts'

export { anonymous, type Origin } from './identify/origin.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'audit' | 'origin'> & {
  readonly sessions: Sessions
  readonly throttle: Throttle
  readonly tokens: TokenBook
}

/**
 * Establishes who asks: a session's cookie, an API key, an OAuth 2.0 token, or nobody. An ended or unknown one is nobody, and the decision
 * refuses what nobody may do. Both at once, or a cookie twice, is `request.malformed`. Policy 3.1-0, 4.3-a.2.
 */
export async function identify(parts: Parts, request: Request, origin: Origin): Promise<Caller> {
  const cookie = sessionToken(request)
  const token = shownToken(request)
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  // Another service's bearer token, such as a webhook's, is not ours to judge.
  const key = asApiKey(bearer)
  const directory = asDirectoryToken(bearer)
  if (cookie !== null && (key !== null || directory !== null || token !== null))
    throw new Problem('request.malformed', 'Send a session, or an API key or token, not both.')
  if (key !== null) return identifyKey(parts, key, origin)
  if (directory !== null) return identifyDirectory(parts, directory, origin)
  if (token !== null) return identifyToken(parts, token, request, origin)
  if (cookie === null) return anonymous(origin)
  return identifySession(parts, cookie, origin, isPassive(request))
}
