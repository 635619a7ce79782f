import { sql, type Kysely } from 'kysely'

/** The database schema that the queue lives in. */
export const QUEUE_SCHEMA = 'surety_jobs'

/**
 * Adds a job to the queue: with a transaction it exists exactly when the transaction commits. `key` keeps at most one
 * waiting job of that key; `runAt` (machine time) puts it off; `triesMax` overrides the job's own limit.
 */
export async function enqueue<Tables>(
  db: Kysely<Tables>,
  jobName: string,
  payload: object,
  options: { readonly key?: string; readonly runAt?: Date; readonly triesMax?: number } = {},
): Promise<void> {
  await sql`select ${sql.id(QUEUE_SCHEMA, 'add_job')}(
    identifier := ${jobName},
    payload := ${JSON.stringify(payload)}::json,
    run_at := ${options.runAt ?? null}::timestamptz,
    max_attempts := ${options.triesMax ?? null}::int,
    job_key := ${options.key ?? null}
  )`.execute(db)
}
