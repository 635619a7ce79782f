import { segmentBytesDefault } from '#backup'
import { secondsBetween, type Clock } from '../../kernel/clock.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { route } from '../../kernel/route.ts'
import type { Backups } from '../backups.ts'
import { backupIncremental, backupInterval, backupRetention, recoveryPoint } from '../parameters.ts'
import { calendarOf, type Calendar } from './calendar.ts'

/** What the calendar is made from. */
export interface CalendarParts {
  readonly backups: Pick<Backups, 'house'>
  readonly clock: Clock
  readonly policy: PolicyReader
}

/** Every manifest is read for it, so several who look share one. */
const KEPT_SECONDS = 10

/** The retention as days, today first, beside the values of the policy that it is held to. Policy 6.1-a, 6.1-b, 6.1-e. */
export function calendarRoutes({ backups, clock, policy }: CalendarParts) {
  let kept: { readonly at: Date; readonly calendar: Promise<Calendar & { refused: number }> } | null = null
  const read = async (): Promise<Calendar & { refused: number }> => {
    const { repository } = await backups.house()
    const found = await repository.backups()
    const calendar = calendarOf(found.backups, await repository.walIndex(), clock.now(), segmentBytesDefault)
    return { ...calendar, refused: found.refused.length }
  }
  return [
    route({
      method: 'GET',
      path: '/api/recovery/calendar',
      permission: 'recovery.read',
      perMinute: 12,
      event: { none: 'shows which backups there are, and whether the log has a gap' },
      handle: async () => {
        const at = clock.now()
        if (kept === null || secondsBetween(kept.at, at) >= KEPT_SECONDS) kept = { at, calendar: read() }
        const mine = kept
        try {
          const calendar = await mine.calendar
          // The first backup is looked for until it is there.
          if (kept === mine && calendar.days.length === 0) kept = null
          return {
            ...calendar,
            promised: {
              fullSeconds: policy.read(backupInterval),
              incrementalSeconds: policy.read(backupIncremental),
              keptSeconds: policy.read(backupRetention),
              pointSeconds: policy.read(recoveryPoint),
            },
          }
        } catch (error) {
          // Whoever asks next tries again.
          if (kept === mine) kept = null
          throw error
        }
      },
    }),
  ] as const
}
