import { sql, type Kysely } from 'kysely'

/** The database schema that the queue lives in. */
export const QUEUE_SCHEMA = 'surety_jobs'

/**
 * Adds a job to the queue: with a transaction it exists exactly when the transaction commits. `key` keeps at most one
 * waiting job of that key; `delaySeconds` puts it off; `triesMax` is 25 unless told; a lower `priority` runs first, 0 unless told.
 */
export async function enqueue<Tables>(
  db: Kysely<Tables>,
  jobName: string,
  payload: object,
  options: {
    readonly key?: string
    readonly delaySeconds?: number
    readonly triesMax?: number
    readonly priority?: number
  } = {},
): Promise<void> {
  await sql`select ${sql.id(QUEUE_SCHEMA, 'add_job')}(
    identifier := ${jobName},
    payload := ${JSON.stringify(payload)}::json,
    run_at := now() + make_interval(secs => ${options.delaySeconds ?? 0}),
    max_attempts := ${options.triesMax ?? null}::int,
    job_key := ${options.key ?? null},
    priority := ${options.priority ?? null}::int
  )`.execute(db)
}
