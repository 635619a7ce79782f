import { isIPv6 } from 'node:net'
import { Problem } from '../kernel/problem.ts'

/** Makes the test of whether a `Host` or `:authority` names this gateway, at whatever port. */
export function servedHosts(names: readonly string[]): (authority: string) => boolean {
  const hosts = new Set(names.map((name) => (isIPv6(name) ? `[${name}]` : name.toLowerCase())))
  return (authority) => {
    const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(authority.toLowerCase())
    return parts?.[1] !== undefined && hosts.has(parts[1])
  }
}

/**
 * The host that the request names, known to be one of ours: what follows from it (same-origin checks, forwarded
 * host) then never holds a stranger's name. Throws `request.misdirected`.
 */
export function requireHost(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  isServed: (authority: string) => boolean,
): string {
  const named = [headers[':authority'], headers['host']].filter((value) => value !== undefined)
  const host = named[0]
  if (typeof host !== 'string' || named.some((other) => other !== host) || !isServed(host))
    throw new Problem('request.misdirected', 'The request names a host that is not served here.')
  return host
}
