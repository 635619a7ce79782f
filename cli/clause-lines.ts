import type { Reply } from './operator.ts'
import { age, facts, span } from './plain-text.ts'

type Overview = Reply<'GET /policy/list'>
type Explanation = Reply<'GET /policy/explain/:clause'>

/** A status as the API tells it. */
export type Status = Overview['clauses'][number]['status']
/** One run of a check or of its known-bad situation. */
export type Run = Reply<'POST /checks/run'>['runs'][number]

/** Words that mean that something must be done now; silence is never green. */
const RED = ['FAILING', 'STALE']

/** Whether a status is red. */
export function isRed({ word }: Status): boolean {
  return RED.includes(word)
}

/** A status in a few words: the word, since or until when, and when it was last seen. */
export function statusText(status: Status, now: Date): string {
  const { word, provider, since, until, provedAt } = status
  const parts: string[] = [word]
  if (provider !== null) parts.push(`from ${provider}`)
  if (since !== null && word !== 'PROVEN') parts.push(`since ${age(since, now)}`)
  if (until !== null && word !== 'PROVEN') parts.push(`until ${until.slice(0, 10)}`)
  if (provedAt !== null) parts.push(`(seen ${age(provedAt, now)})`)
  return parts.join(' ')
}

/** The counters by status word, those that are not zero. */
export function countsText(counts: Overview['counts']): string {
  const shown = Object.entries(counts).filter(([, count]) => count > 0)
  return shown.map(([word, count]) => `${count} ${word}`).join(', ')
}

/** A run in one line: how it came out, when, and what was seen. */
export function runText(run: Run, now: Date): string {
  return `${runWord(run)}, ${age(run.observedAt, now)}: ${run.saw}`
}

/** How a run came out, in words that tell a known-bad run from a check. */
export function runWord({ kind, ended, result, asItShould }: Run): string {
  if (ended !== 'completed') return `not completed (${ended})`
  if (kind === 'check') return result
  return asItShould ? 'went red, as it must' : 'stayed green, which it must not'
}

/** What stands behind a clause, from value to last evidence. */
export function explanationLines(told: Explanation, now: Date, width: number): string[] {
  const rows: (readonly [string, string])[] = [
    [told.clause, told.sentence],
    ['Status', `${statusText(told.status, now)}. ${told.status.because}`],
  ]
  for (const { name, text, weaker, obeys } of told.parameters)
    rows.push(['Value', `${name} is ${text ?? 'not set'} (${weakerText(weaker)}). ${obeys}`])
  for (const one of told.controls) {
    rows.push(['Enforced in', one.enforcedIn.join('\n')])
    rows.push(['Checked by', `${one.id}, every ${span(one.everySeconds)}: ${one.looks}`])
    rows.push(['Last check', one.lastCheck === null ? 'none yet' : runText(one.lastCheck, now)])
    rows.push(['Known bad', one.breaks])
    rows.push(['Last such run', one.lastKnownBad === null ? 'none yet' : runText(one.lastKnownBad, now)])
  }
  if (told.controls.length === 0)
    rows.push([
      'Checked by',
      `nothing. ${told.declaration?.because ?? 'It follows from the clauses below it.'}`,
    ])
  rows.push(['Turns red', `when ${told.turnsRed.join('; or ')}`])
  return facts(rows, width)
}

/** Which change of a value weakens the promise, in words. */
export function weakerText(weaker: string): string {
  return weaker === 'any' ? 'any change weakens it' : `${weaker} is weaker`
}
