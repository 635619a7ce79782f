import type { Exchange, Matched } from './exchange.ts'

/** Figures of a comparison. */
export interface Comparison {
  readonly exchanges: number
  readonly matches: number
  readonly differences: number
}

/** The product's rule on bodies that could not be read. */
const BODY_ERROR = 90_004

/** Why a rule that matched in libmodsecurity alone was to be expected; null for what is not explained. */
function reasonTheirs(rule: number, where: string): string | null {
  if (rule === 922_110 && where.includes(String.raw`\x0d\x0a'`)) return 'lines of parts keep their end'
  if (/variable `(?:MATCHED_VARS?:)*REQUEST_BODY'/.test(where))
    return 'REQUEST_BODY of a body that a processor read'
  if (rule === 942_131) return 'told at the first part of a chain'
  return reasonOfBoth(rule)
}

function reasonOurs(rule: number, { head, body }: Exchange, theirs: Matched): string | null {
  // libmodsecurity keeps rules with noauditlog out of its log.
  if (rule === 980_170) return 'noauditlog'
  if (body !== '' && theirs.has(BODY_ERROR)) return 'what stands in a body that could not be read'
  if (head.target.includes('#')) return 'what follows a number sign in a target'
  return reasonOfBoth(rule)
}

/** Detectors judge by other means than libinjection, and are compared with it elsewhere; what rules sum up follows from the rest. */
function reasonOfBoth(rule: number): string | null {
  if (DETECTORS.has(rule)) return 'detector'
  return Math.floor(rule / 1000) === 949 || Math.floor(rule / 1000) === 959 || Math.floor(rule / 1000) === 980
    ? 'sum'
    : null
}

const DETECTORS: ReadonlySet<number> = new Set([941_100, 941_101, 942_100, 942_101])

interface Group {
  count: number
  readonly examples: string[]
}

function written({ label, head, body }: Exchange, where: string): string {
  const request = `${head.method} ${head.target} ${head.headers.slice(6).join(' ')} ${body}`
  return `    ${label}: ${JSON.stringify(request.slice(0, 700))}\n      ${where.slice(0, 500)}`
}

/**
 * Counts rules that matched in one engine alone, by rule and engine; `end` prints them, with the first few examples of
 * each, and which of `rules` never matched in both.
 */
export function comparison(examplesMax: number, rules: readonly number[]) {
  const groups = new Map<string, Group>()
  const agreed = new Set<number>()
  const expected = new Map<string, number>()
  const counts = { exchanges: 0, matches: 0, differences: 0 }
  const differ = (key: string, exchange: Exchange, where: string): void => {
    const group = groups.get(key) ?? { count: 0, examples: [] }
    groups.set(key, group)
    group.count++
    counts.differences++
    if (group.examples.length < examplesMax) group.examples.push(written(exchange, where))
  }
  const tell = (
    side: string,
    rule: number,
    reason: string | null,
    exchange: Exchange,
    where: string,
  ): void => {
    if (reason === null) differ(`${rule} ${side} alone`, exchange, where)
    else expected.set(`${side} alone: ${reason}`, (expected.get(`${side} alone: ${reason}`) ?? 0) + 1)
  }
  const hear = (exchange: Exchange, ours: Matched, theirs: Matched): void => {
    counts.exchanges++
    counts.matches += theirs.size
    for (const rule of ours.keys()) if (theirs.has(rule)) agreed.add(rule)
    for (const [rule, where] of ours)
      if (!theirs.has(rule)) tell('ours', rule, reasonOurs(rule, exchange, theirs), exchange, where)
    for (const [rule, where] of theirs)
      if (!ours.has(rule)) tell('theirs', rule, reasonTheirs(rule, where), exchange, where)
  }
  const end = (): Comparison => {
    for (const [key, { count, examples }] of [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      console.log([`${key}: ${count}`, ...examples].join('\n'))
    const silent = rules.filter((rule) => !agreed.has(rule))
    console.log(`${agreed.size} rules matched in both; never: ${silent.join(' ')}`)
    console.log('Expected:', Object.fromEntries(expected))
    console.log(JSON.stringify(counts))
    return counts
  }
  return { hear, end }
}
