import { compilePattern, type Pattern } from '../../engines/waf/regex/index.ts'
import { readPattern } from '../../engines/waf/regex/read.ts'
import { some } from '../../engines/waf/regex/tree.ts'
import { meets } from '../../engines/waf/regex/meets.fixture.ts'
import type { Asked, Said } from './oracle.ts'

/** Figures of a comparison. */
export interface Comparison {
  readonly pairs: number
  readonly differences: number
}

const SHOWN_MAX = 40

/** Tells how our answer differs from PCRE2's; null if it does not. */
function differing(ours: Pattern, said: Said, subject: string): string | null {
  const verdict = ours.verdict(subject)
  if (said === 'no-match') return verdict === 'no-match' ? null : `PCRE2 finds nothing, ours ${verdict}`
  if (verdict !== 'match') return `PCRE2 finds a match, ours ${verdict}`
  const capture = ours.exec(subject)
  if (capture === null) return 'test says yes, exec finds nothing'
  const start = (said as Int32Array)[0] ?? 0
  if (capture.index !== start) return `PCRE2 at ${start}, ours at ${capture.index}`
  for (let group = 0; group < capture.groups.length; group++) {
    const [from = -1, to = -1] = (said as Int32Array).subarray(2 * group, 2 * group + 2)
    const text = from < 0 ? '' : subject.slice(from, to)
    if (text !== capture.groups[group])
      return `group ${group}: PCRE2 ${JSON.stringify(text)}, ours ${JSON.stringify(capture.groups[group])}`
  }
  return null
}

function compiled({ pattern, options }: Asked): Pattern | string {
  try {
    return compilePattern(pattern, options)
  } catch (error) {
    return (error as Error).message
  }
}

function repeatsAnEdge({ pattern, options }: Asked): boolean {
  return (
    some(readPattern(pattern, options).root, (node) => node.kind === 'repeat' && node.body.kind === 'edge') ||
    /(?:\\[bBAzZ]|[$^])\s*[{*+?]/.test(pattern)
  )
}

/** Counts and prints differences; `hear` takes PCRE2's answers to one pattern. */
export function comparison(subjects: readonly string[], label: (pattern: string) => string) {
  const counts = {
    pairs: 0,
    matches: 0,
    limits: 0,
    refusedByBoth: 0,
    linear: 0,
    differences: 0,
    wronglySkipped: 0,
    overBudget: 0,
    readsMore: 0,
    tooLarge: 0,
  }
  const shown = new Set<Asked>()
  const differ = (asked: Asked, subject: string | null, what: string): void => {
    counts.differences++
    if (shown.has(asked) || shown.size > SHOWN_MAX) return
    shown.add(asked)
    const on = subject === null ? '' : ` on ${JSON.stringify(subject.slice(0, 120))}`
    const flags = Object.entries(asked.options).flatMap(([name, is]) => (is ? [name] : []))
    console.log(
      `${label(asked.pattern)}: ${what}${on}\n  ${asked.pattern.slice(0, 200)}  [${flags.join(' ')}]`,
    )
  }
  const hear = (asked: Asked, said: readonly Said[] | 'too-large' | null): void => {
    const ours = compiled(asked)
    // What PCRE2 compiles to more than 64 KB it refuses; ours has a bound of its own.
    if (said === 'too-large') counts.tooLarge++
    else if (said === null && typeof ours === 'string') counts.refusedByBoth++
    // PCRE2 refuses what its predecessor read: repeated edges such as ^*.
    else if (said === null && typeof ours !== 'string' && repeatsAnEdge(asked)) counts.readsMore++
    else if (said === null) differ(asked, null, 'PCRE2 refuses the pattern')
    else if (typeof ours === 'string') differ(asked, null, `refused: ${ours}`)
    else {
      counts.linear += Number(ours.linear)
      subjects.forEach((subject, i) => {
        const answer = said[i] ?? 'limit'
        counts.pairs++
        if (answer === 'limit') counts.limits++
        else if (answer !== 'no-match') {
          counts.matches++
          if (!meets(subject, ours.needs)) {
            counts.wronglySkipped++
            differ(asked, subject, 'what the pattern needs is not there')
          }
        }
        // A search given up under the budget of steps is an answer of its own: the firewall takes it for an attack.
        if (!ours.linear && ours.verdict(subject) === 'over-budget') {
          counts.overBudget++
          return
        }
        const what = answer === 'limit' ? null : differing(ours, answer, subject)
        if (what !== null) differ(asked, subject, what)
      })
    }
  }
  const end = (): Comparison => {
    console.log(JSON.stringify(counts))
    return counts
  }
  return { hear, end }
}
