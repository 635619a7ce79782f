import { sql } from 'kysely'
import type { Database } from './database.ts'

/**
 * Lets only one transaction at a time work on values that are looked up by these bytes, also before a row has them. While a key is
 * being replaced a value has several, and a unique index sees each of them alone. All at once and in one order, so that two
 * transactions never wait for each other.
 */
export async function holdLookUps(tx: Database, lookUps: readonly (readonly Buffer[])[]): Promise<void> {
  // The end of an index is pseudo-random, whatever its version.
  const locks = lookUps.flat().map((one) => one.readBigInt64BE(one.length - 8))
  const sorted = locks.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(String)
  await sql`select pg_advisory_xact_lock(one) from unnest(${sorted}::bigint[]) as one`.execute(tx)
}
