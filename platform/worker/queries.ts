import { sql } from 'kysely'
import type { Database } from '../db/index.ts'

/** Frees jobs that these workers hold for longer than `heldSeconds` though they run none of them; returns how many. */
export async function freeJobs(
  db: Database,
  held: {
    readonly workers: readonly string[]
    readonly running: readonly string[]
    readonly heldSeconds: number
  },
): Promise<number> {
  const freed = await sql`
    update surety_jobs._private_jobs set locked_at = null, locked_by = null
    where locked_by = any(${held.workers}::text[])
      and id <> all(${held.running}::bigint[])
      and locked_at < now() - make_interval(secs => ${held.heldSeconds})`.execute(db)
  return Number(freed.numAffectedRows ?? 0n)
}
