import { countsText, isRed } from '../clause-lines.ts'
import type { Command } from '../command.ts'
import { age, columns, many } from '../plain-text.ts'

/** `surety policy list`: every clause with its status. */
export const policyList: Command = {
  name: 'policy list',
  takes: '',
  says: 'every clause with its status',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator, now, width }) => {
    const policy = await operator.call('GET /policy/list')
    const rows = policy.clauses.map(({ id, status, sentence }) => [
      id,
      status.word,
      sentence.replaceAll(/\s+/g, ' '),
    ])
    const total = `Version ${policy.version}, published ${age(policy.publishedAt, now)}. ${many(rows.length, 'clause')}: ${countsText(policy.counts)}.`
    return {
      ok: !policy.clauses.some(({ status }) => isRed(status)),
      json: policy,
      lines: [...columns(rows).map((line) => cut(line, width)), '', total],
    }
  },
}

function cut(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1).trimEnd()}…`
}
