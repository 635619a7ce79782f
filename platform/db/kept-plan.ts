import { sql, type PostgresPool, type PostgresPoolClient, type RawBuilder } from 'kysely'
import type pg from 'pg'

/** How a statement says that its plan is to be kept. */
const MARK = /\/\* kept as ([a-z-]{1,40}) \*\/$/

/**
 * Ends a statement that runs very often: each connection prepares it once, under this name, and the server keeps its
 * plan. The name must belong to one text alone.
 */
export function keptAs(name: string): RawBuilder<unknown> {
  return sql.raw(`/* kept as ${name} */`)
}

/** The connection, with marked statements prepared by name; everything else is the connection's own. */
function keeping(client: pg.PoolClient): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
    const name = MARK.exec(text)?.[1]
    return name === undefined
      ? client.query(text, [...values])
      : client.query({ name, text, values: [...values] })
  }
  return Object.create(client, { query: { value: query } }) as PostgresPoolClient
}

/** The pool as the query builder sees it. */
export function keepingPlans(pool: pg.Pool): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    connect: async () => {
      const client = await pool.connect()
      const made = known.get(client) ?? keeping(client)
      known.set(client, made)
      return made
    },
    end: () => pool.end(),
  }
}
