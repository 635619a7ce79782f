import { sql } from 'kysely'
import type { Database, Transaction } from './database.ts'

/**
 * Runs work for one workspace in a transaction as a role that sees the rows of this workspace and no others, whatever
 * its statements ask for: the second wall, should a condition be forgotten or an id be forged. `workspace` is the
 * caller's own, as the front door established it, never one that came with the request. Policy 3.2-0.
 */
export function asTenant<Result>(
  db: Database,
  workspace: string,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  return db.transaction().execute(async (tx) => {
    await enterTenant(tx, workspace)
    return work(tx)
  })
}

/** From here to its end, or until it leaves, a transaction sees this workspace only. */
export async function enterTenant(tx: Database, workspace: string): Promise<void> {
  // Both end with the transaction, so that no other one inherits them from the pool.
  await sql`select set_config('role', 'surety_tenant', true), set_config('surety.workspace', ${workspace}, true)`.execute(
    tx,
  )
}

/** Makes a transaction the owner's again, for what belongs to no one workspace. */
export async function leaveTenant(tx: Database): Promise<void> {
  await sql`select set_config('role', 'none', true), set_config('surety.workspace', '', true)`.execute(tx)
}
