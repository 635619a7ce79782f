import type { Job } from '../../kernel/job.ts'
import { DRILLER, drillNow, endBrokenOff, type DrillHouse } from './drills.ts'
import { dueDrill } from './game-days.ts'

/** Drills after every full backup, and game days when they are due. Policy 6.2-c. */
export function drillJobs(house: DrillHouse): readonly Job[] {
  return [
    {
      name: 'recovery.drill',
      cron: '*/5 * * * *',
      permission: 'system',
      event: 'drill.asked',
      // The next look comes in five minutes; a second queue of tries would only pile up.
      triesMax: 1,
      run: async () => {
        await endBrokenOff(house)
        const due = await dueDrill(house)
        if (due !== null) await drillNow(house, { ...due, actor: DRILLER })
      },
    },
  ]
}
