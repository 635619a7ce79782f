import type { Command } from '../command.ts'
import { rulesLines } from '../rules-lines.ts'

/** `surety rules`: which rules the firewall has, where they came from, and what is excepted from them. */
export const rules: Command = {
  name: 'rules',
  takes: '',
  says: 'the rules of the firewall, their source and age, exceptions and exclusions',
  words: { min: 0, max: 0 },
  flags: { reload: { says: 'look at folder and reviewed file again first' } },
  run: async ({ operator, has, now, width }) => {
    const state = await operator.call(has('reload') ? 'POST /firewall/reload' : 'GET /firewall')
    const ok = state.guards && state.fileErrors.length === 0 && state.problem === null
    return { ok, json: state, lines: rulesLines(state, now, width) }
  },
}
