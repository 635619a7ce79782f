import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { DB } from './types.ts'

/** A typed connection pool; a transaction is accepted wherever one is. */
export type Database = Kysely<DB>

/** A bigint column holds sequence numbers, all far below 2^53. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** Opens the pool; the schema `inbox` comes first in the search path. Errors of connections go to `onError`. */
export function openDatabase(url: string, onError: (error: Error) => void, connectionsMax = 10): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: 5000,
    // A question that nobody answers must not hold a connection for ever.
    query_timeout: 15_000,
    options: '-c search_path=inbox -c statement_timeout=10000 -c idle_in_transaction_session_timeout=20000',
    application_name: 'instant reply',
  })
  // The pool hears of idle connections only: one lost between two statements of a transaction would end the process.
  pool.on('connect', (client) => client.on('error', onError))
  pool.on('error', () => {})
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
}

/** Resolves when the database answers. */
export async function databaseAnswers(db: Database): Promise<void> {
  await sql`select 1`.execute(db)
}
