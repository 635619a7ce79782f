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

/** Enqueues through graphile-worker's SQL function. */
export const enqueue: Enqueue = async (db, job, payload = {}, runAt) => {
  await sql`
    select ${sql.ref(`${JOBS_SCHEMA}.add_job`)}(
      identifier => ${job}::text,
      payload => ${JSON.stringify(payload)}::json,
      run_at => ${runAt ?? null}::timestamptz,
      max_attempts => 10
    )`.execute(db)
}
