import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '#database'
import { openRepository, type Repository, type RepositoryOptions } from '#backup'
import { openDatabase, type Database } from '../db/index.ts'
import { DAY, fakeClock, type FakeClock } from '../kernel/clock.ts'
import type { AuditEvent } from '../kernel/event.ts'
import { policyWith, type PolicyReader } from '../kernel/parameter.ts'
import { openFolderStore, type BackupStore } from './stores/index.ts'
import { openBackupKeys, type BackupKeyFolders, type BackupKeys } from './wraps/index.ts'

/** A repository over two folders with keys of its own and a database for what is noted of it; no server is backed up. */
export interface RepositoryRig {
  readonly folder: string
  readonly clock: FakeClock
  readonly policy: PolicyReader
  readonly db: Database
  /** Events that were recorded so far, oldest first; they go nowhere else. */
  readonly events: AuditEvent[]
  readonly audit: { record(db: Database, event: AuditEvent): Promise<void> }
  readonly stores: readonly [BackupStore, BackupStore]
  readonly keyFolders: BackupKeyFolders
  readonly keys: BackupKeys
  readonly repository: Repository
  reopen(more?: Partial<RepositoryOptions>): Repository
  close(): Promise<void>
}

const SYSTEM = '7300000000000000001'

/** Makes a rig; backups are kept for 90 days and keys are replaced each year. */
export async function repositoryRig(): Promise<RepositoryRig> {
  const database = await testDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'surety-repository-'))
  const clock = fakeClock()
  const db = openDatabase(database.url, () => {})
  const open = (region: string) => openFolderStore({ region, folder: join(folder, 'backups', region), clock })
  const stores = [await open('region-a'), await open('region-b')] as const
  const [keysFolder, recoveryFolder] = [join(folder, 'keys'), join(folder, 'recovery-keys')]
  const keyFolders = { keysFolder, recoveryFolder, escrow: [], clock }
  const keys = await openBackupKeys(keyFolders)
  const events: AuditEvent[] = []
  const options = (): RepositoryOptions => ({
    system: SYSTEM,
    stores,
    get verifiers() {
      return keys.verifiers()
    },
    get signer() {
      return keys.signer()
    },
    wrapper: keys.wrapper,
    clock,
    retention: () => ({
      keepSeconds: 90 * DAY,
      graceSeconds: 2 * DAY,
      tailSeconds: DAY,
      filePeriodSeconds: 7 * DAY,
    }),
  })
  return {
    folder,
    clock,
    policy: policyWith({ 'backup.retention': 90 * DAY, 'backup.interval': DAY, 'keys.rotation': 365 * DAY }),
    db,
    events,
    audit: { record: async (_, event) => void events.push(event) },
    stores,
    keyFolders,
    keys,
    repository: openRepository(options()),
    reopen: (more = {}) =>
      openRepository(Object.defineProperties(options(), Object.getOwnPropertyDescriptors(more))),
    close: async () => {
      await db.destroy()
      await database.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Writes a backup with one archive of these bytes; `log` is the number of the segment at which it was taken. */
export async function writeSampleBackup(
  repository: Repository,
  {
    parent = null,
    log = 1,
    bytes = Buffer.alloc(1000, 1),
  }: { parent?: string | null; log?: number; bytes?: Buffer } = {},
): Promise<string> {
  const writer = await repository.startBackup({ kind: parent === null ? 'full' : 'incremental', parent })
  const archive = writer.archive('base.tar')
  await archive.write(bytes)
  await archive.end()
  const lsn = (within: number): string => `0/${(log * 0x1000000 + within).toString(16).toUpperCase()}`
  await writer.finish({
    driver: 'replication',
    startLsn: lsn(0x28),
    endLsn: lsn(0x100),
    timeline: 1,
    serverVersion: 180_004,
    databaseManifest: Buffer.from('{"sample": true}'),
  })
  const segment = `0000000100000000${log.toString(16).toUpperCase().padStart(8, '0')}`
  await repository.putSegment(segment, Buffer.alloc(16 * 2 ** 20, log))
  await repository.settled()
  return writer.name
}

/** A set of files, each named by its text. */
export async function writeSampleFiles(repository: Repository, texts: readonly string[]): Promise<string> {
  async function* files() {
    for (const text of texts) yield { name: text, read: async () => Buffer.from(text) }
  }
  const set = await repository.putFileset({ folder: 'ledger', files: files() })
  await repository.settled()
  return set.name
}
