import type { Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'

const BURST = 20
const SECONDS_EACH = 3
const BUCKETS_MAX = 10_000

/** Refuses whoever asks too often, before anything slow happens. */
export interface Throttle {
  /** Throws `request.too-many` when this key's budget is used up. */
  take(key: string): void
}

/** A token bucket a key: 20 at once, then one every 3 seconds; the buckets used longest ago are forgotten first. */
export function openThrottle(clock: Clock): Throttle {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return {
    take: (key) => {
      const now = clock.now().getTime()
      const before = buckets.get(key) ?? { tokens: BURST, at: now }
      const grown = before.tokens + Math.max(0, now - before.at) / (SECONDS_EACH * 1000)
      const tokens = Math.min(BURST, grown)
      buckets.delete(key)
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
      const oldest = buckets.keys().next()
      if (buckets.size > BUCKETS_MAX && oldest.done === false) buckets.delete(oldest.value)
      if (tokens < 1)
        throw new Problem('request.too-many', 'Too many attempts to sign in. Wait a moment.', {
          retryAfterSeconds: Math.ceil((1 - tokens) * SECONDS_EACH),
        })
    },
  }
}

/** The part of an address that one subscriber usually holds: /24 of IPv4, /56 of IPv6. */
export function addressPrefix(ip: string): string {
  const four = /(?:^|:)(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(ip)
  if (four?.[1] !== undefined) return four[1]
  const [head = '', tail = ''] = ip.split('%')[0]?.split('::') ?? []
  const front = head === '' ? [] : head.split(':')
  const back = tail === '' ? [] : tail.split(':')
  const zeros = ip.includes('::') ? Array.from({ length: 8 - front.length - back.length }, () => '0') : []
  const groups = [...front, ...zeros, ...back].map((group) => group.padStart(4, '0'))
  return groups.slice(0, 4).join(':').slice(0, 17)
}
