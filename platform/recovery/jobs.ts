import type { Job } from '../kernel/job.ts'
import type { BackupParts } from './backup.ts'
import type { Backups } from './backups.ts'
import { backupsFolder } from './backup-files.ts'
import { expireBackups } from './expire.ts'
import { keepingJobs, type KeepingParts } from './keeping.ts'
import { backupIfDue } from './schedule.ts'
import { restoreJobs, type Restores } from './restore/index.ts'
import { scheduleJobs } from './schedule/index.ts'

/** Backups and their end. Each looks every few minutes whether something is due, so a changed value is obeyed and a missed run is made good. */
export function recoveryJobs(
  parts: BackupParts & KeepingParts & { readonly backups: Backups; readonly restores: Restores },
): readonly Job[] {
  return [
    ...restoreJobs(parts.restores),
    ...scheduleJobs(parts),
    ...keepingJobs(parts),
    {
      name: 'recovery.dump',
      cron: '*/5 * * * *',
      permission: 'system',
      event: 'backup.made',
      // The next look comes in five minutes; a second queue of tries would only pile up.
      triesMax: 1,
      run: async () => {
        await backupIfDue(parts)
      },
    },
    {
      name: 'recovery.expire',
      cron: '23 * * * *',
      permission: 'system',
      event: 'backup.removed',
      run: () =>
        parts.db.transaction().execute(async (tx) => {
          await expireBackups(tx, { ...parts, folder: backupsFolder(parts.varFolder) })
        }),
    },
  ]
}
