/** Chapter 2: keys of every tenant, sealed fields and look-ups, and the files that keys live in. */
export { openTenantKeys, type TenantKeys, type FieldPlace, PROVIDER } from './tenant-keys.ts'
export { openRootKey } from './key-files.ts'
