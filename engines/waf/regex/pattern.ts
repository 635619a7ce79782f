import type { Bytes } from '../model.ts'
import type { Capture } from '../operators/operator.ts'
import type { Place } from '../waf-error.ts'
import { backtracker } from './backtracking.ts'
import type { ReadOptions } from './cursor.ts'
import { assertLinearEngine } from './linear.ts'
import { longSearch } from './long-search.ts'
import type { Found } from './machine.ts'
import { needsOf } from './needs.ts'
import { capturesDiffer, isPrintable, printTree } from './print.ts'
import { readPattern } from './read.ts'
import type { Translation, Translations } from './translation.ts'
import type { Tree } from './tree.ts'

/** `over-budget`: the search was given up because it took too many steps. */
export type Verdict = 'match' | 'no-match' | 'over-budget'

/** A compiled pattern. */
export interface Pattern extends Translation {
  /** Whether the value holds a match; a search over its budget counts as one. */
  test(value: Bytes): boolean
  /** As `test`, told apart: for a negated operator, `over-budget` must not pass for a match. */
  verdict(value: Bytes): Verdict
  /** The groups of the first match; null if there is none, and if the search for them was given up. */
  exec(value: Bytes): Capture | null
}

/** `rx` of ModSecurity 2 and as the Core Rule Set expects it: `.` is any byte and `$` the very end. */
export const MODSECURITY_2: ReadOptions = {
  dotAll: true,
  multiline: false,
  dollarEndOnly: true,
  ignoreCase: false,
}

/** `rx` of libmodsecurity 3: as ModSecurity 2, but `^` and `$` match at inner newlines. */
export const MODSECURITY_3: ReadOptions = {
  dotAll: true,
  multiline: true,
  dollarEndOnly: false,
  ignoreCase: false,
}

const GROUPS_MAX = 10

/** Longer values are searched in one pass over a table: V8 counts no steps of plain loops such as `.*`, which are quadratic. */
const SHORT_LENGTH_MAX = 512

/** Groups of longer values are not searched by V8, for the same reason. */
const CAPTURE_LENGTH_MAX = 4_096

function shortVerdict(tester: RegExp, value: Bytes): Verdict {
  try {
    return tester.test(value) ? 'match' : 'no-match'
  } catch (error) {
    // V8 throws a RangeError where its stack for backtracking is full.
    if (error instanceof RangeError) return 'over-budget'
    throw error
  }
}

/** The groups of the first match by V8; for values that are short. */
function captor(tree: Tree): (value: Bytes) => Capture | null {
  const printed = printTree(tree.root, true)
  const expression = new RegExp(printed.source)
  const count = Math.min(GROUPS_MAX, tree.groups + 1)
  return (value) => {
    const match = expression.exec(value)
    if (match === null) return null
    const groups = [match[0]]
    for (let more = count; more > 1; more--) groups.push('')
    printed.captures.forEach((group, i) => {
      const text = match[i + 1]
      if (text !== undefined && group < groups.length) groups[group] = text
    })
    return { groups, index: match.index }
  }
}

/** Makes something when it is first asked for, and lets go of what it is made from. */
function once<T>(make: () => T): () => T {
  let held: { readonly make: () => T } | { readonly value: T } = { make }
  return () => {
    if ('make' in held) held = { value: held.make() }
    return held.value
  }
}

/** Trees are large and seldom asked for, so that none is kept: `treeOf` reads the pattern anew. */
function linearPattern(treeOf: () => Tree, translation: Translation): Pattern {
  const { source } = translation
  let tester: RegExp | null = null
  const capture = once(() => captor(treeOf()))
  const backtracking = once(() => backtracker(treeOf()))
  const differ = once(() => capturesDiffer(treeOf().root))
  const longVerdict = once(
    (): ((value: Bytes) => Verdict) =>
      longSearch(treeOf().root) ?? ((value) => verdictOf(backtracking().search(value))),
  )
  const verdict = (value: Bytes): Verdict =>
    value.length <= SHORT_LENGTH_MAX
      ? shortVerdict((tester ??= new RegExp(source)), value)
      : longVerdict()(value)
  const exec = (value: Bytes): Capture | null => {
    if (value.length > SHORT_LENGTH_MAX) {
      const groups = backtracking().capture(value, null)
      if (groups !== null || value.length > CAPTURE_LENGTH_MAX) return groups
    }
    const quick = capture()(value)
    if (quick === null || !differ()) return quick
    return backtracking().capture(value, quick.index) ?? quick
  }
  return patternOf(translation, verdict, exec)
}

function verdictOf(found: Found): Verdict {
  return typeof found === 'string' ? found : 'match'
}

function budgetedPattern(treeOf: () => Tree, translation: Translation): Pattern {
  const machine = once(() => backtracker(treeOf()))
  return patternOf(
    translation,
    (value) => verdictOf(machine().search(value)),
    (value) => machine().capture(value, null),
  )
}

function patternOf(translation: Translation, verdict: Pattern['verdict'], exec: Pattern['exec']): Pattern {
  return {
    test: (value) => verdict(value) !== 'no-match',
    verdict,
    exec,
    source: translation.source,
    linear: translation.linear,
    get needs() {
      return translation.needs
    },
  }
}

/** Reads a pattern; what it needs is worked out when it is asked for. What V8 would refuse is refused here. */
function translate(pcre: Bytes, { root }: Tree): Translation {
  const linear = isPrintable(root)
  const source = linear ? new RegExp(printTree(root, false).source).source : pcre
  const needs = once(() => needsOf(root))
  return {
    source,
    linear,
    get needs() {
      return needs()
    },
  }
}

/** Compiles a PCRE pattern over bytes; throws `pattern-malformed` or `pattern-unsupported`. One that `known` has is not read again. */
export function compilePattern(
  pcre: Bytes,
  options: Partial<ReadOptions> = {},
  place?: Place,
  known?: Translations,
): Pattern {
  assertLinearEngine()
  const whole = { ...MODSECURITY_2, ...options }
  const treeOf = (): Tree => readPattern(pcre, whole, place)
  const found = known?.find(pcre, whole) ?? null
  const translation = found ?? translate(pcre, treeOf())
  if (found === null) known?.note(pcre, whole, translation)
  return translation.linear ? linearPattern(treeOf, translation) : budgetedPattern(treeOf, translation)
}
