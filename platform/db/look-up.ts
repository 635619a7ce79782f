import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Lets only one transaction at a time store a value that is looked up by these bytes. While a key is being replaced a value has
 * several, and a unique index sees each of them alone: whoever stores one holds all, looks for any, and stores then.
 */
export async function holdLookUp(tx: Database, lookUp: readonly Buffer[]): Promise<void> {
  // With one key the unique index is enough.
  if (lookUp.length < 2) return
  if (!tx.isTransaction)
    throw new Error('a look-up value is held until the end of a transaction, and there is none')
  // The end of an index is pseudo-random, whatever its version.
  const locks = lookUp
    .map((one) => one.readBigInt64BE(one.length - 8))
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  await sql`select pg_advisory_xact_lock(one) from unnest(${locks.map(String)}::bigint[]) as one`.execute(tx)
}
