import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { testDatabase } from '#database'

/** Whatever a tool has the database do ends after this. */
const STATEMENT_MS_MAX = 12_000

/** A scratch database that is asked in whatever words come in. */
export interface WeakDatabase {
  /** Runs text as it is, several statements if it holds several; rows of the last one that gives any. */
  run(statement: string): Promise<readonly (readonly unknown[])[]>
  close(): Promise<void>
}

/**
 * Opens a scratch database with a few things to look for. Whoever injects statements here has a role that may read these
 * tables alone, in a database that is dropped at the end.
 */
export async function openWeakDatabase(): Promise<WeakDatabase> {
  const scratch = await testDatabase()
  const role = `weak_${randomBytes(4).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  const owner = new pg.Client({ connectionString: scratch.url })
  await owner.connect()
  await owner.query(`
    create schema weak;
    create table weak.item (id int primary key, name text not null, price int not null);
    insert into weak.item values (1, 'lamp', 40), (2, 'table', 120), (3, 'chair', 60);
    create table weak.customer (name text primary key, password text not null);
    insert into weak.customer values ('sample', 'sample-password');
    -- Gives a truth value, so that it can stand behind an OR as the same function of other servers can.
    create function weak.pg_sleep(integer) returns boolean language sql volatile
      as 'select pg_catalog.pg_sleep($1) is not null';
    create role ${role} login password '${password}' connection limit 20;
    alter role ${role} set statement_timeout = ${STATEMENT_MS_MAX};
    alter role ${role} set search_path = weak, pg_catalog;
    grant usage on schema weak to ${role};
    grant select on all tables in schema weak to ${role};
  `)
  const url = scratch.url.replace(/\/\/[^@/]*@/, `//${role}:${password}@`)
  const pool = new pg.Pool({ connectionString: url, max: 10 })
  pool.on('error', () => {})
  return {
    run: async (statement) => {
      // Without values the simple protocol is used, in which a text may hold several statements.
      const results: unknown = await pool.query({ text: statement, rowMode: 'array' })
      const all = (Array.isArray(results) ? results : [results]) as readonly pg.QueryArrayResult[]
      return (all.findLast(({ rows }) => rows.length > 0)?.rows ?? []) as readonly (readonly unknown[])[]
    },
    close: async () => {
      await pool.end()
      await owner.query(`drop owned by ${role}`)
      await owner.query(`drop role ${role}`)
      await owner.end()
      await scratch.drop()
    },
  }
}
