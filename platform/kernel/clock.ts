/** A minute, in seconds. */
export const MINUTE = 60
/** An hour, in seconds. */
export const HOUR = 3600
/** A day, in seconds. */
export const DAY = 86_400

/** The time as the system sees it; rules never ask the machine directly. */
export interface Clock {
  now(): Date
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => new Date() }

/** A clock that stands still until it is told to move; for tests and for checks that look ahead. */
export interface FakeClock extends Clock {
  set(to: Date): void
  advanceSeconds(seconds: number): void
}

/** Makes a clock standing at `start`. */
export function fakeClock(start: Date = new Date('2026-01-30T12:00:00Z')): FakeClock {
  let current = start.getTime()
  return {
    now: () => new Date(current),
    set: (to) => {
      current = to.getTime()
    },
    advanceSeconds: (seconds) => {
      current += Math.round(seconds * 1000)
    },
  }
}

/** The moment `seconds` after `from` (negative: before). */
export function secondsAfter(from: Date, seconds: number): Date {
  return new Date(from.getTime() + Math.round(seconds * 1000))
}

/** Seconds from `from` to `to`. */
export function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000
}
