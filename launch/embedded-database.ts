import { join } from 'node:path'
import { BACKUP_USER, ensureBackupUser, startPostgres } from '#database'
import { runFolder, type Config } from '../platform/kernel/config.ts'
import { newSecret } from '../platform/kernel/secret.ts'
import { secretFile } from '../platform/kernel/secret-file.ts'
import { keptServer, type Listener } from './kept-server.ts'
import { keptSites, STANDBY_NAME, stableSocket } from './sites/index.ts'
import type { TwoDatabases } from './sites/answers.ts'

/**
 * What backups over the replication protocol need of the server. The log that waits to be stored elsewhere may take 4 GB
 * and no more: then the archive has a gap, which is told, and the disk goes on. Policy 6.1-b.
 */
const SETTINGS: readonly string[] = [
  'shared_buffers=64MB',
  'max_connections=60',
  'wal_level=replica',
  'summarize_wal=on',
  'wal_summary_keep_time=2d',
  'max_wal_senders=6',
  'max_replication_slots=6',
  'max_slot_wal_keep_size=4GB',
]

/** The database, and how backups are taken from it. */
export interface RunningDatabase {
  readonly url: string
  readonly backupUrl: string
  /** The two databases of which one takes writes; null where there is one. */
  readonly sites: (TwoDatabases & { onChanged(heard: (change: unknown) => void): void }) | null
  readonly stop: () => Promise<void> | void
}

/** The embedded server, kept running; with `SURETY_STANDBY`, two of them. */
export async function embeddedDatabase(config: Config, listener: Listener): Promise<RunningDatabase> {
  const dataFolder = join(config.SURETY_VAR, 'postgres')
  const passwordFile = join(config.SURETY_KEYS, 'postgres-password')
  const secret = await secretFile(join(config.SURETY_KEYS, 'backup-user-password'), newSecret)
  const password = secret.toString('utf8').trim()
  const sites =
    config.SURETY_STANDBY === ''
      ? null
      : await keptSites({
          folders: { a: dataFolder, b: join(config.SURETY_STANDBY, 'postgres') },
          passwordFile,
          settings: SETTINGS,
          replication: () => ({ user: BACKUP_USER, password }),
          copy: async (url, folder) => {
            // Loaded when a standby is made: this process lives long and should stay small.
            const { copyCluster } = await import('../platform/recovery/index.ts')
            await copyCluster({ url, folder, slot: STANDBY_NAME })
          },
          stateFile: join(config.SURETY_VAR, 'sites.json'),
          socket: await stableSocket(runFolder(config)),
          listener,
          now: () => new Date(),
        })
  const start = () => startPostgres({ dataFolder, passwordFile, settings: SETTINGS })
  const server = sites ?? (await keptServer('PostgreSQL', start, listener))
  const backupUrl = await ensureBackupUser(server.url, password)
  sites?.follow()
  return { url: server.url, backupUrl, sites, stop: () => server.stop() }
}
