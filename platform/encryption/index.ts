/** Chapter 2: keys of every tenant, sealed fields and look-ups, and the files that keys live in. */
export {
  openTenantKeys,
  type PersonKeys,
  type TenantKeys,
  type TenantKeysDeps,
  type FieldPlace,
} from './tenant-keys.ts'
export type { LookUp } from '#envelope'
export { PROVIDER, type KeyStoreParts, type KeyUser, type RecordEvent } from './key-parts.ts'
export type { ReleasedKeys } from './key-store.ts'
export { openSample, type SampleKeys, type SealedSample } from './sealed-sample.ts'
export { openKeyring, type Keyring } from './keyring/database.ts'
export { keyringAnswers } from './keyring/queries.ts'
export {
  describeWrapped,
  localRoot,
  openKeyRoot,
  openNamedRoot,
  requireRoots,
  rootAnswers,
  rootDeps,
  rootJobs,
  rootKept,
  rootOperations,
  rootRoutes,
  VAULT_UNVERIFIED,
  type KeyRoot,
  type RootActs,
  type RootSet,
  type RootSettings,
} from './roots/index.ts'
export { carryOverKeys } from './carry-over.ts'
export { enforceDestructions, replayErasures } from './destruction.ts'
export { erasedPersons, erasedTenants } from './destruction-queries.ts'
export {
  backUpKeyring,
  COPY_SECONDS_MAX,
  expireCopies,
  keyringBackupJobs,
  readKeyringCopy,
  restoreKeyring,
  escrowedFiles,
  rootEscrow,
  reachableCopies,
  storedCopies,
  type KeyringBackupParts,
  type KeyringCopying,
  type StoredCopy,
} from './keyring-backup/index.ts'
export { keyRoutes } from './key-routes.ts'
export type { Tombstone } from './keyring/person-queries.ts'
export { liveVersions, retireVersion, type LiveVersion } from './key-changes.ts'
export { existingBackupKey, openBackupKey, openRootKey } from './key-files.ts'
export { keysOpen, liveFingerprints, plantDataKey, requireApart } from './key-inventory.ts'
export { requireOffered } from './algorithm.ts'
export { encryptionAlgorithm, encryptionParameters, keysRotation } from './parameters.ts'
export { encryptionEvents } from './events.ts'
export { encryptionJobs } from './jobs.ts'
export { rotateDueKeys } from './key-changes.ts'
export {
  inboxLookUps,
  REENCRYPT,
  rotationJobs,
  rotationRoutes,
  tenantKeyClasses,
  type AgedKey,
  type KeyClass,
  type LookUpColumn,
} from './rotation/index.ts'
export { encryptionRoutes } from './routes.ts'
export { openProductSecrets, secretRoutes, type ProductSecrets } from './secrets/index.ts'
export {
  databaseAgeNotes,
  inventoryControls,
  inventoryRoutes,
  openInventorySystem,
  type InventoryParts,
} from './inventory/index.ts'
export { clustersOf } from './key-place-control.ts'
export { clusterOf } from './key-place-queries.ts'
export { encryptionControls, encryptionDeclarations } from './controls.ts'
export type { EncryptionSystem } from './observed-system.ts'
