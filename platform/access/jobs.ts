import { DAY, secondsAfter } from '../kernel/clock.ts'
import type { Job } from '../kernel/job.ts'
import type { Access } from './access.ts'
import type { AccessParts } from './parts.ts'
import { clientJobs } from './clients/jobs.ts'
import { deleteExpired } from './clients/artifact-queries.ts'
import { deleteOldLinks } from './people/queries.ts'
import { leaverJobs } from './leavers/jobs.ts'
import { roleJobs } from './roles/jobs.ts'
import { DEVICE_SECONDS } from './sessions/cookies.ts'
import { deleteOldCodes } from './factors/sms-queries.ts'
import { deleteOldAccountLinks } from './recovery/queries.ts'
import { deleteOldSessions } from './sessions/queries.ts'
import { deleteDevicesUnusedSince } from './sign-in/queries.ts'
import { deleteOldAttempts } from './upstream/queries.ts'

/** Ended sessions and used links are kept this long; the audit log keeps what happened. */
const KEPT_SECONDS = 30 * 24 * 60 * 60

/** The work of this module outside requests. */
export function accessJobs({
  db,
  clock,
  policy,
  audit,
  access,
}: Pick<AccessParts, 'db' | 'clock' | 'policy' | 'audit'> & {
  readonly access: Pick<
    Access,
    'elevations' | 'reviews' | 'resets' | 'leavers' | 'directory' | 'erasure' | 'signingKeys'
  >
}): readonly Job[] {
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
      name: 'access.reviews',
      cron: '41 * * * *',
      permission: 'system',
      event: { none: 'what it opens and decides leaves events of its own' },
      triesMax: 3,
      run: () => access.reviews.hourly(),
    },
    ...roleJobs({ db, clock, policy, audit }),
    ...leaverJobs(access),
    {
      name: 'access.resets',
      cron: '* * * * *',
      permission: 'system',
      event: 'reset.done',
      triesMax: 1,
      run: async () => void (await access.resets.runDue()),
    },
    ...clientJobs(access),
    {
      name: 'access.tidy',
      cron: '17 3 * * *',
      permission: 'system',
      event: { none: 'removes only what has ended and was recorded when it did' },
      run: () => tidy({ db, clock }),
    },
  ]
}

/** Removes what has ended long ago. */
async function tidy({ db, clock }: Pick<AccessParts, 'db' | 'clock'>): Promise<void> {
  const now = clock.now()
  await deleteOldSessions(db, secondsAfter(now, -KEPT_SECONDS))
  await deleteOldLinks(db, secondsAfter(now, -KEPT_SECONDS))
  await deleteOldAccountLinks(db, secondsAfter(now, -KEPT_SECONDS))
  await deleteOldCodes(db, secondsAfter(now, -2 * DAY))
  await deleteOldAttempts(db, now)
  await deleteExpired(db, now)
  await deleteDevicesUnusedSince(db, secondsAfter(now, -DEVICE_SECONDS))
}
