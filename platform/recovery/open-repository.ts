import { createSecretKey } from 'node:crypto'
import { openRepository, type ObjectPacker, type Repository } from '#backup'
import type { Clock } from '../kernel/clock.ts'
import type { Config } from '../kernel/config.ts'
import { keyFile } from '../kernel/secret-file.ts'
import { retentionOf } from './lock-times.ts'
import { openStores, type BackupStore, type StoreSettings } from './stores/index.ts'
import { openBackupKeys, type BackupKeyFolders, type BackupKeys } from './wraps/index.ts'

/** Hears of every object that a region has acknowledged, with its bytes; returns how to stop. */
export type Acknowledged = (heard: (region: string, path: string, bytes: number) => void) => () => void

/** The repository of a database cluster with everything that it stands on. */
export interface RepositoryHouse {
  readonly repository: Repository
  readonly stores: readonly BackupStore[]
  readonly keys: BackupKeys
  readonly acknowledged: Acknowledged
  close(): Promise<void>
}

/** What the repository is opened with. */
export interface HouseParts {
  readonly stores: StoreSettings
  readonly keyFolders: BackupKeyFolders
  readonly clock: Clock
  /** How long backups are kept now, in seconds. */
  readonly keepSeconds: () => number
}

/** What the settings say of it. */
export function houseParts(config: Config, clock: Clock, keepSeconds: () => number): HouseParts {
  const keyFolders = {
    keysFolder: config.SURETY_KEYS,
    recoveryFolder: config.SURETY_RECOVERY_KEYS,
    escrow: config.BACKUP_ESCROW,
    clock,
  }
  return { stores: config, keyFolders, clock, keepSeconds }
}

/**
 * Opens the repository of the cluster `system` for writing. With `reading` it also opens what was written before, which
 * needs the recovery key on this machine; null of the opener is refused by the repository at the first object. With `packer`
 * objects are packed and opened there.
 */
export async function openBackupRepository(
  parts: HouseParts,
  system: string,
  { reading = false, packer }: { readonly reading?: boolean; readonly packer?: ObjectPacker } = {},
): Promise<RepositoryHouse> {
  const stores = await openStores(parts.stores, parts.clock)
  const keys = await openBackupKeys(parts.keyFolders)
  const hearers = new Set<(region: string, path: string, bytes: number) => void>()
  const opener = reading ? await keys.opener() : null
  const repository = openRepository({
    system,
    stores,
    // Asked at each use: the key that signs is followed by another while the system runs.
    get verifiers() {
      return keys.verifiers()
    },
    get signer() {
      return keys.signer()
    },
    newestSigner: () => keys.newestSigner(),
    wrapper: keys.wrapper,
    ...(opener === null ? {} : { opener }),
    ...(packer === undefined ? {} : { packer }),
    fileKey: createSecretKey(await keyFile(parts.keyFolders.keysFolder, 'backup-files.key')),
    clock: parts.clock,
    retention: () => retentionOf(parts.keepSeconds()),
    onRegion: (event) => {
      if (event.kind === 'stored') for (const heard of hearers) heard(event.region, event.path, event.bytes)
    },
  })
  return {
    repository,
    stores,
    keys,
    acknowledged: (heard) => {
      hearers.add(heard)
      return () => void hearers.delete(heard)
    },
    close: async () => {
      await repository.settled()
      await Promise.all(stores.map((one) => one.close()))
    },
  }
}
