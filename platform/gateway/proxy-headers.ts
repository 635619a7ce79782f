import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Problem } from '../kernel/problem.ts'
import type { Exchange } from './exchange.ts'

/** Headers about one connection, which end here in either direction (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** Headers of a request that end here, or that are made anew. */
const ENDS_HERE: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'host', 'expect', 'cookie'])

/** Headers that the protected service believes because only the gateway sets them. */
const OURS =
  /^(?:surety-.*|x-forwarded-.*|forwarded|x-real-ip|via|x-http-method-override|x-original-.*|x-rewrite-url)$/

/** Headers that may stand once only; two of one kind are read differently by different servers. */
const SINGLE: ReadonlySet<string> = new Set([
  'host',
  ':authority',
  'content-length',
  'content-type',
  'transfer-encoding',
  'authorization',
  'dpop',
  'origin',
  'expect',
  'upgrade',
  'sec-fetch-site',
])

/** Our cookies, of sessions and of recognised devices; never forwarded, never accepted from the service. */
const OUR_COOKIE = /^__host-surety(?:-|$)/

/** Refuses a request whose headers could be read in two ways, which is how requests are smuggled past a proxy. */
export function refuseDoubleHeaders(rawHeaders: readonly string[]): void {
  const met = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const raw = rawHeaders[at] ?? ''
    if (raw.includes('_')) throw new Problem('request.malformed', 'The name of a header holds an underscore.')
    const name = raw.toLowerCase()
    if (SINGLE.has(name) && met.has(name))
      throw new Problem('request.malformed', `The header ${name} stands in the request more than once.`)
    met.add(name)
  }
  if (met.has('transfer-encoding') && met.has('content-length'))
    throw new Problem('request.malformed', 'The request tells its length in two ways.')
}

/** Refuses a body in a coding that nobody here takes off, or that its version of HTTP does not know (RFC 9112 §6.1). */
export function refuseCodings(incoming: Pick<IncomingMessage, 'headers' | 'httpVersion'>): void {
  const coding = incoming.headers['transfer-encoding']
  if (coding === undefined || (coding.toLowerCase() === 'chunked' && incoming.httpVersion === '1.1')) return
  throw new Problem('request.malformed', 'A body is taken plain or in chunks of HTTP/1.1.')
}

/** What is forwarded in place of the caller's own credentials. */
export interface Forwarding {
  readonly exchange: Exchange
  readonly host: string
  /** The signed identity; null for a public request. */
  readonly identity: string | null
  /** The length of the body, which is known whole; null for none. */
  readonly bytes?: number | null
  /** Whether the answer is to come without a content encoding, so that rules can read it. */
  readonly readable?: boolean
}

/** The headers that the protected service gets. */
export function requestHeaders(
  incoming: IncomingHttpHeaders,
  forwarding: Forwarding,
): Record<string, string | string[]> {
  const named = namedByConnection(incoming.connection)
  const headers: Record<string, string | string[]> = {}
  for (const name of Object.keys(incoming)) {
    const value = incoming[name]
    if (value !== undefined && !isDropped(name, named)) headers[name] = value
  }
  const cookie = withoutOurs(incoming.cookie)
  if (cookie !== '') headers['cookie'] = cookie
  // A key or token opens this gateway; the service gets the signed identity instead.
  if (/^(?:bearer|dpop)\s+s[kct]_/i.test(incoming.authorization ?? '')) {
    delete headers['authorization']
    delete headers['dpop']
  }
  const { exchange, host, identity, bytes = null, readable = false } = forwarding
  if (readable) headers['accept-encoding'] = 'identity'
  // However it was told how long the body is, from here on there is one way to read it.
  if (bytes !== null || headers['content-length'] !== undefined)
    headers['content-length'] = String(bytes ?? 0)
  headers['host'] = host
  headers['x-forwarded-for'] = exchange.ip
  headers['x-forwarded-proto'] = 'https'
  headers['x-forwarded-host'] = host
  headers['surety-request-id'] = exchange.requestId
  if (identity !== null) headers['surety-identity'] = identity
  return headers
}

function isDropped(name: string, named: ReadonlySet<string> | null): boolean {
  return ENDS_HERE.has(name) || name.startsWith(':') || OURS.test(name) || named?.has(name) === true
}

/** Headers of the service's response that must not cross, beside those of the connection. */
const NOT_FROM_SERVICE = new Set([
  'server',
  'x-powered-by',
  'x-aspnet-version',
  'x-runtime',
  'via',
  'alt-svc',
  'strict-transport-security',
  'content-security-policy',
  'x-content-type-options',
  'public-key-pins',
  // Lets a script of the service take over addresses outside of its own folder, the console's among them.
  'service-worker-allowed',
  'surety-identity',
  'surety-request-id',
  'surety-used-permission',
])

/** Headers of an answer that end here; its cookies are looked at one by one. */
const STAYS_THERE: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...NOT_FROM_SERVICE, 'set-cookie'])

/** The headers of the service's response that the client gets; security headers are set apart. */
export function responseHeaders(upstream: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = namedByConnection(upstream.connection)
  const headers: Record<string, string | string[]> = {}
  for (const name of Object.keys(upstream)) {
    const value = upstream[name]
    if (value !== undefined && !STAYS_THERE.has(name) && named?.has(name) !== true) headers[name] = value
  }
  const cookies = upstream['set-cookie']?.filter((cookie) => !isOurs(cookie)) ?? []
  if (cookies.length > 0) headers['set-cookie'] = cookies
  return headers
}

/** What `Connection` names besides itself; null for nothing, which it nearly always does. */
function namedByConnection(connection: string | undefined): ReadonlySet<string> | null {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return null
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
}

function withoutOurs(cookie: string | undefined): string {
  const pairs = (cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => pair !== '' && !isOurs(pair)).join('; ')
}

function isOurs(pair: string): boolean {
  return OUR_COOKIE.test((pair.split('=')[0] ?? '').trim().toLowerCase())
}
