import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { CommandError, NotRunning, type Command } from '../command.ts'
import type { Operator, Reply } from '../operator.ts'

/** A standby may have a great deal to replay first. */
const CHANGE_MS = 180_000

type Standing = Reply<'GET /recovery/standby'>

/** Replaces a lost server while nothing runs that could be asked to; throws the reason when it is refused. */
async function replaceOffline(): Promise<Reply<'POST /recovery/standby/change'>> {
  const program = fileURLToPath(new URL('../../launch/failover.ts', import.meta.url))
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, [program], { timeout: CHANGE_MS }, (_error, stdout) => resolve(stdout))
  })
  const told = JSON.parse(said || '{}') as {
    readonly done?: { readonly to: string; readonly lostSecondsMax: number | null }
    readonly refused?: string
  }
  if (told.done === undefined)
    throw new CommandError('resource.conflict', told.refused ?? 'The change ended without a word.')
  return { kind: 'failover', ...told.done }
}

/** Changes from the database that takes writes at this moment, so that two who ask at once do not change it twice. */
async function change(operator: Operator, kind: 'failover' | 'switchover') {
  try {
    const { term } = await operator.call('GET /recovery/standby')
    return await operator.call('POST /recovery/standby/change', { body: { kind, term }, waitMs: CHANGE_MS })
  } catch (error) {
    if (!(error instanceof NotRunning) || kind !== 'failover') throw error
    return replaceOffline()
  }
}

/** What a change lost, as it is said: never nothing for a server that was lost. */
function lossOf({
  kind,
  lostSecondsMax: most,
}: {
  readonly kind: string
  readonly lostSecondsMax: number | null
}) {
  if (kind === 'switchover') return 'nothing lost'
  return most === null ? 'nothing tells yet how much was lost' : `up to ${most.toFixed(1)} s of writes lost`
}

/** What is to be said of two servers of the operator's own. */
function pairLines({ pair }: Standing): string[] {
  if (pair === null) return []
  const { a, b } = pair.regions
  const behind = pair.behindSeconds === null ? 'unknown' : `${pair.behindSeconds.toFixed(1)} s`
  return [
    `Regions, as you state them: site a ${a || 'none'}, site b ${b || 'none'}; behind: ${behind}; machines: ${pair.by}.`,
    ...(pair.fence ? [] : ['FENCE_COMMAND is not set: a lost server cannot be replaced.']),
  ]
}

function lines(now: Standing): string[] {
  const [last] = now.changes
  const none = 'There is one database; SURETY_STANDBY or STANDBY_DATABASE_URL names a second one.'
  const why = now.why === null ? '' : `: ${now.why}`
  return [
    now.standby === 'none'
      ? none
      : `Site ${now.primary ?? ''} takes writes; the standby is ${now.standby}${why}.`,
    ...pairLines(now),
    now.answers
      ? last === undefined
        ? 'It never changed.'
        : `Last change: ${last.kind} to site ${last.to} at ${last.promotedAt}, ${last.seconds.toFixed(1)} s until the first write, ${lossOf(last)}.`
      : 'The database does not answer.',
  ]
}

/** `surety failover`: shows which database takes writes, or changes to the other one. */
export const failover: Command = {
  name: 'failover',
  takes: '[--now | --lost]',
  says: 'show which database takes writes and its standby, or change to that one',
  words: { min: 0, max: 0 },
  flags: {
    now: { says: 'change in order, losing nothing' },
    lost: { says: 'end or fence the database at once first, as if its machine were lost' },
  },
  run: async ({ operator, has }) => {
    if (has('now') || has('lost')) {
      const done = await change(operator, has('lost') ? 'failover' : 'switchover')
      return { ok: true, json: done, lines: [`The database moved to site ${done.to}: ${lossOf(done)}.`] }
    }
    const now = await operator.call('GET /recovery/standby')
    return { ok: now.standby === 'ready', json: now, lines: lines(now) }
  },
}
