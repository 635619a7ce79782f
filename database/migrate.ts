import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'

/** A migration that cannot be applied; nothing of it was. */
export class MigrationError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'MigrationError'
  }
}

/** Held while migrating, so that two starters at once apply each file once. */
const MIGRATION_LOCK = 0x5ec0_0001

/**
 * Applies the files `NNNN-name.sql` of `folder` in order, once each, each in a transaction of its own, inside the
 * database schema `schema`; returns the names applied. An applied file that was edited is refused.
 */
export async function migrate(url: string, folder: URL, schema: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name)).sort()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    await prepare(client, schema)
    const applied = await appliedFiles(client)
    const ran: string[] = []
    for (const name of names) {
      const text = await readFile(new URL(name, folder), 'utf8')
      if (await applyOnce(client, name, text, applied.get(name))) ran.push(name)
    }
    return ran
  } finally {
    await client.end()
  }
}

async function prepare(client: pg.Client, schema: string): Promise<void> {
  const quoted = pg.escapeIdentifier(schema)
  await client.query(`create schema if not exists ${quoted}`)
  await client.query(`set search_path to ${quoted}`)
  await client.query(
    'create table if not exists migration (name text primary key, sha256 text not null, applied_at timestamptz not null default now())',
  )
}

async function appliedFiles(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from migration')
  return new Map(rows.map((row) => [row.name, row.sha256]))
}

async function applyOnce(
  client: pg.Client,
  name: string,
  text: string,
  before: string | undefined,
): Promise<boolean> {
  const sha256 = createHash('sha256').update(text).digest('hex')
  if (before === sha256) return false
  if (before !== undefined) throw new MigrationError(`migration ${name} was edited after it was applied`)
  await client.query('begin')
  try {
    await client.query(text)
    await client.query('insert into migration (name, sha256) values ($1, $2)', [name, sha256])
    await client.query('commit')
    return true
  } catch (error) {
    await client.query('rollback')
    throw new MigrationError(
      `migration ${name} failed: ${error instanceof Error ? error.message : 'unknown'}`,
      error,
    )
  }
}
