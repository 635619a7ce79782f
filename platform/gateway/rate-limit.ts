import type { Clock } from '../kernel/clock.ts'

/**
 * The budgets that requests draw on: `page`, `api` and `sign-in` are each client's own, `route` is a client's at one
 * route, `account` and `workspace` are shared by everybody who acts for them, and `network` is everything that one client
 * network sends, known callers included.
 */
export type RateBudget = 'page' | 'api' | 'sign-in' | 'route' | 'account' | 'workspace' | 'network'

/** One request, wanted from one budget that holds `limit` requests in any 60 seconds. */
export interface RateWant {
  readonly budget: RateBudget
  readonly client: string
  readonly limit: number
}

/** What a budget said: whether the request may go on, and what is left of it. */
export interface RateVerdict {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Seconds until a refused client may come back, or until the whole budget is free again. */
  readonly resetSeconds: number
}

/** What all budgets of one request said; a request that one of them refuses is taken from none. */
export interface RateVerdicts {
  /** The first budget that refused; null when the request may go on. */
  readonly refusedBy: RateWant | null
  /** One for each want, in their order. */
  readonly each: readonly RateVerdict[]
}

/** Counts requests by client, in this process or in a store that several share, which is why it is asynchronous. */
export interface RateLimiter {
  /** Takes one request from a client's budget of `limit` requests in any 60 seconds. */
  take(budget: RateBudget, client: string, limit: number): Promise<RateVerdict>
  /** Takes one request from every budget, or from none. */
  takeEach(wants: readonly RateWant[]): Promise<RateVerdicts>
}

/** Where requests are counted: each want answered with how many the last 60 seconds hold. */
export interface RateStore {
  takeEach(wants: readonly RateWant[]): Promise<readonly RateVerdict[]>
}

const WINDOW_SECONDS = 60

/** How many budgets are counted at once; about 500 bytes each. The one not used for longest is forgotten first. */
const BUDGETS_MAX = 40_000

interface Window {
  /** Requests in each of the last 61 seconds, by second modulo 61. */
  readonly counts: Uint32Array
  second: number
  total: number
}

/** Opens a limiter over a store. */
export function limiterOver(store: RateStore): RateLimiter {
  const takeEach = async (wants: readonly RateWant[]): Promise<RateVerdicts> => {
    const each = await store.takeEach(wants)
    const refused = each.findIndex(({ allowed }) => !allowed)
    return { refusedBy: wants[refused] ?? null, each }
  }
  return {
    takeEach,
    take: async (budget, client, limit) => {
      const [verdict] = await store.takeEach([{ budget, client, limit }])
      if (verdict === undefined) throw new Error('the store of rates gave no answer')
      return verdict
    },
  }
}

/** Opens a limiter that counts in this process. */
export function openRateLimiter(clock: Clock, budgetsMax = BUDGETS_MAX): RateLimiter {
  return limiterOver(countHere(clock, budgetsMax))
}

/**
 * Counts in this process and keeps the promise to the letter: no 60 seconds, wherever they begin, hold more than the
 * limit. (A token bucket that refills at the same rate would let nearly twice as many through in a minute.) Refused
 * requests are not counted, so a client that slows down is served again. Policy 4.1-d, 4.3-a.1.
 */
export function countHere(clock: Clock, budgetsMax = BUDGETS_MAX): RateStore {
  const windows = new Map<string, Window>()
  const windowOf = (want: RateWant, second: number): Window => {
    const key = `${want.budget} ${want.client}`
    const window = windows.get(key) ?? { counts: new Uint32Array(SLOTS), second, total: 0 }
    windows.delete(key)
    windows.set(key, window)
    if (windows.size > budgetsMax) windows.delete(windows.keys().next().value ?? key)
    return window
  }
  return {
    takeEach: async (wants) => {
      const second = Math.floor(clock.now().getTime() / 1000)
      const found = wants.map((want) => ({ window: windowOf(want, second), limit: want.limit }))
      for (const { window } of found) advance(window, second)
      const allowed = found.every(({ window, limit }) => window.total < limit)
      if (allowed) for (const { window } of found) spend(window)
      return found.map(({ window, limit }) => verdictOf(window, limit, allowed))
    },
  }
}

const SLOTS = WINDOW_SECONDS + 1

/** Forgets what is older than the window. */
function advance(window: Window, second: number): void {
  // A clock that was set back must not free anything.
  const now = Math.max(second, window.second)
  for (let passed = window.second + 1; passed <= Math.min(now, window.second + SLOTS); passed += 1) {
    window.total -= window.counts[passed % SLOTS] ?? 0
    window.counts[passed % SLOTS] = 0
  }
  window.second = now
}

function spend(window: Window): void {
  window.total += 1
  window.counts[window.second % SLOTS] = (window.counts[window.second % SLOTS] ?? 0) + 1
}

function verdictOf(window: Window, limit: number, spent: boolean): RateVerdict {
  const allowed = spent || window.total < limit
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
