import { secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'

/** How many failures in a row open the circuit, and how long it stays open. */
export interface BreakerLimits {
  readonly failuresMax: number
  readonly openSeconds: number
}

/** Keeps callers from waiting for somebody who does not answer: after some failures in a row only one probe at a time goes through. */
export interface Breaker {
  /** Whether a call may go; of those that ask when the pause is over, one may, as the probe. */
  enter(): boolean
  /** The last call that went was answered. */
  worked(): void
  /** It was not. */
  failed(): void
  state(): 'closed' | 'open' | 'half-open'
  /** Until the next probe may go; 0 when calls go through. */
  secondsToProbe(): number
}

/** Makes a breaker that lets everything through. */
export function openBreaker(clock: Clock, { failuresMax, openSeconds }: BreakerLimits): Breaker {
  let failures = 0
  let probeAt: Date | null = null
  let probing = false
  const paused = (): boolean => probeAt !== null && secondsBetween(clock.now(), probeAt) > 0
  return {
    enter: () => {
      if (probeAt === null) return true
      if (paused() || probing) return false
      probing = true
      return true
    },
    worked: () => {
      failures = 0
      probeAt = null
      probing = false
    },
    failed: () => {
      failures += 1
      // A call from before the circuit opened says nothing about the probe, but it does say that nobody answers.
      if (failures >= failuresMax) probeAt = secondsAfter(clock.now(), openSeconds)
      probing = false
    },
    state: () => (probeAt === null ? 'closed' : paused() ? 'open' : 'half-open'),
    secondsToProbe: () => (probeAt === null ? 0 : Math.max(0, secondsBetween(clock.now(), probeAt))),
  }
}
