/** When backups are made: the archive of the log all the time, whole backups and increments as the policy says, pauses by people. */
export { scheduleJobs } from './jobs.ts'
export { scheduleRoutes, type ScheduleRouteParts } from './routes.ts'
export { makeDueBackup, type ScheduleParts } from './run-backup.ts'
export { backupIsYoung, incrementsAreYoung, pointIsKept, type ScheduleSystem } from './controls.ts'
export { letCommitsGo } from './let-commits-go.ts'
