import type { Job } from '../../kernel/job.ts'
import type { Access } from '../access.ts'

/** Departures and erasures that a stop cut off, what personnel systems told for later, and a look at everybody who left. Policy 3.2-c. */
export function leaverJobs({
  leavers,
  directory,
  erasure,
}: Pick<Access, 'leavers' | 'directory' | 'erasure'>): readonly Job[] {
  return [
    {
      name: 'access.leavers',
      cron: '* * * * *',
      permission: 'system',
      event: 'leaver.finished',
      triesMax: 1,
      run: async () => {
        await leavers.resume()
        await directory.carryOutDue()
        await erasure.resume()
      },
    },
    {
      name: 'access.reconcile',
      cron: '23 * * * *',
      permission: 'system',
      event: 'leaver.alarm',
      triesMax: 3,
      run: async () => void (await leavers.reconcile()),
    },
  ]
}
