import type { OnProgress, Repository } from '#backup'
import type { Clock } from '../../kernel/clock.ts'
import type { Acknowledged } from '../open-repository.ts'
import { Problem } from '../../kernel/problem.ts'
import type { BackupDriver, BackupRef, RegionLag } from '../driver.ts'
import { capabilitiesAt } from './capabilities.ts'
import type { ParentManifests } from './parent-manifests.ts'
import { takeBackup, type TakenBackup } from './take-backup.ts'
import { startWalStream, type RunningWal } from './wal-stream.ts'

/** What the driver over the replication protocol is made of. */
export interface ReplicationParts {
  /** A connection URL of a user with the right REPLICATION. */
  readonly url: string
  readonly clock: Clock
  readonly repository: Repository
  /** Hears of every object that a region has acknowledged, from the repository's own `onRegion`. */
  readonly acknowledged: Acknowledged
  readonly manifests: ParentManifests
  /** Whether a commit waits until its log is stored: for a recovery point of zero. */
  readonly synchronous: boolean
  readonly troubled: (error: unknown) => void
  /** The way back, which is not the server's business. */
  readonly restore: BackupDriver['restore']
  readonly expire: BackupDriver['expire']
}

/** How often the open segment of the log is stored as far as it goes (milliseconds). */
const TAIL_EVERY_MS = 5000

/** A backup that was taken, as drivers list it. */
export function refOf({ manifest, regions }: TakenBackup): BackupRef {
  const { name, kind, parent, startedAt, finishedAt, startLsn, endLsn, timeline } = manifest
  const objects = [...manifest.archives.flatMap((archive) => archive.objects), manifest.databaseManifest]
  const bytes = objects.reduce((sum, one) => sum + one.bytes, 0)
  return { name, kind, parent, startedAt, finishedAt, startLsn, endLsn, timeline, bytes, regions }
}

async function verifyEverywhere(
  repository: Repository,
  name: string,
  onProgress: OnProgress | undefined,
): Promise<Awaited<ReturnType<BackupDriver['verify']>>> {
  const listed = (await repository.backups()).backups.find(({ manifest }) => manifest.name === name)
  if (listed === undefined) throw new Problem('recovery.unreadable', 'There is no such backup.')
  let [objects, bytes] = [0, 0]
  for (const region of listed.regions) {
    const verdict = await repository.verifyBackup(name, { region, ...(onProgress && { onProgress }) })
    objects += verdict.objects
    bytes += verdict.bytes
  }
  return { name, objects, bytes, regions: listed.regions }
}

/** A driver whose stream of the log can be asked for more than drivers in general. */
export type ReplicationDriver = Omit<BackupDriver, 'startWal'> & { startWal(): Promise<RunningWal> }

/** Backups of a PostgreSQL server of one's own over the replication protocol. Policy 6.1-a, 6.1-b. */
export function openReplicationDriver(parts: ReplicationParts): ReplicationDriver {
  const { repository } = parts
  let stream: RunningWal | undefined
  return {
    name: 'replication',
    capabilities: () => capabilitiesAt(parts.url),
    full: async (onProgress) => refOf(await takeBackup(parts, null, onProgress)),
    incremental: async (parent, onProgress) => refOf(await takeBackup(parts, parent, onProgress)),
    startWal: async () => {
      stream = await startWalStream({ ...parts, tailEveryMs: parts.synchronous ? 0 : TAIL_EVERY_MS })
      return stream
    },
    list: async () => (await repository.backups()).backups.map(refOf),
    restore: parts.restore,
    verify: (name, onProgress) => verifyEverywhere(repository, name, onProgress),
    lag: async (): Promise<readonly RegionLag[]> =>
      stream?.lag() ??
      repository.regions.map((region) => ({ region, lsn: null, recoverableTo: null, seconds: null })),
    expire: parts.expire,
  }
}
