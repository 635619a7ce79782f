import { createHash } from 'node:crypto'
import { sql, type PostgresPool, type PostgresPoolClient } from 'kysely'
import type pg from 'pg'

const MARK = '/* kept */'

/**
 * Ends a statement that runs very often and always has the same text: each connection prepares it once, and the server
 * keeps its plan.
 */
export const keptPlan = sql`/* kept */`

/** The name that a marked statement is prepared under: one text, one name. */
function nameOf(names: Map<string, string>, text: string): string | undefined {
  if (!text.endsWith(MARK)) return undefined
  const known = names.get(text) ?? createHash('sha256').update(text).digest('hex').slice(0, 32)
  names.set(text, known)
  return known
}

/** The connection, with marked statements prepared by name; everything else is the connection's own. */
function keeping(client: pg.PoolClient, names: Map<string, string>): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
    const name = nameOf(names, text)
    return name === undefined
      ? client.query(text, [...values])
      : client.query({ name, text, values: [...values] })
  }
  return Object.create(client, { query: { value: query } }) as PostgresPoolClient
}

/** The pool as the query builder sees it. */
export function keepingPlans(pool: pg.Pool): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  const names = new Map<string, string>()
  return {
    options: pool.options,
    connect: async () => {
      const client = await pool.connect()
      const made = known.get(client) ?? keeping(client, names)
      known.set(client, made)
      return made
    },
    end: () => pool.end(),
  }
}
