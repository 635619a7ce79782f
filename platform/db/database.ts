import { Kysely, PostgresDialect, sql, type Transaction as KyselyTransaction } from 'kysely'
import pg from 'pg'
import { keepingPlans } from './kept-plan.ts'
import { noticeIn, type Channel } from './notices.ts'
import type { DB } from './types.ts'

/** A typed connection pool; a transaction is accepted wherever one is. */
export type Database = Kysely<DB>

/** A transaction of the platform's database. */
export type Transaction = KyselyTransaction<DB>

/** A bigint column holds counts and ledger indices, all far below 2^53. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/**
 * Opens the pool; the schema `surety` comes first in the search path. Errors of connections go to `onError`, the
 * text of every statement, without its parameters, to `onStatement`, and every notice that is sent, before it is
 * committed, to `onNotice`. No statement waits longer than `waitMsMax` for a connection.
 */
export function openDatabase(
  url: string,
  onError: (error: Error) => void,
  {
    connectionsMax = 10,
    waitMsMax = 5000,
    onStatement = (_text: string): void => {},
    onNotice = (_channel: Channel, _payload: string): void => {},
  } = {},
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: waitMsMax,
    options: '-c search_path=surety',
    application_name: 'surety',
  })
  // The pool hears of idle connections only: one lost between two statements of a transaction would end the process.
  pool.on('connect', (client) => client.on('error', onError))
  pool.on('error', () => {})
  return new Kysely<DB>({
    dialect: new PostgresDialect({ pool: keepingPlans(pool) }),
    log: ({ query }) => {
      onStatement(query.sql)
      const notice = noticeIn(query.sql, query.parameters)
      if (notice !== null) onNotice(notice.channel, notice.payload)
    },
  })
}

/** True when the database answers; throws what it or the connection says when it does not. */
export async function databaseAnswers(db: Database): Promise<boolean> {
  await sql`select 1`.execute(db)
  return true
}
