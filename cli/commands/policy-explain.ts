import { explanationLines, isRed } from '../clause-lines.ts'
import type { Command } from '../command.ts'

/** `surety policy explain CLAUSE`: where it is enforced, what checks it, what would turn it red, last evidence. */
export const policyExplain: Command = {
  name: 'policy explain',
  takes: 'CLAUSE',
  says: 'where a clause is enforced, what checks it, what turns it red, last evidence',
  words: { min: 1, max: 1 },
  flags: {},
  run: async ({ operator, words: [clause = ''], now, width }) => {
    const told = await operator.call('GET /policy/explain/:clause', { params: { clause } })
    return { ok: !isRed(told.status), json: told, lines: explanationLines(told, now, width) }
  },
}
