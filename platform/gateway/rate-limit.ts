import type { Clock } from '../kernel/clock.ts'

/** The budgets that requests draw on; `network` is everything that one client network sends, known callers included. */
export type RateBudget = 'page' | 'api' | 'sign-in' | 'network'

/** What a budget said: whether the request may go on, and what is left of it. */
export interface RateVerdict {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Seconds until a refused client may come back, or until the whole budget is free again. */
  readonly resetSeconds: number
}

/**
 * Counts requests by client. This one counts inside one process; a store shared by several gateways stands behind
 * the same interface, which is why it is asynchronous.
 */
export interface RateLimiter {
  /** Takes one request from a client's budget of `limit` requests in any 60 seconds. */
  take(budget: RateBudget, client: string, limit: number): Promise<RateVerdict>
}

const WINDOW_SECONDS = 60

/** How many clients are counted at once; about 500 bytes each. The one not seen for longest is forgotten first. */
const CLIENTS_MAX = 20_000

interface Window {
  /** Requests in each of the last 61 seconds, by second modulo 61. */
  readonly counts: Uint32Array
  second: number
  total: number
}

/**
 * Opens a limiter that keeps the promise to the letter: no 60 seconds, wherever they begin, hold more than the limit.
 * Refused requests are not counted, so a client that slows down is served again. Policy 4.3-a.1.
 */
export function openRateLimiter(clock: Clock, clientsMax = CLIENTS_MAX): RateLimiter {
  const windows = new Map<string, Window>()
  return {
    take: async (budget, client, limit) => {
      const second = Math.floor(clock.now().getTime() / 1000)
      const key = `${budget} ${client}`
      const window = windows.get(key) ?? newWindow(second)
      windows.delete(key)
      windows.set(key, window)
      if (windows.size > clientsMax) windows.delete(windows.keys().next().value ?? key)
      return spend(window, second, limit)
    },
  }
}

const SLOTS = WINDOW_SECONDS + 1

function newWindow(second: number): Window {
  return { counts: new Uint32Array(SLOTS), second, total: 0 }
}

function spend(window: Window, second: number, limit: number): RateVerdict {
  // A clock that was set back must not free anything.
  const now = Math.max(second, window.second)
  for (let passed = window.second + 1; passed <= Math.min(now, window.second + SLOTS); passed += 1) {
    window.total -= window.counts[passed % SLOTS] ?? 0
    window.counts[passed % SLOTS] = 0
  }
  window.second = now
  const allowed = window.total < limit
  if (allowed) {
    window.total += 1
    window.counts[now % SLOTS] = (window.counts[now % SLOTS] ?? 0) + 1
  }
  const resetSeconds = allowed ? WINDOW_SECONDS : secondsToFree(window, limit)
  return { allowed, limit, remaining: Math.max(0, limit - window.total), resetSeconds }
}

/** Seconds until enough of the oldest requests left the window; more than one after the limit was lowered. */
function secondsToFree(window: Window, limit: number): number {
  let left = window.total
  for (let age = WINDOW_SECONDS; age > 0; age -= 1) {
    left -= window.counts[(window.second - age + SLOTS) % SLOTS] ?? 0
    if (left < limit) return SLOTS - age
  }
  return SLOTS
}

/** The headers of draft-ietf-httpapi-ratelimit-headers, and Retry-After when refused. */
export function rateHeaders(budget: RateBudget, verdict: RateVerdict): Record<string, string> {
  return {
    'ratelimit-policy': `"${budget}";q=${verdict.limit};w=${WINDOW_SECONDS}`,
    ratelimit: `"${budget}";r=${verdict.remaining};t=${verdict.resetSeconds}`,
    ...(verdict.allowed ? {} : { 'retry-after': String(verdict.resetSeconds) }),
  }
}
