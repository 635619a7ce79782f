import type { Retention } from '#backup'
import { DAY } from '../kernel/clock.ts'

/** On top of the retention, so that the full backup of a day outlives the last incremental of its chain. */
const GRACE_SECONDS = 2 * DAY
/** Pieces of an open segment are replaced by the whole one within the hour. */
const TAIL_SECONDS = DAY
/** A file that stays the same is stored anew this often, so that no lock has to grow. */
const FILE_PERIOD_SECONDS = 30 * DAY

/** How long objects are locked when backups are kept for `keepSeconds`. Policy 6.1-e. */
export function retentionOf(keepSeconds: number): Retention {
  return {
    keepSeconds,
    graceSeconds: GRACE_SECONDS,
    tailSeconds: TAIL_SECONDS,
    filePeriodSeconds: FILE_PERIOD_SECONDS,
  }
}
