import { runMigrations } from 'graphile-worker'
import { sql } from 'kysely'
import type { Database } from '../db/database.ts'

/** The schema that graphile-worker keeps its jobs in. */
export const JOBS_SCHEMA = 'inbox_jobs'

/** Work that is enqueued with the change that needs it. */
export type JobName = 'intake' | 'deliver'

/** Enqueues in the caller's transaction: the wake-up is committed with the work, or neither is. */
export type Enqueue = (
  db: Database,
  job: JobName,
  payload?: Readonly<Record<string, string>>,
  runAt?: Date,
) => Promise<void>

/** Makes or updates the schema of jobs. */
export async function migrateJobs(url: string): Promise<void> {
  await runMigrations({ connectionString: url, schema: JOBS_SCHEMA })
}

/** Enqueues through a function of our own, so that work for a workspace needs no access to the jobs' tables. */
export const enqueue: Enqueue = async (db, job, payload = {}, runAt) => {
  await sql`
    select enqueue_job(${job}::text, ${JSON.stringify(payload)}::json, ${runAt ?? null}::timestamptz)`.execute(
    db,
  )
}
