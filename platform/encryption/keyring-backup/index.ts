/** Copies of the keyring: one age file that only recovery and escrow open, kept for seven days at most. */
export {
  backUpKeyring,
  COPY_SECONDS_MAX,
  expireCopies,
  reachableCopies,
  restoreKeyring,
  storedCopies,
  type KeyringBackupParts,
  type StoredCopy,
} from './backup.ts'
export { keyringBackupJobs, type KeyringCopying } from './jobs.ts'
export { readCopy as readKeyringCopy } from './format.ts'
export { escrowedFiles, rootEscrow } from './escrow.ts'
