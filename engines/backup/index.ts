/** Backup repository of immutable objects: seal, sign, list, verify and combine, so that a database comes back to the byte or not at all. */
export {
  RepositoryError,
  type ArchiveObjects,
  type BackupManifest,
  type BackupVerifier,
  type ObjectHead,
  type ObjectStore,
  type OnProgress,
  type Progress,
  type RepositoryErrorCode,
  type SealedObject,
  type SecretOpener,
  type SecretWrapper,
} from './model.ts'
export type {
  ArchiveWriter,
  BackupFacts,
  BackupVerdict,
  BackupWriter,
  FileEntry,
  Fileset,
  FoundBackup,
  FoundBackups,
  MirrorReport,
  RecoveryPlan,
  RecoveryRequest,
  RegionEvent,
  Repository,
  RepositoryOptions,
  Retention,
  RewrapReport,
  StoredObject,
} from './repository-model.ts'
export type { WalIndex, WalPiece, WalPlan, WalSegment, WalTail } from './wal-model.ts'
export { openRepository } from './repository.ts'
export { packerThreads, type PackerThreads } from './object-threads.ts'
export type { ObjectPacker, ObjectPlace } from './object-packer.ts'
export { objectBytesMax } from './object-format.ts'
export { repositoryPaths, stampOf, type RepositoryPaths } from './paths.ts'
export { chainFor } from './recovery-plan.ts'
export { planExpiry, type ExpiryPlan, type ExpiryRequest, type LegalHold } from './expiry.ts'
export {
  formatLsn,
  parseHistory,
  parseLsn,
  parseSegmentName,
  segmentBytesDefault,
  segmentName,
  type TimelineBranch,
} from './wal-names.ts'
export { planWal, type WalRequest } from './wal-plan.ts'
export { TarError, TarReader, type TarEntry, type TarSink } from './tar.ts'
export {
  IncrementalFileError,
  incrementalFor,
  incrementalHeaderBytes,
  readIncrementalHeader,
  resultBlocks,
  type IncrementalHeader,
} from './incremental-file.ts'
export { extractArchive, extractChain, extractWal, type ExtractRequest } from './extract.ts'
export {
  DatabaseManifestError,
  fileChecker,
  readDatabaseManifest,
  type DatabaseFile,
  type DatabaseManifest,
  type FileChecker,
} from './database-manifest.ts'
export { FolderWriter, type FolderRequest, type FolderResult } from './folder-writer.ts'
export { summedFiles, type SummedFiles } from './summed-files.ts'
export { openWriteOut, type WriteOut } from './write-out.ts'
