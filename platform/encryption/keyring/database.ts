import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { DB } from './types.ts'

/** The database that holds every key, wrapped; a transaction is accepted wherever one is. Policy 2.3-a.2. */
export type Keyring = Kysely<DB>

/** The role that works on the keyring: it reads and adds keys and destroys them, and nothing else. */
export const KEYRING_ROLE = 'surety_keyring'

/** Opens a pool for the keyring, working as its role; errors of connections go to `onError`. */
export function openKeyring(
  url: string,
  onError: (error: Error) => void,
  { connectionsMax = 4, readOnly = false, onStatement = (_text: string): void => {} } = {},
): Keyring {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: 5000,
    options: `-c search_path=keyring -c role=${KEYRING_ROLE}${readOnly ? ' -c default_transaction_read_only=on' : ''}`,
    application_name: 'surety keyring',
  })
  // The pool hears of idle connections only: one lost between two statements of a transaction would end the process.
  pool.on('connect', (client) => client.on('error', onError))
  pool.on('error', () => {})
  return new Kysely<DB>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => onStatement(query.sql),
  })
}

/** Runs `work` in a transaction, or in the one that `keyring` already is. */
export function together<Result>(keyring: Keyring, work: (tx: Keyring) => Promise<Result>): Promise<Result> {
  return keyring.isTransaction ? work(keyring) : keyring.transaction().execute(work)
}
