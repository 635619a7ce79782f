import type { Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'

/** How much a key may ask for: at once, and one more every so many seconds. */
export interface Budget {
  readonly burst: number
  readonly secondsEach: number
}

/** One account from one network. */
export const BUDGET: Budget = { burst: 20, secondsEach: 3 }
/** All accounts from one network, where many people may sit behind one address. */
export const NETWORK_BUDGET: Budget = { burst: 120, secondsEach: 0.5 }
/** One account from all networks together, but for devices that it knows. */
export const ACCOUNT_BUDGET: Budget = { burst: 40, secondsEach: 2 }
const BUCKETS_MAX = 10_000

/** Refuses whoever asks too often, before anything slow happens. */
export interface Throttle {
  /** Throws `request.too-many` when this key's budget is used up. */
  take(key: string, budget?: Budget): void
}

/** A token bucket a key, 20 at once and then one every 3 seconds unless told; the buckets used longest ago are forgotten first. */
export function openThrottle(clock: Clock): Throttle {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return {
    take: (key, { burst, secondsEach } = BUDGET) => {
      const now = clock.now().getTime()
      const before = buckets.get(key) ?? { tokens: burst, at: now }
      const grown = before.tokens + Math.max(0, now - before.at) / (secondsEach * 1000)
      const tokens = Math.min(burst, grown)
      buckets.delete(key)
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
      const oldest = buckets.keys().next()
      if (buckets.size > BUCKETS_MAX && oldest.done === false) buckets.delete(oldest.value)
      if (tokens < 1)
        throw new Problem('request.too-many', 'Too many attempts to sign in. Wait a moment.', {
          retryAfterSeconds: Math.ceil((1 - tokens) * secondsEach),
        })
    },
  }
}

/** The part of an address that one subscriber usually holds: /24 of IPv4, /64 of IPv6. */
export function addressPrefix(ip: string): string {
  const four = /(?:^|:)(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(ip)
  if (four?.[1] !== undefined) return four[1]
  const [head = '', tail = ''] = ip.split('%')[0]?.split('::') ?? []
  const front = head === '' ? [] : head.split(':')
  const back = tail === '' ? [] : tail.split(':')
  const gap = ip.includes('::') ? Math.max(0, 8 - front.length - back.length) : 0
  const zeros = Array.from({ length: gap }, () => '0')
  const groups = [...front, ...zeros, ...back].map((group) => group.toLowerCase().padStart(4, '0'))
  return groups.slice(0, 4).join(':').slice(0, 19)
}
