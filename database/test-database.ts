import { rmSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { startPostgres, type PostgresServer } from './embedded.ts'
import { migrate } from './migrate.ts'

/** A database of a test's own, migrated and empty. */
export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** What is migrated into the template that test databases are copied from. */
const MIGRATED = [
  [new URL('../platform/db/migrations/', import.meta.url), 'surety'],
  [new URL('../inbox/db/migrations/', import.meta.url), 'inbox'],
  [new URL('../platform/encryption/keyring-migrations/', import.meta.url), 'keyring'],
] as const

/** Speed over safety: a test server has nothing to lose. */
const TEST_SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=300',
  'shared_buffers=64MB',
]

/** The template's name says which migrations are in it, so that one server serves several states of the tree. */
async function templateName(): Promise<string> {
  const hash = createHash('sha256')
  for (const [folder] of MIGRATED) {
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort())
      hash.update(name).update(await readFile(new URL(name, folder)))
  }
  return `surety_template_${hash.digest('hex').slice(0, 12)}`
}

let own: Promise<string> | undefined

async function ownServer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-test-'))
  // As root the server runs as another user, who has to pass through here.
  await chmod(folder, 0o755)
  const server: PostgresServer = await startPostgres({
    dataFolder: join(folder, 'data'),
    passwordFile: join(folder, 'password'),
    settings: TEST_SETTINGS,
  })
  server.release()
  process.once('exit', () => {
    // SIGQUIT stops it at once, without writing anything: there is nothing to keep.
    process.kill(server.processId, 'SIGQUIT')
    for (const made of [folder, server.socketFolder])
      rmSync(made, { recursive: true, force: true, maxRetries: 5 })
  })
  return server.url
}

async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

function named(url: string, database: string): string {
  return url.replace(/\/[^/?]*(\?|$)/, `/${database}$1`)
}

/** Makes the migrated template once a server, also when several test files ask at once. */
async function prepareTemplate(server: string): Promise<string> {
  const template = await templateName()
  await withClient(server, async (client) => {
    await client.query('select pg_advisory_lock(271828)')
    const found = await client.query('select 1 from pg_database where datname = $1', [template])
    if (found.rowCount !== 0) return
    const making = `${template}_making`
    await client.query(`drop database if exists ${making}`)
    await client.query(`create database ${making}`)
    for (const [folder, schema] of MIGRATED) await migrate(named(server, making), folder, schema)
    await client.query(`alter database ${making} rename to ${template}`)
  })
  return template
}

/**
 * A fresh, migrated database: on the server of `SURETY_TEST_DATABASE_URL` when that is set, else on an embedded server
 * that lives as long as the test process.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env['SURETY_TEST_DATABASE_URL'] ?? (await (own ??= ownServer()))
  const template = await prepareTemplate(server)
  const name = `surety_test_${randomBytes(6).toString('hex')}`
  await withClient(server, async (client) => {
    // Two copies of one template at once are refused by PostgreSQL, so they take turns.
    await client.query('select pg_advisory_lock(271829)')
    await client.query(`create database ${name} template ${template}`)
  })
  return {
    url: named(server, name),
    drop: () =>
      withClient(
        server,
        async (client) => void (await client.query(`drop database if exists ${name} with (force)`)),
      ),
  }
}
