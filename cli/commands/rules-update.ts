import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { rulesLines } from '../rules-lines.ts'

/** Two downloads and the unpacking of a package may take their time. */
const UPDATE_MS = 5 * 60_000

/** `surety rules update`: fetches the Core Rule Set, or takes it from a folder, and loads it without a pause. */
export const rulesUpdate: Command = {
  name: 'rules update',
  takes: '',
  says: 'fetch the OWASP Core Rule Set (pinned release, else the distribution’s package) and load it',
  words: { min: 0, max: 0 },
  flags: { from: { value: 'DIR', says: 'take it from this folder instead of the network' } },
  run: async ({ operator, value, now, width }) => {
    const from = value('from')
    const body = from === undefined ? {} : { from: resolve(from) }
    const state = await operator.call('POST /firewall/update', { body, waitMs: UPDATE_MS })
    return { ok: state.guards, json: state, lines: rulesLines(state, now, width) }
  },
}
