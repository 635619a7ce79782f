import { backupLock, openBackupWriter } from './backup-writer.ts'
import { openBackups } from './backups.ts'
import { openEpochs } from './epochs.ts'
import { openFilesets } from './filesets.ts'
import { mirrorRegion } from './mirror.ts'
import { openObjects } from './object-store.ts'
import { repositoryPaths } from './paths.ts'
import { openReader } from './reader.ts'
import { planRecovery } from './recovery-plan.ts'
import { openRegions } from './regions.ts'
import type { Repository, RepositoryOptions } from './repository-model.ts'
import { rewrapEpochs } from './rewrap.ts'
import { verifyBackup } from './verify-backup.ts'
import { segmentBytesDefault } from './wal-names.ts'
import { openWalStore } from './wal-store.ts'

/** Opens a repository over its stores; asks nothing of them before it is used. */
export function openRepository(options: RepositoryOptions): Repository {
  const { system, segmentBytes = segmentBytesDefault } = options
  const regions = openRegions(options.stores, options.onRegion ?? (() => {}))
  const reader = openReader(regions)
  const epochs = openEpochs(options, regions, reader)
  const objects = openObjects(options, regions, reader, epochs)
  const wal = openWalStore(options, objects, reader)
  const files = openFilesets({ options, regions, reader, objects })
  const found = openBackups(options, reader, objects)
  const canOpen = options.opener !== undefined
  return {
    ...wal,
    ...files,
    ...found,
    system,
    regions: options.stores.map((store) => store.region),
    startBackup: (request) => openBackupWriter({ options, regions, epochs, ...request }),
    putObject: (path, plain) => objects.put(path, plain, backupLock(options)),
    getObject: (path, from = {}) => objects.get(path, from),
    plan: (request) => planRecovery({ system, segmentBytes, backups: found.backups, wal, files }, request),
    verifyBackup: async (name, { region, onProgress = () => {} }) => {
      const manifest = await found.manifest(name, { region })
      return verifyBackup({
        system,
        segmentBytes,
        manifest,
        region,
        reader,
        epochs,
        wal,
        canOpen,
        onProgress,
      })
    },
    mirror: (region, onProgress) => {
      const backups = (from: string): ReturnType<Repository['backups']> => found.backups({ region: from })
      return mirrorRegion({ options, regions, epochs, backups }, region, onProgress)
    },
    rewrapEpochs: (keys, onProgress) => rewrapEpochs({ options, regions, reader, epochs }, keys, onProgress),
    objects: (region) => reader.heads(repositoryPaths(system).all, region),
    settled: regions.settled,
  }
}
