import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { migrate, startPostgres } from '#database'
import type { Config } from '../platform/kernel/config.ts'
import { newSecret } from '../platform/kernel/secret.ts'
import { secretFile } from '../platform/kernel/secret-file.ts'
import { keptServer, type Listener } from './kept-server.ts'
import { takeLock } from './lock.ts'

/** The keyring holds a few rows: a server as small as one can be, with its log in the smallest pieces. */
const SMALL = [
  'shared_buffers=1MB',
  'max_connections=20',
  'superuser_reserved_connections=1',
  'reserved_connections=0',
  'io_method=sync',
  'autovacuum=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_worker_processes=0',
  'max_parallel_workers=0',
  'max_logical_replication_workers=0',
  'max_prepared_transactions=0',
  'wal_buffers=64kB',
  'min_wal_size=2MB',
  'max_wal_size=8MB',
  'huge_pages=off',
  'jit=off',
]
/** The oldest PostgreSQL that an external keyring may be. */
const POSTGRES_OLDEST = 15
/** The role that the platform works as, and nobody else. */
const ROLE = 'surety_keyring'

/** A running keyring, as the platform reaches it. */
export interface RunningKeyring {
  readonly url: string
  stop(): Promise<void>
}

/** The keyring of the operator's own server, or the embedded one, migrated; the platform gets a role of its own. */
export async function startKeyring(config: Config, listener: Listener): Promise<RunningKeyring> {
  if (config.KEYRING_DATABASE_URL !== '') {
    await requireNew(config.KEYRING_DATABASE_URL)
    await migrateKeyring(config.KEYRING_DATABASE_URL, listener.say)
    return { url: config.KEYRING_DATABASE_URL, stop: () => Promise.resolve() }
  }
  // Others may pass through to the server's folder, which its own user owns.
  mkdirSync(config.SURETY_KEYRING, { recursive: true, mode: 0o755 })
  const lock = takeLock(join(config.SURETY_KEYRING, 'keyring.lock'))
  if ('heldBy' in lock)
    throw new Error(
      `SURETY_KEYRING is in use by process ${lock.heldBy.processId}: each system has a keyring of its own`,
    )
  const server = await embedded(config, listener)
  return {
    url: server.url,
    stop: async () => {
      await server.stop()
      lock.release()
    },
  }
}

async function embedded(config: Config, listener: Listener): Promise<RunningKeyring> {
  const start = () =>
    startPostgres({
      dataFolder: join(config.SURETY_KEYRING, 'postgres'),
      passwordFile: join(config.SURETY_KEYS, 'keyring-password'),
      settings: SMALL,
      initOptions: ['--wal-segsize=1'],
    })
  const server = await keptServer('The keyring', start, listener)
  await migrateKeyring(server.url, listener.say)
  const password = await secretFile(join(config.SURETY_KEYS, 'keyring-role-password'), newSecret)
  return { url: await letRoleIn(server.url, password.toString('utf8').trim()), stop: server.stop }
}

/** Ends the start when the operator's server does not answer or is too old, without repeating its URL. */
async function requireNew(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ version: number }>(
      `select current_setting('server_version_num')::int / 10000 as version`,
    )
    const major = rows[0]?.version ?? 0
    if (major < POSTGRES_OLDEST)
      throw new Error(`PostgreSQL ${major} is too old; ${POSTGRES_OLDEST} or newer is needed`)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why = code === undefined && error instanceof Error ? error.message : `no answer: ${code}`
    throw new Error(`KEYRING_DATABASE_URL: ${why}`, { cause: error })
  } finally {
    await client.end().catch(() => {})
  }
}

async function migrateKeyring(url: string, say: (line: string) => void): Promise<void> {
  const folder = new URL('../platform/encryption/keyring-migrations/', import.meta.url)
  const ran = await migrate(url, folder, 'keyring')
  if (ran.length > 0) say(`Migrated keyring: ${ran.length} files`)
}

/** Lets the role sign in with this password, and returns its URL. */
async function letRoleIn(adminUrl: string, password: string): Promise<string> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(`alter role ${ROLE} login password ${pg.escapeLiteral(password)}`)
  } finally {
    await client.end()
  }
  return adminUrl.replace(/^postgresql:\/\/[^@]*@/, `postgresql://${ROLE}:${password}@`)
}
