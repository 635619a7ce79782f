/** Copies of backups in several regions: brought, compared and observed. */
export { copyToRegions, type CopyParts } from './copy-to-regions.ts'
export type { ComparedRegions, CopyFault } from './compare-copies.ts'
export { backupsInRegions, type RegionsSystem } from './regions-control.ts'
export type { CopyRow } from './queries.ts'
export { regionRoutes } from './routes.ts'
