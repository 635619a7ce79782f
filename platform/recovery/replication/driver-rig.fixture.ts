import { join } from 'node:path'
import { parseLsn } from '#backup'
import { DAY, systemClock } from '../../kernel/clock.ts'
import { openBackupRepository, type RepositoryHouse } from '../open-repository.ts'
import { testCluster, type TestCluster } from './cluster.fixture.ts'
import type { RunningWal } from './wal-stream.ts'
import { factsOf, openParentManifests, openReplicationDriver, type ReplicationDriver } from './index.ts'

/** A server of a test's own with a repository in two folders and a driver between them. */
export interface DriverRig {
  readonly cluster: TestCluster
  readonly house: RepositoryHouse
  readonly driver: ReplicationDriver
  readonly troubles: unknown[]
  /** Another driver to the same repository. */
  another(differs: { readonly manifests?: string; readonly synchronous?: boolean }): ReplicationDriver
  /** Writes so many rows of a third of a kilobyte. */
  write(rows: number): Promise<void>
  /** The end of the server's log on disk. */
  flushed(): Promise<bigint>
  close(): Promise<void>
}

async function openHouse(cluster: TestCluster): Promise<RepositoryHouse> {
  const stores = {
    SURETY_BACKUPS: join(cluster.folder, 'backups'),
    SURETY_VAR: join(cluster.folder, 'var'),
    BACKUP_STORES: '',
    BACKUP_RESIDENCY: [],
  }
  const keyFolders = {
    keysFolder: join(cluster.folder, 'keys'),
    recoveryFolder: join(cluster.folder, 'recovery-keys'),
    escrow: [],
    clock: systemClock,
  }
  const { system } = await factsOf(cluster.url)
  const parts = { stores, keyFolders, clock: systemClock, keepSeconds: () => 90 * DAY }
  return openBackupRepository(parts, system, { reading: true })
}

/** Starts a rig; `settings` are those of the server. */
export async function driverRig(settings: readonly string[] = []): Promise<DriverRig> {
  const cluster = await testCluster(settings)
  const house = await openHouse(cluster)
  const troubles: unknown[] = []
  const never = () => Promise.reject(new Error('not asked here'))
  const archives: RunningWal[] = []
  const another: DriverRig['another'] = ({ manifests = 'manifests', synchronous = false }) => {
    const driver = openReplicationDriver({
      ...house,
      url: cluster.url,
      clock: systemClock,
      manifests: openParentManifests(join(cluster.folder, manifests)),
      synchronous,
      troubled: (error) => void troubles.push(error),
      restore: never,
      expire: never,
    })
    const startWal = async (): Promise<RunningWal> => {
      const archive = await driver.startWal()
      archives.push(archive)
      return archive
    }
    return { ...driver, startWal }
  }
  await cluster.sql.query('create table sample (id bigint generated always as identity, text text)')
  return {
    cluster,
    house,
    driver: another({}),
    troubles,
    another,
    write: async (rows) => {
      await cluster.sql.query(
        'insert into sample (text) select repeat(md5(n::text), 10) from generate_series(1, $1::int) n',
        [rows],
      )
    },
    flushed: async () => {
      const { rows } = await cluster.sql.query<{ lsn: string }>(
        'select pg_current_wal_flush_lsn()::text as lsn',
      )
      return parseLsn(rows[0]?.lsn ?? '')
    },
    close: async () => {
      // Those of a test that failed run on, and would try to reach their server for ever.
      await Promise.all(archives.map((archive) => archive.stop()))
      await house.close()
      await cluster.close()
    },
  }
}
