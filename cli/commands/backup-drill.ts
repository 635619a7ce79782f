import type { Command } from '../command.ts'

/** A restore may bring back all there is. */
const DRILL_MS = 4 * 60 * 60_000

/** `surety backup drill`: restores a backup in a server of its own, checks it, keeps how it went, and removes it again. */
export const backupDrill: Command = {
  name: 'backup drill',
  takes: '[NAME]',
  says: 'restore the newest backup, or another, as a proof: every row counted, every page compared; nothing stays',
  words: { min: 0, max: 1 },
  flags: {},
  run: async ({ operator, words: [name] }) => {
    const body = name === undefined ? {} : { backup: name }
    const outcome = await operator.call('POST /recovery/prove', { body, waitMs: DRILL_MS })
    const steps = (outcome.proof?.steps ?? []).map((step) => `${step.name} ${step.seconds.toFixed(1)} s`)
    return {
      ok: outcome.passed,
      json: outcome,
      lines: [
        `${outcome.backup}: ${outcome.passed ? '' : 'FAILED: '}${outcome.says}.`,
        ...(steps.length === 0 ? [] : [steps.join(', ')]),
      ],
    }
  },
}
