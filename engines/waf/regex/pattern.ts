import type { Bytes } from '../model.ts'
import type { Capture, Needs } from '../operators/operator.ts'
import type { Place } from '../waf-error.ts'
import { backtracker } from './backtracking.ts'
import type { ReadOptions } from './cursor.ts'
import { LazySearch } from './dfa.ts'
import { firstTable, isAnchored } from './first.ts'
import { assertLinearEngine } from './linear.ts'
import type { Found } from './machine.ts'
import { automatonOf } from './nfa.ts'
import { needsOf } from './needs.ts'
import { capturesDiffer, isPrintable, printTree } from './print.ts'
import { readPattern } from './read.ts'
import type { Tree } from './tree.ts'

/** `over-budget`: the search was given up because it took too many steps. */
export type Verdict = 'match' | 'no-match' | 'over-budget'

/** A compiled pattern. */
export interface Pattern {
  /** Whether the value holds a match; a search over its budget counts as one. */
  test(value: Bytes): boolean
  /** As `test`, told apart: for a negated operator, `over-budget` must not pass for a match. */
  verdict(value: Bytes): Verdict
  /** The groups of the first match; null if there is none, and if the search for them was given up. */
  exec(value: Bytes): Capture | null
  readonly needs: Needs | null
  /** What is run: JavaScript for a linear pattern, otherwise the pattern as given. */
  readonly source: string
  /** Whether the time of a search is linear in the value by V8's engine; otherwise by a budget of steps. */
  readonly linear: boolean
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
  return (value) => {
    const match = expression.exec(value)
    if (match === null) return null
    const groups = Array.from({ length: Math.min(GROUPS_MAX, tree.groups + 1) }, () => '')
    groups[0] = match[0]
    printed.captures.forEach((group, i) => {
      const text = match[i + 1]
      if (text !== undefined && group < groups.length) groups[group] = text
    })
    return { groups, index: match.index }
  }
}

/** Makes something when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => (made ??= { value: make() }).value
}

function linearPattern(tree: Tree): Pattern {
  const { source } = printTree(tree.root, false)
  const tester = new RegExp(source)
  const capture = once(() => captor(tree))
  const backtracking = once(() => backtracker(tree))
  const differ = once(() => capturesDiffer(tree.root))
  const longVerdict = once((): ((value: Bytes) => Verdict) => {
    const automaton = automatonOf(tree.root)
    if (automaton === null) return (value) => verdictOf(backtracking().search(value))
    const search = new LazySearch(automaton, firstTable(tree.root), isAnchored(tree.root))
    return (value) => search.verdict(value)
  })
  const verdict = (value: Bytes): Verdict =>
    value.length <= SHORT_LENGTH_MAX ? shortVerdict(tester, value) : longVerdict()(value)
  const exec = (value: Bytes): Capture | null => {
    if (value.length > SHORT_LENGTH_MAX) {
      const groups = backtracking().capture(value, null)
      if (groups !== null || value.length > CAPTURE_LENGTH_MAX) return groups
    }
    const quick = capture()(value)
    if (quick === null || !differ()) return quick
    return backtracking().capture(value, quick.index) ?? quick
  }
  const needs = once(() => needsOf(tree.root))
  return {
    test: (value) => verdict(value) !== 'no-match',
    verdict,
    exec,
    get needs() {
      return needs()
    },
    source,
    linear: true,
  }
}

function verdictOf(found: Found): Verdict {
  return typeof found === 'string' ? found : 'match'
}

function budgetedPattern(tree: Tree, source: string): Pattern {
  const { search, capture } = backtracker(tree)
  const verdict = (value: Bytes): Verdict => verdictOf(search(value))
  const test = (value: Bytes): boolean => verdict(value) !== 'no-match'
  const exec = (value: Bytes): Capture | null => capture(value, null)
  return { test, verdict, exec, needs: needsOf(tree.root), source, linear: false }
}

/** Compiles a PCRE pattern over bytes; throws `pattern-malformed` or `pattern-unsupported`. */
export function compilePattern(pcre: Bytes, options: Partial<ReadOptions> = {}, place?: Place): Pattern {
  assertLinearEngine()
  const tree = readPattern(pcre, { ...MODSECURITY_2, ...options }, place)
  return isPrintable(tree.root) ? linearPattern(tree) : budgetedPattern(tree, pcre)
}
