import type { PolicyReader } from '../kernel/parameter.ts'
import { hstsMaxAge } from './parameters.ts'

/** Content security policies by kind of page; nothing is ever inline. */
export const contentSecurityPolicy = {
  /** The console and every reply that is no page: own scripts only, and no text becomes markup (Trusted Types). */
  platform: [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  /** Public pages, which have no script at all. */
  page: [
    "default-src 'none'",
    "script-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const

const FEATURES = ['camera', 'geolocation', 'microphone', 'payment', 'usb', 'browsing-topics']
const NO_FEATURES = FEATURES.map((feature) => `${feature}=()`).join(', ')

/** The value of Strict-Transport-Security in force. Policy 2.1-c. */
export function strictTransport(policy: PolicyReader): string {
  return `max-age=${policy.read(hstsMaxAge)}; includeSubDomains`
}

/** The headers that every response over HTTPS carries, unless a page names a policy of its own. Policy 2.1-c. */
export function securityHeaders(policy: PolicyReader, requestId: string): Record<string, string> {
  return {
    'strict-transport-security': strictTransport(policy),
    'content-security-policy': contentSecurityPolicy.platform,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'permissions-policy': NO_FEATURES,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'surety-request-id': requestId,
  }
}

/** What a protected service may loosen for itself by naming a value of its own; an embedded widget needs these. */
const SERVICE_MAY_SET = [
  'referrer-policy',
  'permissions-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
] as const

/** What is enforced beside a policy that the service set for itself: browsers obey both. */
const BASELINE = "object-src 'none'; base-uri 'self'; form-action 'self'"

/** The security headers of a proxied response: ours, where the service did not name its own. */
export function proxiedSecurityHeaders(
  ours: Readonly<Record<string, string>>,
  service: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { ...ours }
  for (const name of SERVICE_MAY_SET) {
    const own = service[name]
    if (typeof own === 'string' && own !== '') headers[name] = own
  }
  const own = [service['content-security-policy'] ?? []].flat().filter((value) => value.trim() !== '')
  if (own.length > 0) {
    const framed = own.some((value) => /(?:^|[;,])\s*frame-ancestors\s/i.test(value))
    headers['content-security-policy'] = [...own, framed ? BASELINE : `${BASELINE}; frame-ancestors 'none'`]
  }
  return headers
}
