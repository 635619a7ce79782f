import type { Task, TaskList } from 'graphile-worker'
import type { Job } from '../kernel/job.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import { QUEUE_SCHEMA } from './enqueue.ts'
import { library } from './job-library.ts'

/** A running worker. */
export interface Worker {
  /** Settles when the worker stopped; rejects when it stopped by itself because of an error. */
  readonly ended: Promise<void>
  /** Takes no new job and waits up to `seconds` for those under way; what is cut off is tried again later. */
  stop(seconds?: number): Promise<void>
}

/** Tries before a job is given up, when it does not say. */
const TRIES_MAX = 25

/** Starts running the jobs on the queue of the database, which is made or brought up to date first. */
export async function startWorker(deps: {
  readonly databaseUrl: string
  readonly jobs: readonly Job[]
  readonly log: Log
  readonly concurrency?: number
}): Promise<Worker> {
  const concurrency = deps.concurrency ?? 4
  const runner = await library.run({
    connectionString: deps.databaseUrl,
    schema: QUEUE_SCHEMA,
    concurrency,
    maxPoolSize: concurrency + 1,
    // The composition root decides when to stop; a signal must not end jobs behind its back.
    noHandleSignals: true,
    logger: queueLogger(deps.log),
    taskList: taskList(deps.jobs, deps.log),
    parsedCronItems: cronItems(deps.jobs),
    // Without batches a job that ends while the database is away would end the process; with them its end is noted later.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  })
  return {
    ended: runner.promise,
    stop: async (seconds = 10) => {
      const cut = setTimeout(() => void runner.kill('jobs took too long to end'), seconds * 1000)
      try {
        await runner.stop()
      } finally {
        clearTimeout(cut)
      }
    },
  }
}

function taskList(jobs: readonly Job[], log: Log): TaskList {
  const tasks: TaskList = {}
  for (const job of jobs) {
    if (Object.hasOwn(tasks, job.name)) throw new Error(`two jobs are called ${job.name}`)
    tasks[job.name] = taskOf(job, log)
  }
  return tasks
}

function taskOf(job: Job, log: Log): Task {
  return async (payload, helpers) => {
    const { attempts, max_attempts: triesMax } = helpers.job
    try {
      await job.run(payload)
    } catch (error) {
      const record = { job: job.name, attempt: attempts, triesMax, ...errorRecord(error) }
      log.error(
        record,
        attempts < triesMax ? 'job failed, will be tried again' : 'job failed and is given up',
      )
      throw error
    }
  }
}

function cronItems(jobs: readonly Job[]): ReturnType<typeof library.parseCronItems> {
  return library.parseCronItems(
    jobs.flatMap((job) =>
      job.cron === undefined
        ? []
        : [
            {
              task: job.name,
              match: job.cron,
              options: { maxAttempts: job.triesMax ?? TRIES_MAX, jobKey: `cron ${job.name}` },
            },
          ],
    ),
  )
}

/** The library's own messages; a failing job is logged by `taskOf`, without its payload. */
function queueLogger(log: Log): InstanceType<typeof library.Logger> {
  return new library.Logger(() => (level, message, meta) => {
    if (meta['failure'] === true) return
    if (level === 'error') log.error({ queue: message }, 'job queue')
    else if (level === 'warning') log.warn({ queue: message }, 'job queue')
    else log.debug({ queue: message }, 'job queue')
  })
}
