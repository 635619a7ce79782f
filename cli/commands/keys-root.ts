import type { Command } from '../command.ts'
import { rootLines } from '../root-lines.ts'

/** `surety keys root`: who keeps the root key, how it is, and what is wrapped under it. */
export const keysRoot: Command = {
  name: 'keys root',
  takes: '',
  says: 'who keeps the root key, its state, versions and log, and what is wrapped under it',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator, now, width }) => {
    const state = await operator.call('GET /keys/root')
    const { unexplained, missing, problems } = state.log
    const ok = state.health.state === 'enabled' && unexplained + missing === 0 && problems.length === 0
    return { ok, json: state, lines: rootLines(state, now, width) }
  },
}
