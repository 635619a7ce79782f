import type { Caller } from '../kernel/caller.ts'
import { Problem } from '../kernel/problem.ts'

/** What a browser says about where a request comes from. */
export interface SiteFacts {
  readonly method: string
  /** `Host`, already known to be one of ours. */
  readonly host: string
  readonly origin: string | null
  readonly fetchSite: string | null
  /** A WebSocket handshake is a GET that opens a channel for writing. */
  readonly upgrade: boolean
}

/**
 * Refuses what another site makes a browser send in the name of a signed-in person (CSRF), beside `SameSite=Strict`.
 * Keys are exempt, because browsers never add them by themselves. A caller with a cookie must say where it comes
 * from; one without may be a plain client that says nothing, but not one that says it is another site.
 */
export function refuseCrossSite(caller: Caller, facts: SiteFacts): void {
  const safe = ['GET', 'HEAD', 'OPTIONS'].includes(facts.method) && !facts.upgrade
  if (
    safe ||
    caller.kind === 'api-key' ||
    caller.kind === 'client' ||
    caller.kind === 'directory' ||
    caller.kind === 'service' ||
    caller.kind === 'operator'
  )
    return
  const said = facts.origin !== null || facts.fetchSite !== null
  const ownOrigin = facts.origin === null || facts.origin === `https://${facts.host}`
  // Clients without Fetch Metadata are judged by Origin alone; browsers send it with every unsafe method.
  const ownSite = facts.fetchSite === null || facts.fetchSite === 'same-origin'
  if (ownOrigin && ownSite && (said || caller.sessionId === null)) return
  throw new Problem('request.cross-site', 'Open the console itself and repeat the action there.')
}
