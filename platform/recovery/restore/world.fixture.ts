import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { migrate } from '#database'
import { openAudit, openLedger, auditEvents, type Audit, type Ledger } from '../../audit/index.ts'
import { openDatabase, type Database } from '../../db/index.ts'
import { DAY, systemClock } from '../../kernel/clock.ts'
import { recoveryEvents } from '../events.ts'
import { openBackupRepository, type RepositoryHouse } from '../open-repository.ts'
import { testCluster, type TestCluster } from '../replication/cluster.fixture.ts'
import {
  openParentManifests,
  openReplicationDriver,
  type ReplicationDriver,
  type RunningWal,
} from '../replication/index.ts'
import type { StoreSettings } from '../stores/index.ts'
import { makeIdentity } from '../wraps/recovery-folder.ts'
import { openReading, type OpenedReading } from './open-reading.ts'
import { restoreInto } from './restore-into.ts'
import { LEDGER } from './restore-system.ts'

/** A small system that backs itself up into two folders: a cluster of its own, a ledger, keys, a stream of the log. */
export interface RecoveryWorld {
  readonly folder: string
  readonly cluster: TestCluster
  readonly db: Database
  readonly audit: Audit
  readonly ledger: Ledger
  readonly house: RepositoryHouse
  readonly driver: ReplicationDriver
  readonly wal: RunningWal
  readonly settings: StoreSettings
  /** Puts the ledger's files into the repository as they are. */
  keepLedger(): Promise<void>
  /** Records so many events and brings them into the ledger. */
  happen(count: number): Promise<void>
  /** Writes the heartbeat. */
  beat(): Promise<void>
  /** Opens the stores as a machine does that has nothing but the recovery folder. */
  reading(identities?: 'recovery-keys' | 'escrow-keys' | 'nothing'): Promise<OpenedReading>
  close(): Promise<void>
}

const SCHEMAS = [
  [new URL('../../db/migrations/', import.meta.url), 'surety'],
  [new URL('../../../inbox/db/migrations/', import.meta.url), 'inbox'],
] as const

async function systemOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ id: string }>(
      'select system_identifier::text as id from pg_control_system()',
    )
    return rows[0]?.id ?? ''
  } finally {
    await client.end()
  }
}

/** Opens what backs the cluster up. */
async function openBackups(cluster: TestCluster, folder: string, settings: StoreSettings) {
  const house = await openBackupRepository(
    {
      stores: settings,
      keyFolders: {
        keysFolder: join(folder, 'keys'),
        recoveryFolder: join(folder, 'recovery-keys'),
        // As if it lay in a safe: it opens everything, and this system never reads it.
        escrow: [await makeIdentity(join(folder, 'escrow-keys'), 1, systemClock.now())],
        clock: systemClock,
      },
      clock: systemClock,
      keepSeconds: () => 90 * DAY,
    },
    await systemOf(cluster.url),
  )
  const driver = openReplicationDriver({
    url: cluster.url,
    clock: systemClock,
    repository: house.repository,
    acknowledged: house.acknowledged,
    manifests: openParentManifests(join(folder, 'manifests')),
    synchronous: false,
    troubled: () => {},
    restore: (request, onProgress) => restoreInto(house.repository, request, onProgress),
    expire: async () => [],
  })
  return { house, driver }
}

async function keepFolder(house: RepositoryHouse, folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  const files = async function* () {
    for (const name of names) yield { name, read: () => readFile(join(folder, name)) }
  }
  await house.repository.putFileset({ folder: LEDGER, files: files() })
}

/** Database, audit log and ledger of a world. */
async function openRecords(cluster: TestCluster, folder: string) {
  for (const [migrations, schema] of SCHEMAS) await migrate(cluster.url, migrations, schema)
  const db = openDatabase(cluster.url, () => {}, { connectionsMax: 3 })
  // Only open events are recorded here: what is sealed is tested where it is sealed.
  const keys = { sealText: () => Promise.reject(new Error('nothing is sealed here')) }
  const audit = openAudit({ clock: systemClock, keys, catalogues: [auditEvents, recoveryEvents] })
  const keysFolder = join(folder, 'keys')
  const origin = 'sample.invalid/ledger'
  const ledger = await openLedger({
    db,
    clock: systemClock,
    folder: join(folder, LEDGER),
    keysFolder,
    origin,
  })
  const happen = async (count: number): Promise<void> => {
    for (let number = 0; number < count; number++)
      await audit.record(db, {
        type: 'backup.made',
        tenant: null,
        actor: { kind: 'system', id: 'test' },
        target: null,
        outcome: 'success',
        details: { number },
        request: null,
      })
    await ledger.run()
  }
  return { db, audit, ledger, happen }
}

/** Makes a world. */
export async function recoveryWorld(serverSettings: readonly string[] = []): Promise<RecoveryWorld> {
  return worldOf(await testCluster(['max_slot_wal_keep_size=512MB', ...serverSettings]))
}

/** Makes a world of a cluster, which it closes. */
export async function worldOf(cluster: TestCluster): Promise<RecoveryWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-world-'))
  // As root the server runs as another user, who has to pass through here to what is restored.
  await chmod(folder, 0o755)
  const records = await openRecords(cluster, folder)
  const settings: StoreSettings = {
    SURETY_BACKUPS: join(folder, 'backups'),
    BACKUP_STORES: '',
    BACKUP_RESIDENCY: [],
    SURETY_VAR: join(folder, 'var'),
  }
  const { house, driver } = await openBackups(cluster, folder, settings)
  const wal = await driver.startWal()
  return {
    ...records,
    folder,
    cluster,
    house,
    driver,
    wal,
    settings,
    keepLedger: () => keepFolder(house, join(folder, LEDGER)),
    beat: async () => {
      const statement =
        'insert into surety.heartbeat (at) values ($1) on conflict (one) do update set at = excluded.at'
      await cluster.sql.query(statement, [systemClock.now()])
    },
    reading: (identities = 'recovery-keys') =>
      openReading({
        stores: settings,
        recoveryFolder: join(folder, identities),
        keysFolder: join(folder, 'keys'),
        clock: systemClock,
      }),
    close: async () => {
      await wal.stop()
      await records.db.destroy()
      await house.close()
      await cluster.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
