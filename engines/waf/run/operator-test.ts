import type { Bytes, OperatorUse } from '../model.ts'
import type { OperatorName } from '../names.ts'
import { COMPARISONS, type Compare } from '../operators/number.ts'
import type { Capture, Needs, Operator, OperatorHost } from '../operators/operator.ts'
import type { Place } from '../waf-error.ts'
import { compileTemplate, plainText, toInteger, type Expand } from './macro.ts'
import type { State } from './state.ts'

/** An operator with its argument and its `!`. */
export interface Test {
  /** Whether the rule holds for this text. */
  readonly holds: (state: State, text: Bytes) => boolean
  /** What matched; null for an operator that does not say. */
  readonly capture: ((state: State, text: Bytes) => Capture | null) | null
  /** What a text must hold for the rule to hold; null when nothing can be said. */
  readonly needs: Needs | null
}

/** What tests are made with. */
export interface TestContext {
  readonly makeOperator: (name: OperatorName, argument: Bytes, host: OperatorHost, place: Place) => Operator
  readonly host: OperatorHost
}

type Relate = (value: Bytes, argument: Bytes) => boolean

const NUMERIC: Partial<Record<OperatorName, Compare>> = COMPARISONS

/** Comparisons with an argument that is not known before; what they mean is the same as in the table of operators. */
const RELATIONS: Partial<Record<OperatorName, Relate>> = {
  beginsWith: (value, argument) => value.startsWith(argument),
  contains: (value, argument) => value.includes(argument),
  endsWith: (value, argument) => value.endsWith(argument),
  streq: (value, argument) => value === argument,
  within: (value, argument) => argument.includes(value),
}

/** Operators made of arguments with macros are kept, up to this many for each rule. */
const MADE_MAX = 64

/** Compiles an operator; `id` is the rule's number for evaluations given up. */
export function compileTest(use: OperatorUse, id: number, place: Place, context: TestContext): Test {
  const plain = plainText(use.argument)
  return (
    compileComparison(use, plain) ??
    (plain === null
      ? compileVarying(use, id, place, context)
      : compileFixed(use, id, context.makeOperator(use.name, plain, context.host, place)))
  )
}

function compileComparison({ name, negated, argument }: OperatorUse, plain: Bytes | null): Test | null {
  const expand = compileTemplate(argument)
  const compare = NUMERIC[name]
  if (compare !== undefined) {
    const holds = plain === null ? comparing(compare, expand) : comparingWith(compare, toInteger(plain))
    return { holds: negate(holds, negated), capture: null, needs: null }
  }
  const relate = RELATIONS[name]
  if (relate === undefined || plain !== null) return null
  const holds: Test['holds'] = (state, text) => relate(text, expand(state))
  return { holds: negate(holds, negated), capture: null, needs: null }
}

function comparing(compare: Compare, expand: Expand): Test['holds'] {
  return (state, text) => compare(toInteger(text), toInteger(expand(state)))
}

function comparingWith(compare: Compare, argument: number): Test['holds'] {
  return (_, text) => compare(toInteger(text), argument)
}

function negate(holds: Test['holds'], negated: boolean): Test['holds'] {
  return negated ? (state, text) => !holds(state, text) : holds
}

function compileFixed({ negated }: OperatorUse, id: number, operator: Operator): Test {
  const { capture, fields, needs } = operator
  const holds = asking(operator, negated, id)
  return {
    holds: fields === undefined ? holds : withPlace(holds, fields),
    capture: capture === undefined || negated ? null : (_, text) => capture(text),
    needs: negated ? null : needs,
  }
}

/** A search given up counts as a match, of a negated operator too. */
function asking(operator: Operator, negated: boolean, id: number): Test['holds'] {
  const { verdict } = operator
  if (verdict === undefined) {
    return negated ? (_, text) => !operator.test(text) : (_, text) => operator.test(text)
  }
  const wanted = negated ? 'no-match' : 'match'
  return (state, text) => {
    const said = verdict(text)
    if (said === 'over-budget') state.overBudget.add(id)
    return said === wanted || said === 'over-budget'
  }
}

function compileVarying(use: OperatorUse, id: number, place: Place, context: TestContext): Test {
  const expand = compileTemplate(use.argument)
  const made = new Map<Bytes, Test>()
  const now = (state: State): Test => {
    const argument = expand(state)
    const known = made.get(argument)
    if (known !== undefined) return known
    if (made.size >= MADE_MAX) made.clear()
    const test = compileFixed(use, id, context.makeOperator(use.name, argument, context.host, place))
    made.set(argument, test)
    return test
  }
  return {
    holds: (state, text) => now(state).holds(state, text),
    capture: (state, text) => now(state).capture?.(state, text) ?? null,
    needs: null,
  }
}

/** What an operator finds out beside its answer is the `GEO` collection. */
function withPlace(holds: Test['holds'], fields: NonNullable<Operator['fields']>): Test['holds'] {
  return (state, text) => {
    if (!holds(state, text)) return false
    for (const [name, value] of Object.entries(fields(text) ?? {})) state.geo.set(name.toLowerCase(), value)
    return true
  }
}
