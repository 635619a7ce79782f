import type { BackupManifest, OnProgress } from '#backup'

/** What a driver can do with this server, and in plain sentences what it cannot. */
export interface DriverCapabilities {
  readonly incremental: boolean
  readonly wal: boolean
  readonly pointInTime: boolean
  readonly standby: boolean
  readonly limits: readonly string[]
}

/** A backup as drivers list it. */
export type BackupRef = Pick<
  BackupManifest,
  'name' | 'kind' | 'parent' | 'startedAt' | 'finishedAt' | 'startLsn' | 'endLsn' | 'timeline'
> & { readonly bytes: number; readonly regions: readonly string[] }

/** How far a region is behind: the newest moment that could be restored from it alone. */
export interface RegionLag {
  readonly region: string
  /** Up to this LSN everything is acknowledged there; null before the first object. */
  readonly lsn: string | null
  readonly recoverableTo: Date | null
  readonly seconds: number | null
}

/** Continuous archiving of the write-ahead log. */
export interface WalStream {
  lag(): Promise<readonly RegionLag[]>
  /** Resolves with a sentence when it ends, wanted or not. */
  readonly ended: Promise<string>
  stop(): Promise<void>
}

/** Where to recover to: the last byte that is there, or a moment. */
export type RestoreTarget = { readonly at: Date } | { readonly at: 'latest' }

/** A data folder that a server can be started on; it recovers to its target at its first start. */
export interface RestoredCluster {
  readonly folder: string
  readonly chain: readonly string[]
  readonly walSegments: number
  readonly bytes: number
  /** The last moment that the objects reach. */
  readonly reachesTo: Date
}

/** What reading every object of a backup and of its log said. */
export interface VerifiedBackup {
  readonly name: string
  readonly objects: number
  readonly bytes: number
  readonly regions: readonly string[]
}

/** Makes, lists and restores backups of one database cluster. Policy 6.1-a, 6.1-b. */
export interface BackupDriver {
  readonly name: 'replication' | 'pgbackrest' | 'rds'
  capabilities(): Promise<DriverCapabilities>
  full(onProgress?: OnProgress): Promise<BackupRef>
  /** Throws `recovery.unsupported` where the server has none. */
  incremental(parent: string, onProgress?: OnProgress): Promise<BackupRef>
  startWal(): Promise<WalStream>
  list(): Promise<readonly BackupRef[]>
  /** Writes a data folder `into`, which must be empty or absent; starts nothing. */
  restore(
    request: { readonly target: RestoreTarget; readonly into: string; readonly region?: string },
    onProgress?: OnProgress,
  ): Promise<RestoredCluster>
  verify(name: string, onProgress?: OnProgress): Promise<VerifiedBackup>
  lag(): Promise<readonly RegionLag[]>
  /** Removes what is past its retention and no part of a younger chain; returns the names. Policy 6.1-e. */
  expire(now: Date): Promise<readonly string[]>
}
