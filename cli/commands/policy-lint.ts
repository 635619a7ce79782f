import type { Command } from '../command.ts'
import { facts, many } from '../plain-text.ts'

/** Findings of these severities mean that the text promises what it cannot keep. */
const GRAVE = ['contradicted', 'conflict']

/** `surety policy lint`: contradictions inside the text, and with law, standards and provider documents. */
export const policyLint: Command = {
  name: 'policy lint',
  takes: '',
  says: 'contradictions in the text, each with clauses, why, and a proposed wording',
  words: { min: 0, max: 0 },
  flags: { published: { says: 'read the published text instead of the policy folder' } },
  run: async ({ operator, has, width }) => {
    const text = has('published') ? 'published' : 'folder'
    const found = await operator.call('GET /policy/lint', { query: { text } })
    const lines = found.findings.flatMap(({ rule, severity, clauses, why, proposed }) => [
      ...facts(
        [
          [rule, `${severity}: ${clauses.join(', ')}`],
          ['', why],
          ['', `Proposed: ${proposed}`],
        ],
        width,
      ),
      '',
    ])
    return {
      ok: !found.findings.some(({ severity }) => GRAVE.includes(severity)),
      json: found,
      lines: [...lines, `${many(found.findings.length, 'finding')}.`],
    }
  },
}
