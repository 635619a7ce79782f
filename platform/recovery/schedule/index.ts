/** When backups are made: the archive of the log all the time, whole backups and increments as the policy says, pauses by people. */
export { scheduleJobs } from './jobs.ts'
export { PAUSE_REASONS, scheduleRoutes, type ScheduleRouteParts } from './routes.ts'
export { makeBackupNow, makeDueBackup, whatIsDue, type ScheduleParts } from './run-backup.ts'
export { backupIsYoung, incrementsAreYoung, pointIsKept, type ScheduleSystem } from './controls.ts'
export { letCommitsGo } from './let-commits-go.ts'
