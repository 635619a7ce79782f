import { Problem } from '../kernel/problem.ts'

/** A request target in the one form that every server reads alike. */
export interface RequestTarget {
  readonly path: string
  /** With its question mark, or empty. */
  readonly search: string
}

const refusals: readonly (readonly [RegExp, string])[] = [
  [/^[^/]/, 'the path begins with a slash'],
  [/[^!-~]/, 'characters outside of printable ASCII are percent-encoded'],
  [/[\\;#"<>^`{|}]/, 'the path holds no backslash, semicolon, fragment or quote'],
  [/\/\//, 'the path holds no empty segment'],
  [/\/\.{1,2}(?:\/|$)/, 'the path holds no dot segment'],
  [/%(?![0-9A-Fa-f]{2})/, 'a percent sign is followed by two hexadecimal digits'],
  // Encoded slash, backslash, percent, semicolon, dot and every other character that needs no encoding (RFC 3986 §2.3):
  // one server would take them apart before it decodes, another after it.
  [/%(?:2f|5c|25|3b|2d|2e|5f|7e|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])/i, 'nothing is encoded in vain'],
  [/%(?:[01][0-9a-f]|7f)/i, 'the path holds no control character'],
]

/** What nearly every path is: segments that begin with no dot and hold only letters, digits and what never needs encoding. */
const PLAIN = /^(?:\/|(?:\/[\w~-][\w.~-]*)+\/?)$/

/**
 * Takes a request target apart. A path that two servers could read differently is refused with `request.malformed`,
 * so that what is public is decided on the very path that the protected service sees.
 */
export function readTarget(raw: string): RequestTarget {
  const mark = raw.indexOf('?')
  const path = mark < 0 ? raw : raw.slice(0, mark)
  const search = mark < 0 ? '' : raw.slice(mark)
  if (!PLAIN.test(path)) refuseAmbiguous(path)
  if (/[^!-~]|#/.test(search)) throw malformed('the query is printable ASCII without a fragment')
  return { path, search }
}

function refuseAmbiguous(path: string): void {
  const found = refusals.find(([pattern]) => pattern.test(path))
  if (found !== undefined) throw malformed(found[1])
  if (!isUtf8(path)) throw malformed('encoded bytes are UTF-8')
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

function malformed(rule: string): Problem {
  return new Problem('request.malformed', `The request's address is ambiguous: ${rule}.`)
}

/** Whether a path lies below one of the prefixes; `/hooks` and `/hooks/` both mean that segment and what is below it. */
export function isBelow(path: string, prefixes: readonly string[]): string | undefined {
  return prefixes.find((prefix) =>
    prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix || path.startsWith(`${prefix}/`),
  )
}

/** The paths that the platform answers itself; all others belong to the protected service. */
const CLAIMED = [
  '/trust',
  '/trust.json',
  '/.well-known/security.txt',
  '/.well-known/jwks.json',
  '/.well-known/authority.crl',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/oauth',
  '/scim',
  '/ledger',
  '/api',
  '/console',
  '/healthz',
  '/readyz',
]

/** Whether the platform answers this path itself. */
export function isClaimed(path: string): boolean {
  return isBelow(path, CLAIMED) !== undefined
}
