import type { Epochs } from './epochs.ts'
import { inParallel } from './in-parallel.ts'
import { RepositoryError, type BackupManifest, type OnProgress, type SealedObject } from './model.ts'
import { epochOf, openObject, requireDescribed, type EpochSecret } from './object-format.ts'
import type { Reader } from './reader.ts'
import type { BackupVerdict } from './repository-model.ts'
import { planWal } from './wal-plan.ts'
import type { WalStore } from './wal-store.ts'

const readsAtOnce = 4

interface VerifyRequest {
  readonly system: string
  readonly segmentBytes: number
  readonly manifest: BackupManifest
  readonly region: string
  readonly reader: Reader
  readonly epochs: Epochs
  readonly wal: WalStore
  /** Whether an opener is at hand; without one only hashes are compared. */
  readonly canOpen: boolean
  readonly onProgress: OnProgress
}

/**
 * Reads every object that a manifest names, and the log that the backup needs, in one region; throws at the first that is not
 * as it should be.
 */
export async function verifyBackup(request: VerifyRequest): Promise<BackupVerdict> {
  const { manifest, region, epochs } = request
  const all = [manifest.databaseManifest, ...manifest.archives.flatMap(({ objects }) => objects)]
  const totalBytes = all.reduce((sum, { bytes }) => sum + bytes, 0)
  await epochs.note(manifest.epoch, region)
  const epoch = request.canOpen ? await epochs.verify(manifest.epoch, region) : null
  let doneBytes = 0
  await inParallel(all, readsAtOnce, async (object) => {
    await verifyObject(request, epoch, object)
    doneBytes += object.bytes
    request.onProgress({ step: 'verify', doneBytes, totalBytes })
  })
  const log = await verifyWal(request)
  return {
    name: manifest.name,
    region,
    objects: all.length + log.objects,
    bytes: totalBytes,
    plainBytes: all.reduce((sum, { plainBytes }) => sum + plainBytes, log.plainBytes),
    opened: epoch !== null,
  }
}

async function verifyObject(
  { reader, region, manifest, system }: VerifyRequest,
  epoch: EpochSecret | null,
  object: SealedObject,
): Promise<void> {
  const stored = await reader.get(object.path, region)
  requireDescribed(object, stored)
  if (epochOf(object.path, stored) !== manifest.epoch) throw new RepositoryError('foreign', object.path)
  if (epoch === null) return
  const plain = await openObject(epoch, system, object.path, stored)
  if (plain.length !== object.plainBytes) throw new RepositoryError('damaged', object.path)
}

/** Without a key: that the log is there without a gap; histories are sealed, so only on the backup's own timeline. */
async function verifyWal(request: VerifyRequest): Promise<{ objects: number; plainBytes: number }> {
  const { manifest, region, wal, canOpen } = request
  const index = await wal.walIndex({ region })
  const plan = planWal({
    system: request.system,
    index,
    histories: canOpen
      ? await wal.histories(index, region)
      : new Map(index.histories.map((timeline) => [timeline, []])),
    timeline: manifest.timeline,
    startLsn: manifest.startLsn,
    endLsn: manifest.endLsn,
    untilLsn: manifest.endLsn,
    segmentBytes: request.segmentBytes,
  })
  if (canOpen) await inParallel(plan.segments, readsAtOnce, (segment) => wal.readSegment(segment, { region }))
  return {
    objects: plan.segments.reduce((sum, { pieces }) => sum + pieces.length, 0),
    plainBytes: canOpen ? plan.segments.reduce((sum, { bytes }) => sum + bytes, 0) : 0,
  }
}
