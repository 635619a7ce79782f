import type { Database } from '../db/index.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import { freeJobs } from './queries.ts'

/** A job that nobody runs may stay locked this long before it is freed. */
const HELD_SECONDS_MAX = 60
const LOOK_EVERY_MS = 30_000

/** What this process knows of its own workers and of the jobs they run. */
export interface OwnJobs {
  readonly workers: Set<string>
  readonly running: Set<string>
}

/**
 * Frees jobs of this process that were taken or ended while the database was away, so that neither the answer nor the
 * end arrived: the queue itself would hold them for hours. Their work is done again, as after every crash.
 */
export async function freeLostJobs(db: Database, { workers, running }: OwnJobs, log: Log): Promise<number> {
  const freed = await freeJobs(db, {
    workers: [...workers],
    running: [...running],
    heldSeconds: HELD_SECONDS_MAX,
  })
  if (freed > 0) log.warn({ freed }, 'jobs were locked and run by nobody; they are tried again')
  return freed
}

/** Looks for lost jobs twice a minute; returns how to stop. */
export function watchLostJobs(db: Database, own: OwnJobs, log: Log): () => void {
  const timer = setInterval(() => {
    freeLostJobs(db, own, log).catch((error: unknown) =>
      log.warn(errorRecord(error), 'lost jobs were not looked for'),
    )
  }, LOOK_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
