import type { Clock } from '../kernel/clock.ts'

/** Counts uses by key; a key that used up its budget must wait for the next span. */
export interface Budget {
  /** Whether one more use is within the budget; counts it. */
  take(key: string): boolean
}

/** Keys are dropped when there are more than this. */
const KEYS_MAX = 10_000

/** So many uses by each key in each span of `seconds`; kept in memory. */
export function openBudget(clock: Clock, uses: number, seconds: number): Budget {
  let spanEnds = 0
  let used = new Map<string, number>()
  return {
    take: (key) => {
      const now = clock.now().getTime()
      if (now >= spanEnds || used.size > KEYS_MAX) {
        used = new Map()
        spanEnds = now + seconds * 1000
      }
      const before = used.get(key) ?? 0
      used.set(key, before + 1)
      return before < uses
    },
  }
}
