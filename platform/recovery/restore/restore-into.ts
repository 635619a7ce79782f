import { chmod } from 'node:fs/promises'
import {
  chainFor,
  openWriteOut,
  planWal,
  segmentBytesDefault,
  type OnProgress,
  type RecoveryPlan,
  type Repository,
} from '#backup'
import type { RestoredCluster, RestoreTarget } from '../driver.ts'
import { makeWhole, syncBelow } from './lasting-folder.ts'
import { askForRecovery } from './recovery-settings.ts'
import { readFromRegions, type BadObject, type RegionReading } from './region-reading.ts'
import { writeDataFolder, type FolderWork } from './write-data-folder.ts'
import { writeWal } from './write-wal.ts'

/** What to restore, and where to. */
export interface RestoreRequest {
  readonly target: RestoreTarget
  readonly into: string
  /** Read from this region first; from the others where it has a bad object. */
  readonly region?: string | undefined
  /** This backup and nothing after it: the recovery ends once the cluster is consistent. */
  readonly backup?: string | undefined
  /** Whether to wait until everything is on the disk; true unless whoever asks does so later. */
  readonly durable?: boolean
}

/** A data folder with what was found on the way. */
export interface RestoredFolder extends RestoredCluster {
  readonly plan: RecoveryPlan
  /** Objects that a region did not give as they should be; others did. */
  readonly bad: readonly BadObject[]
}

/** Writes the data folder of a plan into `folder`, which is there and empty. */
async function fill(
  folder: string,
  plan: RecoveryPlan,
  reading: RegionReading,
  request: RestoreRequest,
  onProgress: OnProgress,
): Promise<number> {
  // A server refuses a data folder that others may enter.
  await chmod(folder, 0o700)
  const bytes = await writeOutOf({ plan, reading, folder, onProgress }, request.durable !== false)
  await writeWal({ plan: plan.wal, reading, folder, onProgress })
  await askForRecovery(folder, {
    at: request.backup === undefined ? request.target.at : 'consistent',
    timeline: plan.wal.timeline,
  })
  if (request.durable !== false) {
    onProgress({ step: 'sync', doneBytes: 0, totalBytes: null })
    await syncBelow(folder)
  }
  return bytes
}

/** Writes the data folder; the disk takes files on the way where all of them are waited for at the end. */
async function writeOutOf(work: Omit<FolderWork, 'writeOut'>, durable: boolean): Promise<number> {
  const writeOut = durable ? openWriteOut() : undefined
  try {
    return await writeDataFolder({ ...work, writeOut })
  } finally {
    await writeOut?.settled()
  }
}

/**
 * Writes a data folder that recovers to the target at its first start: the full backup with its incrementals combined and
 * compared with PostgreSQL's own manifest, and the log after them. The folder appears under its name when it is whole and on
 * the disk. Throws `RepositoryError` with the object that is not right, `recovery.not-empty`. Policy 6.1-a, 6.1-b.
 */
export async function restoreInto(
  repository: Repository,
  request: RestoreRequest,
  onProgress: OnProgress = () => {},
): Promise<RestoredFolder> {
  const plan = await planFor(repository, request)
  const reading = readFromRegions(repository, { first: request.region })
  const bytes = await makeWhole(request.into, (folder) => fill(folder, plan, reading, request, onProgress))
  return {
    folder: request.into,
    chain: plan.chain.map(({ name }) => name),
    walSegments: plan.wal.segments.length,
    bytes,
    reachesTo: reachOf(plan, request.target),
    plan,
    bad: reading.bad,
  }
}

/** The last moment that the objects reach: the target, or when the last of them was stored. */
function reachOf(plan: RecoveryPlan, { at }: RestoreTarget): Date {
  if (at !== 'latest') return at
  return plan.wal.storedAt ?? new Date(plan.chain.at(-1)?.finishedAt ?? 0)
}

/** Plans over all regions: what one of them lacks or has changed, another may have right. */
async function planFor(repository: Repository, request: RestoreRequest): Promise<RecoveryPlan> {
  if (request.backup !== undefined) return planOf(repository, request.backup)
  return repository.plan({ at: request.target.at })
}

/** One backup with its parents, and of the log no more than makes it consistent. */
async function planOf(repository: Repository, backup: string): Promise<RecoveryPlan> {
  const { backups } = await repository.backups()
  const { system } = repository
  const manifests = backups.map(({ manifest }) => manifest)
  const chain = chainFor(system, manifests, { at: 'latest', backup })
  const last = chain.at(-1)
  if (last === undefined) throw new Error('a chain is never empty')
  const { timeline, startLsn, endLsn } = last
  const wal = planWal({
    system,
    index: await repository.walIndex(),
    histories: new Map(),
    timeline,
    startLsn,
    endLsn,
    untilLsn: endLsn,
    segmentBytes: segmentBytesDefault,
  })
  return { chain, wal, filesets: [] }
}
