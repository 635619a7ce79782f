import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'

/** How a server is reached and as whom, as a connection URL says it. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  /** How it is reached over TLS; null without. */
  readonly tls: ConnectionOptions | null
  readonly user: string
  readonly password: string
  readonly database: string
}

/** What a connection URL says; read as every connection of this program reads it. */
export function serverAddress(url: string): ServerAddress {
  const { host, port, ssl, user, password, database } = new pg.Client({ connectionString: url }) as Omit<
    pg.Client,
    'ssl'
  > & { readonly ssl: boolean | ConnectionOptions }
  return {
    host,
    port,
    tls: ssl === false ? null : ssl === true ? {} : ssl,
    user: user ?? '',
    password: password ?? '',
    database: database ?? '',
  }
}

/** How long a server may take to be reached and to answer a question, unless told otherwise (milliseconds). */
const ANSWER_MS_MAX = 2000

/** Works on a connection to a server and ends it. Throws what it or the server throws. */
export async function withServer<Result>(
  { host, port, tls, user, password, database }: ServerAddress,
  work: (client: pg.Client) => Promise<Result>,
  answerMs: number = ANSWER_MS_MAX,
): Promise<Result> {
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database,
    ssl: tls ?? false,
    connectionTimeoutMillis: ANSWER_MS_MAX,
    query_timeout: answerMs,
    application_name: 'surety failover',
  })
  // A connection that is lost fails the statement that waits for it.
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
