import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres, type PostgresServer } from '#database'

/** A server of a test's own, as `launch/main.ts` sets it up, but small and without waiting for the disk. */
export interface TestCluster {
  readonly url: string
  readonly server: PostgresServer
  readonly folder: string
  /** A connection of the superuser. */
  readonly sql: pg.Client
  /** Starts a server on the same data folder again, after this one was stopped or killed. */
  again(): Promise<void>
  close(): Promise<void>
}

const SETTINGS = [
  'fsync=off',
  'shared_buffers=8MB',
  'max_connections=20',
  'wal_level=replica',
  'max_wal_senders=6',
  'max_replication_slots=6',
  'summarize_wal=on',
  'autovacuum=off',
  'io_method=sync',
]

/** Starts a small server; `settings` come last. */
export async function testCluster(settings: readonly string[] = []): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-replication-'))
  await chmod(folder, 0o755)
  const start = (): Promise<PostgresServer> =>
    startPostgres({
      dataFolder: join(folder, 'data'),
      passwordFile: join(folder, 'password'),
      settings: [...SETTINGS, ...settings],
    })
  return clusterOf(folder, start)
}

/** Starts a server in a folder of its own, which leaves with it. */
export async function clusterOf(folder: string, start: () => Promise<PostgresServer>): Promise<TestCluster> {
  let server = await start()
  let sql = await connectedTo(server.url)
  return {
    get url() {
      return server.url
    },
    get server() {
      return server
    },
    get sql() {
      return sql
    },
    folder,
    again: async () => {
      server = await start()
      sql = await connectedTo(server.url)
    },
    close: async () => {
      await sql.end().catch(() => {})
      await server.stop()
      await rm(server.socketFolder, { recursive: true, force: true })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A connection that is open; a server that goes away takes nothing else with it. */
export async function connectedTo(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}
