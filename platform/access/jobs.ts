import { secondsAfter } from '../kernel/clock.ts'
import type { Job } from '../kernel/job.ts'
import type { Access } from './access.ts'
import type { AccessParts } from './parts.ts'
import { deleteOldLinks } from './people/queries.ts'
import { DEVICE_SECONDS } from './sessions/cookies.ts'
import { deleteOldSessions } from './sessions/queries.ts'
import { deleteDevicesUnusedSince } from './sign-in/queries.ts'

/** Ended sessions and used links are kept this long; the audit log keeps what happened. */
const KEPT_SECONDS = 30 * 24 * 60 * 60

/** The work of this module outside requests. */
export function accessJobs({
  db,
  clock,
  access,
}: Pick<AccessParts, 'db' | 'clock'> & { readonly access: Pick<Access, 'elevations'> }): readonly Job[] {
  return [
    {
      name: 'access.elevations',
      cron: '* * * * *',
      permission: 'system',
      event: 'elevation.ended',
      triesMax: 1,
      run: async () => void (await access.elevations.endOverdue()),
    },
    {
      name: 'access.tidy',
      cron: '17 3 * * *',
      permission: 'system',
      event: { none: 'removes only what has ended and was recorded when it did' },
      run: async () => {
        const now = clock.now()
        await deleteOldSessions(db, secondsAfter(now, -KEPT_SECONDS))
        await deleteOldLinks(db, secondsAfter(now, -KEPT_SECONDS))
        await deleteDevicesUnusedSince(db, secondsAfter(now, -DEVICE_SECONDS))
      },
    },
  ]
}
