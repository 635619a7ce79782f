import { sql } from 'kysely'
import type { Database } from '../../db/index.ts'

/** The newest moment that the restored platform wrote by itself; null in a database without one. Policy 6.2-b. */
export async function lastHeartbeat(db: Database): Promise<Date | null> {
  const found = await sql<{
    there: string | null
  }>`select to_regclass('surety.heartbeat')::text as there`.execute(db)
  if (found.rows[0]?.there === null) return null
  const row = await db.selectFrom('heartbeat').select('at').executeTakeFirst()
  return row?.at ?? null
}

/** How many rows each table outside of PostgreSQL's own has, counted one by one. */
export async function rowsOfTables(db: Database): Promise<ReadonlyMap<string, number>> {
  const tables = await sql<{ schema: string; name: string }>`
    select schemaname as schema, tablename as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2`.execute(db)
  const counts = new Map<string, number>()
  for (const { schema, name } of tables.rows) {
    const { rows } = await sql<{
      count: string
    }>`select count(*)::text as count from ${sql.id(schema, name)}`.execute(db)
    counts.set(`${schema}.${name}`, Number(rows[0]?.count))
  }
  return counts
}

/** Whether pages of this cluster carry checksums. */
export async function hasChecksums(db: Database): Promise<boolean> {
  const { rows } = await sql<{ data_checksums: string }>`show data_checksums`.execute(db)
  return rows[0]?.data_checksums === 'on'
}

/** Gives a role of the cluster another password; the text goes to nobody but the server on the private socket. */
export async function setPassword(db: Database, role: string, password: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // The command takes no parameter; the server quotes what it is given as one.
    await sql`select set_config('surety.role', ${role}, true), set_config('surety.password', ${password}, true)`.execute(
      tx,
    )
    await sql`do $$ begin
      execute format('alter role %I password %L', current_setting('surety.role'), current_setting('surety.password'));
    end $$`.execute(tx)
  })
}
