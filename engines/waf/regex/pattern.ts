import type { Bytes } from '../model.ts'
import type { Capture, Needs } from '../operators/operator.ts'
import type { Place } from '../waf-error.ts'
import { backtracker, type Backtracker } from './backtracking.ts'
import type { ReadOptions } from './cursor.ts'
import { assertLinearEngine } from './linear.ts'
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
  /** The groups of the first match; null if there is none, and if the search was given up. */
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

function safely<T>(run: () => T, overrun: T): T {
  try {
    return run()
  } catch (error) {
    // V8 throws a RangeError where its stack for backtracking is full.
    if (error instanceof RangeError) return overrun
    throw error
  }
}

function linearPattern(tree: Tree): Pattern {
  const { source } = printTree(tree.root, false)
  const tester = new RegExp(source)
  let captor: { readonly expression: RegExp; readonly captures: readonly number[] } | null = null
  let backtracking: Backtracker | null = null
  const precise = capturesDiffer(tree.root) ? () => (backtracking ??= backtracker(tree)) : null
  const exec = (value: Bytes): Capture | null => {
    if (captor === null) {
      const printed = printTree(tree.root, true)
      captor = { expression: new RegExp(printed.source), captures: printed.captures }
    }
    const { expression, captures } = captor
    const match = safely(() => expression.exec(value), null)
    if (match === null) return null
    const exact = precise === null ? null : precise().capture(value, match.index)
    if (exact !== null) return exact
    const groups = Array.from({ length: Math.min(GROUPS_MAX, tree.groups + 1) }, () => '')
    groups[0] = match[0]
    captures.forEach((group, i) => {
      const text = match[i + 1]
      if (text !== undefined && group < groups.length) groups[group] = text
    })
    return { groups, index: match.index }
  }
  const test = (value: Bytes): boolean => {
    try {
      return tester.test(value)
    } catch (error) {
      if (error instanceof RangeError) return true
      throw error
    }
  }
  const verdict = (value: Bytes): Verdict =>
    safely(() => (tester.test(value) ? 'match' : 'no-match'), 'over-budget')
  return { test, verdict, exec, needs: needsOf(tree.root), source, linear: true }
}

function budgetedPattern(tree: Tree, source: string): Pattern {
  const { search, capture } = backtracker(tree)
  const verdict = (value: Bytes): Verdict => {
    const found = search(value)
    return typeof found === 'string' ? found : 'match'
  }
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
