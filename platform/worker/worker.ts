import { EventEmitter } from 'node:events'
import type { Task, TaskList, WorkerEvents } from 'graphile-worker'
import type { Database } from '../db/index.ts'
import type { Job } from '../kernel/job.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import { QUEUE_SCHEMA } from './enqueue.ts'
import { library } from './job-library.ts'
import { watchLostJobs, type OwnJobs } from './lost-jobs.ts'

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
  /** Where lost jobs are looked for. */
  readonly db: Database
  readonly jobs: readonly Job[]
  readonly log: Log
  readonly concurrency?: number
}): Promise<Worker> {
  const concurrency = deps.concurrency ?? 4
  const own: OwnJobs = { workers: new Set(), running: new Set() }
  const events: WorkerEvents = new EventEmitter()
  events.on('worker:create', ({ worker }) => own.workers.add(worker.workerId))
  const runner = await library.run({
    events,
    connectionString: deps.databaseUrl,
    schema: QUEUE_SCHEMA,
    concurrency,
    maxPoolSize: concurrency + 1,
    // The composition root decides when to stop; a signal must not end jobs behind its back.
    noHandleSignals: true,
    logger: queueLogger(deps.log),
    taskList: taskList(deps.jobs, deps.log, own.running),
    parsedCronItems: cronItems(deps.jobs),
    // Without batches a job that ends while the database is away would end the process; with them its end is noted later.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  })
  const unwatch = watchLostJobs(deps.db, own, deps.log)
  return {
    ended: runner.promise,
    stop: async (seconds = 10) => {
      unwatch()
      const cut = setTimeout(() => void runner.kill('jobs took too long to end'), seconds * 1000)
      try {
        await runner.stop()
      } finally {
        clearTimeout(cut)
      }
    },
  }
}

function taskList(jobs: readonly Job[], log: Log, running: Set<string>): TaskList {
  const tasks: TaskList = {}
  for (const job of jobs) {
    if (Object.hasOwn(tasks, job.name)) throw new Error(`two jobs are called ${job.name}`)
    tasks[job.name] = taskOf(job, log, running)
  }
  return tasks
}

function taskOf(job: Job, log: Log, running: Set<string>): Task {
  return async (payload, helpers) => {
    const { attempts, max_attempts: triesMax, id } = helpers.job
    running.add(id)
    try {
      await job.run(payload)
    } catch (error) {
      const record = { job: job.name, attempt: attempts, triesMax, ...errorRecord(error) }
      log.error(
        record,
        attempts < triesMax ? 'job failed, will be tried again' : 'job failed and is given up',
      )
      throw error
    } finally {
      running.delete(id)
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
