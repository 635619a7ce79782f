import { errorRecord, type Log } from './kernel/log.ts'

/** Stops once; ends the process in any case, since whoever would end it may be gone, and its database with it. */
export function stopOnce(close: () => Promise<void>, secondsMax: number, log: Log): () => void {
  let stopping = false
  return () => {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(1), secondsMax * 1000).unref()
    close()
      .catch((error: unknown) => {
        log.error(errorRecord(error), 'the stop was not clean')
        process.exitCode = 1
      })
      .finally(() => process.exit())
  }
}
