/** The way back: backups restored to a moment, brought to agree with the ledger, proved, and looked at in sandboxes. */
export { restoreInto, type RestoredFolder, type RestoreRequest } from './restore-into.ts'
export {
  restoreSystem,
  type RestoredRows,
  type RestoredSystem,
  type SystemRequest,
} from './restore-system.ts'
export { startRestored, type StartedCluster } from './start-restored.ts'
export { proveBackup, type RestoreProof } from './prove.ts'
export type { OpenedReading, ReadingParts } from './open-reading.ts'
export type { PagesChecked } from './check-pages.ts'
export { rowsOfTables } from './queries.ts'
export type { RestoreProgress } from './progress-rate.ts'
export type { Step } from './steps.ts'
export { DRILL_TYPES, orderSchema, type DrillOrder, type Order, type Refusal, type Told } from './orders.ts'
export {
  openRestoreProgram,
  type RestoreProgram,
  type ServedSandbox,
  type ServingProgram,
} from './program.ts'
export { dueForProof, prove, type ProofOutcome, type ProofParts } from './proofs.ts'
export { newestProofs, type ProofRow } from './proof-queries.ts'
export { openSandboxes, type Sandboxes, type SandboxParts } from './sandboxes.ts'
export { sandboxRoutes } from './sandbox-routes.ts'
export { refusalOf, runOrder, type OrderParts, type WholeRestore } from './run-order.ts'
export type { BackupListing, ListedBackup } from './listing.ts'
export { readBrokenCopies, type BrokenCopy } from './broken-copies.ts'
export { openRestores, restoreJobs, restoreRoutes, type Restores, type RestoresParts } from './restores.ts'
export { backupsProved, proofsSay, type ProofSystem } from './proof-control.ts'
