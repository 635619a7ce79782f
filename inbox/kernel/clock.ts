/** The time as Instant Reply sees it; rules never ask the machine directly. */
export interface Clock {
  now(): Date
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => new Date() }

/** The moment `seconds` after `from` (negative: before). */
export function secondsAfter(from: Date, seconds: number): Date {
  return new Date(from.getTime() + Math.round(seconds * 1000))
}
