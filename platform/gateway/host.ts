import { isIPv6 } from 'node:net'
import { Problem } from '../kernel/problem.ts'

const PORT_MAX = 65_535

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
 * host) then never holds a stranger's name. Throws `request.misdirected`, and `request.malformed` where the host is
 * missing or not one that an address can hold (RFC 9112 section 3.2).
 */
export function requireHost(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  isServed: (authority: string) => boolean,
): string {
  const named = [headers[':authority'], headers['host']].filter((value) => value !== undefined)
  const host = named[0]
  if (host === undefined || !named.every(isAuthority))
    throw new Problem('request.malformed', 'The request names no host, or none that an address can hold.')
  if (typeof host !== 'string' || named.some((other) => other !== host) || !isServed(host))
    throw new Problem('request.misdirected', 'The request names a host that is not served here.')
  return host
}

/** Whether an address can hold this host: escaped and control characters are taken apart differently by everyone. */
function isAuthority(host: string | readonly string[]): boolean {
  if (typeof host !== 'string') return false
  const parts = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::([0-9]{1,5}))?$/.exec(host)
  return parts !== null && Number(parts[1] ?? 0) <= PORT_MAX
}
