import type { Caller } from '../kernel/caller.ts'
import { Problem } from '../kernel/problem.ts'
import { asApiKey, identifyKey } from './identify/api-key.ts'
import { anonymous, type Origin } from './identify/origin.ts'
import { identifySession, isPassive } from './identify/session.ts'
import type { AccessParts } from './parts.ts'
import { sessionToken } from './sessions/cookies.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Throttle } from './sign-in/throttle.ts'

export { anonymous, type Origin } from './identify/origin.ts'

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'audit'> & {
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
  const key = asApiKey(bearer)
  if (cookie !== null && key !== null)
    throw new Problem('request.malformed', 'Send a session or an API key, not both.')
  if (key !== null) return identifyKey(parts, key, origin)
  if (cookie === null) return anonymous(origin)
  return identifySession(parts, cookie, origin, isPassive(request))
}
