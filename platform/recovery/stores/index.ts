/** Where backups lie: folders and S3 buckets as stores of immutable objects, one a region. */
export { openFolderStore, type FolderStoreDeps } from './folder-store.ts'
export type { BackupStore, StorePlace } from './store.ts'
