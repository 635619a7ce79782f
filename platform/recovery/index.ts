/** Chapter 6: sealed backups of everything at one moment, their retention, and the way back from them. */
export { backupInterval, backupRetention, recoveryParameters } from './parameters.ts'
export { recoveryEvents } from './events.ts'
export { openBackups, type Backups } from './backups.ts'
export { backupKeyClasses, type KeepingParts } from './keeping.ts'
export { makeDueBackup } from './schedule/index.ts'
export { recoveryJobs } from './jobs.ts'
export { recoveryRoutes } from './routes.ts'
export { recoveryControls, recoveryDeclarations } from './controls.ts'
export type { RecoverySystem } from './recovery-parts.ts'
export {
  openRestores,
  orderSchema,
  refusalOf,
  runOrder,
  type BackupListing,
  type Order,
  type OrderParts,
  type RestoreProgress,
  type Restores,
  type Told,
  type WholeRestore,
} from './restore/index.ts'
export { openHolds } from './retention/index.ts'
export { restoreEnvironment } from './restore/restore-environment.ts'
export { openKeysToLook, rootKeyFrom, runDrill } from './drills/index.ts'
export {
  copyCluster,
  followChanges,
  openStandby,
  standbyControls,
  standbyRoutes,
  type StandbyParts,
  type StandbySystem,
} from './standby/index.ts'
export { letCommitsGo } from './schedule/index.ts'
