/** Backups of a PostgreSQL server over its replication protocol: whole ones, what changed since, and the log as it is written. */
export { openReplicationDriver, type ReplicationDriver, type ReplicationParts } from './driver.ts'
export { capabilitiesAt, factsOf, type ServerFacts } from './capabilities.ts'
export { openParentManifests, type ParentManifests } from './parent-manifests.ts'
export { asReplicationError, ReplicationError, type ReplicationErrorCode } from './errors.ts'
export { ARCHIVE_NAME, type RunningWal } from './wal-stream.ts'
export { backupInProcess, type BackupOrder } from './in-process.ts'
export { dropSlotAt } from './system.ts'
export { openCoverage } from './coverage.ts'
