import { setTimeout as pause } from 'node:timers/promises'

/** More than this between two looks at the clock was given to other processes of the machine, and is not counted. */
export const TURN_MS_MAX = 50

/** A clock of milliseconds that does not count how long a busy machine kept this process waiting; it is looked at often. */
export function openPatientTime(): () => number {
  let [seenAt, countedMs] = [performance.now(), 0]
  return () => {
    const now = performance.now()
    countedMs += Math.min(now - seenAt, TURN_MS_MAX)
    seenAt = now
    return countedMs
  }
}

/** Milliseconds, patiently counted, until something is so; infinite after `msMax`. */
export async function msUntil(isSo: () => Promise<boolean> | boolean, msMax: number): Promise<number> {
  const passedMs = openPatientTime()
  for (;;) {
    if (await isSo()) return passedMs()
    if (passedMs() > msMax) return Infinity
    await pause(1)
  }
}
