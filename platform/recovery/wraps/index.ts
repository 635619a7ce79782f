/** The keys of backups: public ones that wrap, the private ones that open them elsewhere, and the one that signs. */
export { ageOpener, ageWrapper } from './age-wrap.ts'
export {
  openBackupKeys,
  type BackupKeyFolders,
  type BackupKeys,
  type BackupRecipient,
} from './backup-keys.ts'
export { isRecipient } from './recipient.ts'
export { readRecoveryFolder, type RecoveryIdentity } from './recovery-folder.ts'
export { readVerifiers } from './signing-keys.ts'
export { withSuccessors } from './verifier-chain.ts'
export { backupKeysApart, type KeysSystem } from './keys-control.ts'
export {
  retireIdentities,
  rotateDueBackupKeys,
  rotateRecoveryKey,
  rotateSigningKey,
  type RotatedKeys,
  type RotationParts,
} from './rotate-keys.ts'
