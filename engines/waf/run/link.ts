import type { Bytes, Condition } from '../model.ts'
import type { OperatorName, TransformationName } from '../names.ts'
import type { Capture } from '../operators/operator.ts'
import { lowercase } from '../transform/case.ts'
import { derive, stages, type Chain } from './chain.ts'
import { compileEffects } from './effects.ts'
import type { Act } from './assignment.ts'
import type { ControlContext } from './controls.ts'
import { Entry, type Label } from './entry.ts'
import { plainText, toInteger } from './macro.ts'
import { compileTest, type Test, type TestContext } from './operator-test.ts'
import { forgo, mayHold, type Seat } from './prefilter.ts'
import type { State } from './state.ts'
import type { TargetFilter, TargetList } from './targets.ts'
import { relationOf } from './tx-variables.ts'
import { Value } from './value.ts'

/** One compiled condition of a rule. */
export interface Link {
  /** Null for `SecAction`. */
  readonly targets: TargetList | null
  readonly test: Test | null
  readonly chain: Chain
  readonly multiMatch: boolean
  readonly captures: boolean
  /** Reads the one text that the link looks at without making an entry of it; null for other links. */
  readonly peek: Peek | null
  readonly effects: Act | null
  readonly operator: {
    readonly name: OperatorName
    readonly negated: boolean
    readonly argument: string
  } | null
  readonly transformations: readonly TransformationName[]
}

/** A text, or null when there is none. */
export interface Peek {
  readonly label: Label
  readonly read: (state: State) => Bytes | null
  /** How its number is compared; null for other operators, and arguments that are not known before. */
  readonly comparison: Comparison | null
}

/** Asks how the number at a place of `TX`, or that there is one, stands to an argument. */
interface Comparison {
  readonly place: number
  /** Of `relationOf`. */
  readonly relation: number
  readonly argument: number
}

/** What links are made with. */
export interface LinkContext extends TestContext, ControlContext {
  readonly targetsOf: (condition: Condition) => TargetList
  readonly placeOf: (list: TargetList, group: number) => number
  readonly chainOf: (names: readonly TransformationName[]) => Chain
  readonly templateText: (template: Condition['message'] & object) => string
}

/** Compiles a condition; `id` is its rule's number. */
export function compileLink(condition: Condition, id: number, context: LinkContext): Link {
  const { operator, place } = condition
  return {
    targets: operator === null ? null : context.targetsOf(condition),
    test: operator === null ? null : compileTest(operator, id, place, context),
    chain: context.chainOf(condition.transformations),
    multiMatch: condition.multiMatch,
    captures: condition.capture,
    peek: peekOf(condition, context),
    effects: compileEffects(condition.effects, { ...context, place }),
    operator:
      operator === null
        ? null
        : {
            name: operator.name,
            negated: operator.negated,
            argument: context.templateText(operator.argument),
          },
    transformations: condition.transformations,
  }
}

/** `TX:name` and `&TX:name` without transformations, which is what most rules that steer others look at. */
function peekOf(condition: Condition, { txPlaceOf }: LinkContext): Peek | null {
  const { targets, transformations, capture } = condition
  const [target] = targets
  if (target === undefined || targets.length > 1 || transformations.length > 0 || capture) return null
  if (target.variable !== 'TX' || target.except || target.selector?.kind !== 'name') return null
  const name = lowercase(target.selector.name)
  const place = txPlaceOf(name)
  const { count } = target
  return {
    label: { variable: 'TX', name, count },
    read: count ? ({ tx }) => (tx.at(place) === undefined ? '0' : '1') : ({ tx }) => tx.at(place) ?? null,
    comparison: comparisonOf(condition.operator, place),
  }
}

function comparisonOf(operator: Condition['operator'], place: number): Comparison | null {
  const argument = operator === null ? null : plainText(operator.argument)
  if (operator === null || argument === null) return null
  const relation = relationOf(operator.name, operator.negated)
  const number = toInteger(argument)
  // What has no place in a row of whole numbers is compared as ever.
  return relation === null || number !== (number | 0) ? null : { place, relation, argument: number }
}

/** How many matched values a report tells of. */
const PARTS_MAX = 10

/** Tries a condition on everything it looks at; carries out its effects at each match. */
export function runLink(
  state: State,
  link: Link,
  entries: readonly Entry[] | null,
  seat: Seat | null,
  filters: readonly TargetFilter[] | null,
): boolean {
  const { test } = link
  if (entries === null || test === null) {
    link.effects?.(state)
    return true
  }
  let matched = false
  for (const entry of entries) {
    if (filters !== null && isHidden(filters, entry)) continue
    if (tryEntry(state, link, test, seat, entry)) matched = true
  }
  return matched
}

/** As `runLink` for a link that peeks. */
export function runPeek(state: State, link: Link, test: Test, peek: Peek): boolean {
  const text = peek.read(state)
  if (text === null || !test.holds(state, text)) return false
  if (state.gathers) {
    const { variable, name, count } = peek.label
    const entry = new Entry(variable, name, new Value(text), false, count)
    take(state, link, test, entry, entry.value)
  } else {
    notice(state, peek, text)
    link.effects?.(state)
  }
  return true
}

/** As `runPeek` for a rule that held, has no effects, and whose match nobody is told of. */
export function noticePeek(state: State, peek: Peek): void {
  notice(state, peek, peek.read(state) ?? '')
}

/** The match of a rule with no other link, of which nobody is told. */
function notice(state: State, { label }: Peek, text: Bytes): void {
  beginMatches(state)
  state.matched = label
  state.matchedOrigin = text
  state.matchedText = text
}

/** Leaves behind what earlier rules matched; records keep lists that are not empty. */
function beginMatches(state: State): void {
  state.matchedFresh = false
  if (state.matchedAll.length > 0) state.matchedAll = []
  if (state.matchedParts.length > 0) state.matchedParts = []
}

function isHidden(filters: readonly TargetFilter[], entry: Entry): boolean {
  return filters.some((filter) => filter.variable === entry.variable && filter.hides(entry))
}

function tryEntry(state: State, link: Link, test: Test, seat: Seat | null, entry: Entry): boolean {
  const { chain } = link
  if (!link.multiMatch) {
    return tryValue(state, link, test, seat, entry, derive(state.values, entry.value, chain))
  }
  let matched = false
  for (const value of stages(state.values, entry.value, chain)) {
    if (tryValue(state, link, test, seat, entry, value)) matched = true
  }
  return matched
}

function tryValue(
  state: State,
  link: Link,
  test: Test,
  seat: Seat | null,
  entry: Entry,
  value: Value,
): boolean {
  if (seat !== null && !mayHold(seat, value)) return false
  if (!test.holds(state, value.text)) {
    if (seat !== null) forgo(seat, value)
    return false
  }
  take(state, link, test, entry, value)
  return true
}

function take(state: State, link: Link, test: Test, entry: Entry, value: Value): void {
  if (link.captures) putCaptures(state, test.capture?.(state, value.text) ?? null)
  if (state.matchedFresh) beginMatches(state)
  state.matched = entry
  state.matchedOrigin = entry.value.text
  state.matchedText = value.text
  if (state.gathers) gather(state, link, entry, value)
  link.effects?.(state)
}

function gather(state: State, link: Link, entry: Entry, value: Value): void {
  state.matchedAll.push({ entry, text: value.text })
  if (state.matchedParts.length < PARTS_MAX) state.matchedParts.push({ link, entry, value })
}

/** What is captured has the names `0` to `9`, which are the first places of `TX`. */
const CAPTURES_MAX = 10

function putCaptures(state: State, capture: Capture | null): void {
  const groups = capture?.groups ?? []
  const count = Math.min(CAPTURES_MAX, Math.max(groups.length, state.captured))
  for (let place = 0; place < count; place++) {
    const group = groups[place]
    if (group === undefined) state.tx.drop(place)
    else state.tx.put(place, group)
  }
  state.captured = groups.length
}
