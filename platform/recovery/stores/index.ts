/** Where backups lie: folders and S3 buckets as stores of immutable objects, one a region. */
export { openFolderStore, type FolderStoreDeps } from './folder-store.ts'
export { openS3Store, type S3StoreDeps } from './s3-store.ts'
export { openStores, type StoreSettings } from './open-stores.ts'
export { residencyFault, type Residency } from './residency.ts'
export type { BackupStore, StoreFault, StorePlace } from './store.ts'
