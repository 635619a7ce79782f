/** Replacing keys: stored values move under the newest ones, older versions retire, and every class has its age. */
export type { AgedKey, KeyClass } from './classes.ts'
export { tenantKeyClasses } from './tenant-classes.ts'
export { REENCRYPT, rotationJobs } from './jobs.ts'
export { rotationRoutes } from './routes.ts'
export { inboxLookUps, type LookUpColumn } from './look-ups.ts'
export { leftBehind } from './uses.ts'
