/** How long backups are kept: exactly as long as the policy says, longer only while somebody holds them, with a certificate of each end. */
export { certificateText } from './certificate.ts'
export { expireBackups, type Expired, type RetentionParts } from './expire.ts'
export { endHold, placeHold, type HoldParts, type HoldRequest } from './holds.ts'
export { openHolds } from './queries.ts'
export { backupsEnd, type RetentionSystem } from './retention-control.ts'
export { retentionRoutes } from './routes.ts'
