import { serveFolder, ServerRefused, type ServedFolder } from '#database'
import { Problem } from '../../kernel/problem.ts'
import { endRecovery } from './recovery-settings.ts'

/** A restored cluster whose server has recovered to its target and takes writes; nobody but this process can reach it. */
export interface StartedCluster {
  readonly server: ServedFolder
  /** When the last transaction that came back was committed; null when the log after the backup held none. */
  readonly lastCommitAt: Date | null
  readonly timeline: number
}

/** What PostgreSQL writes when its log ends before the target. */
const TOO_SHORT = /recovery ended before configured recovery target was reached/
/** What a server of another major version says of a data folder. */
const OTHER_VERSION = /data directory was initialized by PostgreSQL version (\d+)/
/** The last transaction that was replayed. */
const LAST = /last completed transaction was at log time (\S+ \S+)/
const TIMELINE = /selected new timeline ID: (\d+)/

/** What is read from the lines of a recovery, whose moments are in UTC. */
function recoveryReader(): {
  take(line: string): void
  readonly found: { last: Date | null; timeline: number }
} {
  const found: { last: Date | null; timeline: number } = { last: null, timeline: 0 }
  const moment = (text: string): Date => new Date(`${text.replace(' ', 'T')}Z`)
  return {
    found,
    take: (line) => {
      const last = LAST.exec(line)?.[1]
      if (last !== undefined) found.last = moment(last.replace(/\+00$/, ''))
      const timeline = TIMELINE.exec(line)?.[1]
      if (timeline !== undefined) found.timeline = Number(timeline)
    },
  }
}

/**
 * Starts a server on a restored folder, waits until it has recovered and been promoted, and takes the settings of the recovery
 * out again. Throws `recovery.target` when the log does not reach the moment.
 */
export async function startRestored(request: {
  readonly folder: string
  /** The folder of the PostgreSQL programs (`PG_BIN`); without it, those that came along. */
  readonly binaries?: string | undefined
  readonly superuser?: string | undefined
  readonly settings?: readonly string[]
  readonly waitMs?: number
}): Promise<StartedCluster> {
  const reader = recoveryReader()
  try {
    const server = await serveFolder({
      ...request,
      dataFolder: request.folder,
      settings: ['log_timezone=UTC', 'lc_messages=C', 'log_line_prefix=', ...(request.settings ?? [])],
      onLine: reader.take,
    })
    await endRecovery(request.folder)
    return { server, lastCommitAt: reader.found.last, timeline: reader.found.timeline }
  } catch (error) {
    if (!(error instanceof ServerRefused)) throw error
    const other = error.lines
      .map((line) => OTHER_VERSION.exec(line)?.[1])
      .find((major) => major !== undefined)
    if (other !== undefined)
      throw new Problem(
        'recovery.unsupported',
        `The backup is of PostgreSQL ${other}, which has to start it: name the folder of its programs (PG_BIN).`,
      )
    if (!error.lines.some((line) => TOO_SHORT.test(line)))
      throw new Problem('recovery.unreadable', `The restored cluster does not start: ${reason(error)}`, {
        cause: error,
      })
    const last = reader.found.last?.toISOString()
    throw new Problem(
      'recovery.target',
      `The log ends before that moment${last === undefined ? '' : `: the last transaction in it is of ${last}`}. Restore to \`latest\`, or to an earlier moment.`,
    )
  }
}

function reason({ lines, message }: ServerRefused): string {
  return lines.findLast((line) => /^(?:FATAL|PANIC|ERROR):/.test(line)) ?? message
}
