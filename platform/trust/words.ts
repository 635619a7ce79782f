import type { StatusWord } from '../policy/index.ts'
import type { Keeper, ShownClause } from './report.ts'

/** The shape beside each status word, so that colour is only the third sign. */
export const statusMark: Readonly<Record<StatusWord, string>> = {
  PROVEN: '●',
  ATTESTED: '◆',
  INHERITED: '◇',
  EXCEPTION: '△',
  UNPROVEN: '○',
  STALE: '◔',
  CONTRADICTED: '≠',
  FAILING: '✕',
}

/** What each status word means, for the legend. */
export const statusMeaning: Readonly<Record<StatusWord, string>> = {
  PROVEN: 'a machine saw it kept a short while ago, and the same check found a planted fault',
  ATTESTED: 'a named person vouches for it with a document that has not expired',
  INHERITED: 'a provider’s document says so, in the words quoted',
  EXCEPTION: 'knowingly not kept until the date shown',
  UNPROVEN: 'there is no evidence yet',
  STALE: 'the evidence is too old; silence is not proof',
  CONTRADICTED: 'two sources say different things',
  FAILING: 'a machine saw it broken',
}

/** Who can keep a promise, as the head of a row. */
export const keeperWords: Readonly<Record<Keeper, string>> = {
  software: 'software',
  people: 'people',
  provider: 'a provider',
  customer: 'we and the customer together',
  nobody: 'nobody: words of purpose',
}

const STEPS = [
  [60, 'second'],
  [60, 'minute'],
  [24, 'hour'],
  [Number.POSITIVE_INFINITY, 'day'],
] as const

/** A length of time in one unit, rounded down: `4 minutes`. */
export function span(seconds: number): string {
  let amount = Math.max(0, Math.floor(seconds))
  for (const [size, unit] of STEPS) {
    if (amount < size) return `${amount} ${unit}${amount === 1 ? '' : 's'}`
    amount = Math.floor(amount / size)
  }
  return ''
}

/** The date of a moment, in the calendar of UTC. */
export function dateOf(moment: string): string {
  return moment.slice(0, 10)
}

/** When a status was last shown to be so, or since or until when it holds. */
export function statusAge(status: ShownClause['status'], now: Date): string {
  const ago = (moment: string): string => span((now.getTime() - Date.parse(moment)) / 1000)
  if (status.word === 'PROVEN' && status.provedAt !== null) return `proved ${ago(status.provedAt)} ago`
  if (status.word === 'INHERITED' && status.until !== null)
    return `from ${status.provider ?? 'a provider'} until ${dateOf(status.until)}`
  if ((status.word === 'ATTESTED' || status.word === 'EXCEPTION') && status.until !== null)
    return `until ${dateOf(status.until)}`
  if (status.since !== null) return `for ${ago(status.since)}`
  return ''
}
