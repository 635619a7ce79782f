import type { Database } from '../../db/index.ts'
import { DAY, secondsAfter, type Clock } from '../../kernel/clock.ts'
import type { Job } from '../../kernel/job.ts'
import type { Backups } from '../backups.ts'
import { forgetBefore } from './queries.ts'
import { makeDueBackup } from './run-backup.ts'

/** Samples of lags are asked for over 30 days, runs over a year. */
const LAG_DAYS = 32
const RUN_DAYS = 365

/**
 * Backups by the clock. Each looks every minute whether something is due, so a changed value is obeyed and a run that was
 * missed is made good. Policy 6.1-a, 6.1-b.
 */
export function scheduleJobs(parts: {
  readonly db: Database
  readonly clock: Clock
  readonly backups: Backups
}): readonly Job[] {
  return [
    {
      name: 'recovery.backup',
      cron: '* * * * *',
      permission: 'system',
      event: 'backup.made',
      // The next look comes in a minute; a second queue of tries would only pile up.
      triesMax: 1,
      run: async () => {
        await makeDueBackup(parts.backups.schedule)
      },
    },
    {
      name: 'recovery.files',
      cron: '* * * * *',
      permission: 'system',
      event: { none: 'stores files of the ledger that changed, which say themselves what they are' },
      triesMax: 1,
      run: async () => {
        await parts.backups.storeLedger()
      },
    },
    {
      name: 'recovery.forget',
      cron: '41 3 * * *',
      permission: 'system',
      event: { none: 'removes samples of lags and runs that nobody asks for any more' },
      run: () => {
        const now = parts.clock.now()
        return forgetBefore(parts.db, {
          lags: secondsAfter(now, -LAG_DAYS * DAY),
          runs: secondsAfter(now, -RUN_DAYS * DAY),
        })
      },
    },
  ]
}
