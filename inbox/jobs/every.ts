import { setTimeout as pause } from 'node:timers/promises'

/** Runs `work` again and again, `seconds` after each end; failures go to `onError` and do not stop it. Returns how to stop. */
export function every(
  seconds: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  const stop = new AbortController()
  const turns = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await work().catch(onError)
      // Ended early by a stop, which the loop's condition then sees.
      await pause(seconds * 1000, undefined, { signal: stop.signal }).catch(() => {})
    }
  }
  const running = turns()
  return async () => {
    stop.abort()
    await running
  }
}
