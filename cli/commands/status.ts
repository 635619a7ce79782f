import { publicOrigin, type Config } from '../../platform/kernel/config.ts'
import { countsText, isRed, statusText } from '../clause-lines.ts'
import type { Command } from '../command.ts'
import { age, facts, many } from '../plain-text.ts'

/** Events that wait longer than this for the ledger are a backlog. */
const LAG_SECONDS_MAX = 120

/** `surety status`: addresses, the version in force, counters, and how far the ledger is behind. */
export const status: Command = {
  name: 'status',
  takes: '',
  says: 'addresses, version in force, clauses by status, ledger',
  words: { min: 0, max: 0 },
  flags: {},
  run: async ({ operator, config, now, width }) => {
    const policy = await operator.call('GET /policy/list')
    const { checkpoint: _, ...ledger } = await operator.call('GET /ledger/head')
    const { notes } = await operator.call('GET /database/age')
    const red = policy.clauses.filter(({ status }) => isRed(status))
    const addresses = addressesOf(config)
    const { version, publishedAt, counts } = policy
    const rows: (readonly [string, string])[] = [
      ...Object.entries(addresses),
      ['Policy', `version ${version}, published ${age(publishedAt, now)}`],
      ['Clauses', countsText(counts)],
      ...red.map((one) => [one.id, `${statusText(one.status, now)}. ${one.status.because}`] as const),
      [
        'Ledger',
        `${many(ledger.published, 'entry').replace(/entrys$/, 'entries')}, last published ${age(ledger.publishedAt, now)}, ${ledger.waiting} waiting`,
      ],
      ...notes.map((note) => ['Database', note] as const),
    ]
    const json = {
      addresses,
      version,
      publishedAt,
      counts,
      red: red.map(({ id, status }) => ({ id, status })),
      ledger,
      notes,
    }
    return { ok: red.length === 0 && !behind(ledger, now), json, lines: facts(rows, width) }
  },
}

function addressesOf(config: Config): Record<string, string> {
  const origin = publicOrigin(config)
  return { Console: `${origin}/console/`, Trust: `${origin}/trust`, Webhooks: `${origin}/hooks/` }
}

/** Whether events wait for a ledger that stopped publishing. */
function behind(ledger: { waiting: number; publishedAt: string | null }, now: Date): boolean {
  if (ledger.waiting === 0) return false
  return (
    ledger.publishedAt === null || now.getTime() - Date.parse(ledger.publishedAt) > LAG_SECONDS_MAX * 1000
  )
}
