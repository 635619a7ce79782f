import { Logger, parseCronItems, run, type Runner, type TaskList } from 'graphile-worker'
import { setTimeout as pause } from 'node:timers/promises'
import { errorRecord, type Log } from '../kernel/log.ts'
import type { InboxJob } from '../service.ts'
import { JOBS_SCHEMA } from './queue.ts'

/** Running jobs. */
export interface JobRunner {
  stop(): Promise<void>
}

const CONCURRENCY = 4
const RESTART_MS = 2000

/** Runs jobs until stopped; after the database was lost, it starts again by itself. */
export async function runJobs(url: string, jobs: readonly InboxJob[], log: Log): Promise<JobRunner> {
  const stop = new AbortController()
  let runner: Runner = await startRunner(url, jobs, log)

  const restart = async (): Promise<void> => {
    await pause(RESTART_MS, undefined, { signal: stop.signal }).catch(() => {})
    if (stop.signal.aborted) return
    try {
      runner = await startRunner(url, jobs, log)
    } catch (error) {
      log.warn(errorRecord(error), 'the job runner cannot start yet')
    }
  }
  const supervise = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await runner.promise.catch((error: unknown) => log.warn(errorRecord(error), 'the job runner ended'))
      if (!stop.signal.aborted) await restart()
    }
  }
  const supervised = supervise()
  return {
    stop: async () => {
      stop.abort()
      // A runner that ended by itself refuses to be stopped again.
      await runner.stop().catch((error: unknown) => log.warn(errorRecord(error), 'the job runner had ended'))
      await supervised
    },
  }
}

function startRunner(url: string, jobs: readonly InboxJob[], log: Log): Promise<Runner> {
  return run({
    connectionString: url,
    schema: JOBS_SCHEMA,
    concurrency: CONCURRENCY,
    maxPoolSize: CONCURRENCY + 2,
    noHandleSignals: true,
    pollInterval: 1000,
    // Without batches a job that ends while the database is away would end the process; with them its end is noted later.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    // Its messages can quote payloads and statements, so only their levels are kept.
    logger: new Logger(() => (level, _message, meta) => {
      if (level === 'error') log.error({ job: jobNameOf(meta) }, 'a job or the job runner failed')
    }),
    taskList: Object.fromEntries(
      jobs.map((job) => [job.name, (payload: unknown) => runLogged(job, payload, log)]),
    ) as TaskList,
    parsedCronItems: parseCronItems(
      jobs.flatMap(({ name, cron }) =>
        cron === undefined
          ? []
          : [{ task: name, match: cron, identifier: name, options: { jobKey: name, maxAttempts: 1 } }],
      ),
    ),
  })
}

function jobNameOf(meta: unknown): string | null {
  const job = (meta as { job?: { task_identifier?: string } } | undefined)?.job
  return job?.task_identifier ?? null
}

async function runLogged(job: InboxJob, payload: unknown, log: Log): Promise<void> {
  try {
    // What cron adds to a payload is no part of the work.
    await job.run(payload)
  } catch (error) {
    log.error({ job: job.name, ...errorRecord(error) }, 'a job failed and will be tried again')
    throw new Error(`the job ${job.name} failed`, { cause: error })
  }
}
