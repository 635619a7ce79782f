import { resolve } from 'node:path'
import { UsageError, type Command } from '../command.ts'

/** A restore may bring back all there is. */
const DRILL_MS = 4 * 60 * 60_000
const TYPES = ['restore', 'region-loss', 'key-loss', 'people-loss'] as const

/** `surety backup drill`: rehearses a disaster on a copy, all fourteen points, keeps how it went, and removes the copy again. */
export const backupDrill: Command = {
  name: 'backup drill',
  takes: '[TYPE]',
  says: `rehearse a disaster on a copy: ${TYPES.join(', ')}`,
  words: { min: 0, max: 1 },
  flags: {
    escrow: {
      value: 'FOLDER',
      says: 'for key-loss: what was brought from escrow, which alone opens anything then',
    },
    'game-day': { says: 'as the game day that at least two people of the staff sign in the console' },
  },
  run: async ({ operator, words: [word], has, value }) => {
    const type = TYPES.find((one) => one === (word ?? 'restore'))
    if (type === undefined) throw new UsageError(`TYPE is one of ${TYPES.join(', ')}`)
    const brought = value('escrow')
    if ((type === 'key-loss') !== (brought !== undefined))
      throw new UsageError('key-loss, and only that, needs --escrow FOLDER')
    const escrow = brought === undefined ? {} : { escrow: resolve(brought) }
    const body = { type, gameDay: has('game-day'), ...escrow }
    const report = await operator.call('POST /recovery/drill', { body, waitMs: DRILL_MS })
    const words = { passed: 'passed', failed: 'FAILED', 'could-not-run': 'COULD NOT RUN' }
    return {
      ok: report.passed,
      json: report,
      lines: [
        ...report.points.map(
          ({ number, name, result, says, seconds }) =>
            `${String(number).padStart(2)}  ${words[result]}  ${name} (${seconds} s): ${says}`,
        ),
        `${report.passed ? '' : 'FAILED: '}${report.says.replace(/\.$/, '')}.`,
      ],
    }
  },
}
