import { UsageError, type Call, type Command } from '../command.ts'
import type { Operator } from '../operator.ts'
import { bytesText } from '../plain-text.ts'

/** A backup may read all there is. */
const BACKUP_MS = 60 * 60_000
/** How often progress is asked for. */
const LOOK_MS = 1000

/** `surety backup now`: makes a backup, an incremental one where there can be one. */
export const backupNow: Command = {
  name: 'backup now',
  takes: '',
  says: 'make a backup now: what changed since the last one, or everything with --full',
  words: { min: 0, max: 0 },
  flags: {
    full: { says: 'everything' },
    incremental: { says: 'what changed since the last one; refused where there can be none' },
  },
  run: async ({ operator, has, say }) => {
    if (has('full') && has('incremental')) throw new UsageError('A backup is full or incremental.')
    const kind = has('full') ? ('full' as const) : has('incremental') ? ('incremental' as const) : undefined
    const look = setInterval(() => void tellProgress(operator, say), LOOK_MS)
    try {
      const body = kind === undefined ? {} : { kind }
      const made = await operator.call('POST /recovery/backups', { body, waitMs: BACKUP_MS })
      return {
        ok: true,
        json: made,
        lines: [
          `Backup ${made.name} (${made.kind}${made.parent === null ? '' : `, follows ${made.parent}`}): ${bytesText(made.bytes)} sealed, in ${made.regions.join(', ')}.`,
          'Only the recovery identity opens it: keep that folder on another machine.',
        ],
      }
    } finally {
      clearInterval(look)
    }
  },
}

async function tellProgress(operator: Operator, say: Call['say']): Promise<void> {
  try {
    const { runs } = await operator.call('GET /recovery/schedule')
    const running = runs.find(({ state }) => state === 'running')
    if (running === undefined) return
    const whole = running.totalBytes === null ? '' : ` of ${bytesText(running.totalBytes)}`
    const left = running.secondsLeft === null ? '' : `, ${running.secondsLeft} s left`
    say(`${bytesText(running.doneBytes)}${whole}, ${bytesText(running.bytesPerSecond ?? 0)}/s${left}`)
  } catch {
    // The backup goes on without its progress; what is wrong with the system is told by its own call.
  }
}
