/** Asks the injection detectors about every line of public corpora and holds recall and false positives against a floor. */
import { detectSqli, detectXss } from '../../engines/waf/detect/index.ts'
import { readCorpora, type Case, type Kind } from './corpora.ts'

/**
 * What libinjection 3.9.2, as Debian's libmodsecurity holds it, comes to on the corpora of `docs/waf-injection.md`: the share of
 * attacks found and of harmless lines reported. A run that is worse than one of these has failed.
 */
const floor: Readonly<Record<Kind, number>> = {
  sqli: 2488 / 2490,
  xss: 1327 / 1328,
  'false-positive': 21 / 421,
}

interface Outcome {
  readonly passed: number
  readonly failed: readonly string[]
  readonly withinFloor: boolean
}

/** Whether a line is judged as its corpus says. */
function isRight({ kind, value }: Case): boolean {
  if (kind === 'sqli') return detectSqli(value) !== null
  if (kind === 'xss') return detectXss(value)
  return detectSqli(value) === null && !detectXss(value)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

/** Reports one kind; the answer says whether it is at least as good as the floor. */
function report(kind: Kind, cases: readonly Case[], wrong: number): boolean {
  if (cases.length === 0) return true
  const attacks = kind !== 'false-positive'
  const share = (attacks ? cases.length - wrong : wrong) / cases.length
  const holds = attacks ? share >= floor[kind] : share <= floor[kind]
  const name = attacks ? `${kind}: recall` : 'false positives'
  console.log(
    `${name} ${percent(share)} of ${cases.length} lines (libinjection ${percent(floor[kind])})${holds ? '' : ': WORSE'}`,
  )
  return holds
}

/** Runs the corpora of a folder; every line judged wrongly is told, and the run fails where a kind is worse than the floor. */
export function conformInjection(folder: string): Outcome {
  const cases = readCorpora(folder)
  if (cases.length === 0) throw new Error('no file is called sqli-*, xss-*, tbd-xss-* or false_positives*')
  const wrong = cases.filter((each) => !isRight(each))
  const worse = (['sqli', 'xss', 'false-positive'] as const).filter((kind) => {
    const of = (all: readonly Case[]) => all.filter((each) => each.kind === kind)
    return !report(kind, of(cases), of(wrong).length)
  })
  return {
    passed: cases.length - wrong.length,
    failed: wrong.map(({ id }) => id),
    withinFloor: worse.length === 0,
  }
}
