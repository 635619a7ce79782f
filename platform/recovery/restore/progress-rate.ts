import type { OnProgress, Progress } from '#backup'

/** How often progress is told at most (milliseconds). */
const EVERY_MS = 250

/** Progress as people see it: how fast it goes and how long it will take. */
export interface RestoreProgress extends Progress {
  readonly bytesPerSecond: number
  /** Null while nobody knows. */
  readonly secondsLeft: number | null
}

/** Turns progress into rate and time left; each step starts anew. The first and last of a step are always told. */
export function withRate(told: (progress: RestoreProgress) => void): OnProgress {
  let step = ''
  let beganAt = 0
  let toldAt = 0
  return (progress) => {
    const now = performance.now()
    if (progress.step !== step) {
      step = progress.step
      beganAt = now
      toldAt = 0
    }
    const whole = progress.totalBytes !== null && progress.doneBytes >= progress.totalBytes
    if (!whole && now - toldAt < EVERY_MS) return
    toldAt = now
    const seconds = (now - beganAt) / 1000
    const rate = seconds > 0 ? progress.doneBytes / seconds : 0
    const left = progress.totalBytes === null ? null : progress.totalBytes - progress.doneBytes
    told({
      ...progress,
      bytesPerSecond: Math.round(rate),
      secondsLeft: left === null || rate === 0 ? null : Math.round(left / rate),
    })
  }
}
