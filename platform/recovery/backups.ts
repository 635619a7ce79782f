import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { parseLsn, type Fileset, type OnProgress } from '#backup'
import type { Audit } from '../audit/index.ts'
import type { Database } from '../db/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Config } from '../kernel/config.ts'
import { errorRecord, type Log } from '../kernel/log.ts'
import type { PolicyReader } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import type { BackupRef, DriverCapabilities, RegionLag } from './driver.ts'
import { houseParts, openBackupRepository, type RepositoryHouse } from './open-repository.ts'
import { backupRetention } from './parameters.ts'
import {
  ARCHIVE_NAME,
  backupInProcess,
  capabilitiesAt,
  dropSlotAt,
  factsOf,
  openParentManifests,
  openReplicationDriver,
  type ParentManifests,
  type ReplicationDriver,
  type RunningWal,
} from './replication/index.ts'
import { startKeeper, type Keeper, type KeeperParts } from './schedule/keeper.ts'
import { openLedgerFiles, type LedgerFiles } from './schedule/ledger-files.ts'
import { setSynchronous } from './schedule/queries.ts'
import { makeBackupNow, RECOVERY, type ScheduleParts } from './schedule/run-backup.ts'

/** What backups of this installation are made with. */
export interface BackupsParts {
  readonly config: Config
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly audit: Pick<Audit, 'record'>
  readonly log: Log
}

/** Backups of this installation: the repository, the schedule's parts and the archive of the log. */
export interface Backups {
  /** The repository; throws `ReplicationError` while the server does not say which cluster it is. */
  house(): Promise<RepositoryHouse>
  readonly schedule: ScheduleParts
  capabilities(): Promise<DriverCapabilities>
  /** How far each region is behind, and why the log is not archived where it is not. */
  lag(): Promise<readonly RegionLag[]>
  why(): string | null
  /** Whether every change is archived as it is made. */
  archives(): boolean
  storeLedger(): Promise<Fileset | null>
  start(): void
  stop(): Promise<void>
}

/** How long the log of a backup may take to be stored (seconds). */
const LOG_STORED_SECONDS_MAX = 120

/** The URL of the server for backups. */
export function backupUrl(config: Config): string {
  return config.BACKUP_DATABASE_URL === '' ? config.DATABASE_URL : config.BACKUP_DATABASE_URL
}

/** What the parts of backups share. */
interface Opened {
  readonly url: string
  readonly manifests: ParentManifests
  readonly manifestsFolder: string
  readonly keepSeconds: () => number
  readonly house: (() => Promise<RepositoryHouse>) & { opened(): boolean }
  readonly wal: () => RunningWal | null
}

/** Opens backups; nothing is asked of the server before something is needed. */
export function openBackups(parts: BackupsParts): Backups {
  const { config, clock } = parts
  const url = backupUrl(config)
  const keepSeconds = (): number => parts.policy.read(backupRetention)
  const house = onceItWorks(async () => {
    const { system } = await factsOf(url)
    return openBackupRepository(houseParts(config, clock, keepSeconds), system)
  })
  const manifestsFolder = join(config.SURETY_VAR, 'backup-parents')
  const manifests = openParentManifests(manifestsFolder)
  const ledger = onceItWorks(async (): Promise<LedgerFiles> => {
    const { repository } = await house()
    return openLedgerFiles(repository, join(config.SURETY_VAR, 'ledger'))
  })
  const held: { keeper: Keeper | null } = { keeper: null }
  const wal = (): RunningWal | null => held.keeper?.wal() ?? null
  const opened: Opened = { url, manifests, manifestsFolder, keepSeconds, house, wal }
  const schedule = scheduleOf(parts, opened)
  return {
    house,
    schedule,
    capabilities: () => capabilitiesAt(url),
    lag: async () => (await wal()?.lag()) ?? [],
    why: () => (held.keeper === null ? 'The stream of the log has not begun yet.' : held.keeper.why()),
    archives: () => wal() !== null,
    storeLedger: async () => (await ledger()).store(),
    start: () => {
      held.keeper ??= startKeeper(keeperParts(parts, opened, schedule))
    },
    stop: async () => {
      await held.keeper?.stop()
      if (house.opened()) await (await house()).close()
    },
  }
}

/** Backups as the schedule makes them: each in a process of its own. */
function scheduleOf(parts: BackupsParts, of: Opened): ScheduleParts {
  const { url, manifests, manifestsFolder, keepSeconds, wal } = of
  const inProcess = (parent: string | null, onProgress?: OnProgress): Promise<BackupRef> =>
    backupInProcess({ url, parent, keepSeconds: keepSeconds(), manifestsFolder }, process.env, onProgress)
  return {
    ...parts,
    databaseUrl: parts.config.DATABASE_URL,
    driver: {
      capabilities: () => capabilitiesAt(url),
      full: (onProgress) => inProcess(null, onProgress),
      incremental: inProcess,
    },
    canFollow: async (name) => (await manifests.read(name)) !== null,
    logStored: (endLsn) => logStored(wal, parseLsn(endLsn)),
    made: () => void after(parts.log, switchSegment(url)),
  }
}

function keeperParts(parts: BackupsParts, of: Opened, schedule: ScheduleParts): KeeperParts {
  const { url } = of
  const driver = onceItWorks(async () => driverOf(parts, url, await of.house(), of.manifests))
  const standing = (stands: boolean): Promise<void> => setSynchronous(parts.db, stands ? ARCHIVE_NAME : '')
  return {
    ...parts,
    startWal: async () => (await driver()).startWal(),
    dropSlot: () => dropSlotAt(url, ARCHIVE_NAME),
    // Nobody waits for the backup that closes the gap.
    lost: async () => void after(parts.log, makeBackupNow(schedule, null, RECOVERY)),
    switchSegment: () => switchSegment(url),
    ...(parts.config.BACKUP_SYNCHRONOUS === 'yes' ? { standing } : {}),
  }
}

/** Tries until it succeeds, and then keeps what came of it. */
function onceItWorks<Value>(make: () => Promise<Value>): (() => Promise<Value>) & { opened(): boolean } {
  let kept: Promise<Value> | undefined
  let works = false
  const get = (): Promise<Value> =>
    (kept ??= make().then(
      (value) => {
        works = true
        return value
      },
      (error: unknown) => {
        kept = undefined
        throw error
      },
    ))
  return Object.assign(get, { opened: () => works })
}

function driverOf(
  parts: BackupsParts,
  url: string,
  house: RepositoryHouse,
  manifests: ParentManifests,
): ReplicationDriver {
  return openReplicationDriver({
    url,
    clock: parts.clock,
    repository: house.repository,
    acknowledged: house.acknowledged,
    manifests,
    synchronous: parts.config.BACKUP_SYNCHRONOUS === 'yes',
    troubled: (error) => parts.log.warn(errorRecord(error), 'the archive of the log was interrupted'),
    restore: () =>
      notHere('A restore is a command of its own, which needs the recovery key: surety backup restore.'),
    expire: () => notHere('Backups end by the retention of their own.'),
  })
}

/** Waits for the stream to stand, and then for the log to be stored. */
async function logStored(wal: () => RunningWal | null, lsn: bigint): Promise<boolean> {
  const until = performance.now() + LOG_STORED_SECONDS_MAX * 1000
  while (wal() === null && performance.now() < until) await pause(200)
  const left = (until - performance.now()) / 1000
  return (await wal()?.reached(lsn, Math.max(1, left))) ?? false
}

function notHere(why: string): Promise<never> {
  return Promise.reject(new Problem('recovery.unsupported', why))
}

/** What nobody waits for: a failure of it is logged. */
async function after(log: Log, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    log.warn(errorRecord(error), 'something that follows on a backup failed')
  }
}

/** Ends the segment that is being written, so that it is stored whole; pieces of it live a day. */
async function switchSegment(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'surety segment' })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('select pg_switch_wal()')
  } finally {
    await client.end().catch(() => {})
  }
}
