import type { Bytes, Condition } from '../model.ts'
import type { OperatorName, TransformationName } from '../names.ts'
import type { Capture } from '../operators/operator.ts'
import { derive, stages, type Chain } from './chain.ts'
import { compileEffects } from './effects.ts'
import type { Act } from './assignment.ts'
import type { ControlContext } from './controls.ts'
import type { Entry } from './entry.ts'
import { compileTest, type Test, type TestContext } from './operator-test.ts'
import type { Seat } from './prefilter.ts'
import type { State } from './state.ts'
import { resolve, type ResolvedTargets, type TargetFilter, type TargetList } from './targets.ts'
import type { Value } from './value.ts'

/** One compiled condition of a rule. */
export interface Link {
  /** Null for `SecAction`. */
  readonly targets: TargetList | null
  readonly test: Test | null
  readonly chain: Chain
  readonly multiMatch: boolean
  readonly captures: boolean
  readonly effects: Act | null
  readonly operator: {
    readonly name: OperatorName
    readonly negated: boolean
    readonly argument: string
  } | null
  readonly transformations: readonly TransformationName[]
}

/** What links are made with. */
export interface LinkContext extends TestContext, ControlContext {
  readonly targetsOf: (condition: Condition) => TargetList
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

/** How many matched values a report tells of. */
const PARTS_MAX = 10

/** Tries a condition on everything it looks at; carries out its effects at each match. */
export function runLink(
  state: State,
  link: Link,
  resolved: ResolvedTargets | null,
  seat: Seat | null,
  filters: readonly TargetFilter[] | undefined,
): boolean {
  const { test } = link
  if (resolved === null || test === null) {
    link.effects?.(state)
    return true
  }
  let matched = false
  for (const entry of resolved.entries) {
    if (seat !== null && !mayMatch(state, seat, entry.value)) continue
    if (filters !== undefined && isHidden(filters, entry)) continue
    if (tryEntry(state, link, test, entry)) matched = true
  }
  return matched
}

function mayMatch(state: State, seat: Seat, value: Value): boolean {
  return ((seat.group.candidates(state.values, value)[seat.word] ?? 0) & seat.bit) !== 0
}

function isHidden(filters: readonly TargetFilter[], entry: Entry): boolean {
  return filters.some((filter) => filter.variable === entry.variable && filter.hides(entry))
}

function tryEntry(state: State, link: Link, test: Test, entry: Entry): boolean {
  if (!link.multiMatch) {
    const value = derive(state.values, entry.value, link.chain)
    if (!test.holds(state, value.text)) return false
    take(state, link, test, entry, value)
    return true
  }
  let matched = false
  for (const value of stages(state.values, entry.value, link.chain)) {
    if (!test.holds(state, value.text)) continue
    take(state, link, test, entry, value)
    matched = true
  }
  return matched
}

function take(state: State, link: Link, test: Test, entry: Entry, value: Value): void {
  if (link.captures) putCaptures(state, test.capture?.(state, value.text) ?? null)
  if (state.matchedFresh) {
    state.matchedFresh = false
    state.matchedAll = []
    state.matchedParts = []
  }
  state.matched = entry
  state.matchedText = value.text
  state.matchedAll.push({ entry, text: value.text })
  if (state.matchedParts.length < PARTS_MAX) state.matchedParts.push({ link, entry, value })
  link.effects?.(state)
}

const NAMES: readonly Bytes[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']

function putCaptures(state: State, capture: Capture | null): void {
  const groups = capture?.groups ?? []
  for (const [index, name] of NAMES.entries()) {
    const group = groups[index]
    if (group !== undefined) state.tx.set(name, group)
    else if (index < state.captured) state.tx.delete(name)
    else break
  }
  state.captured = groups.length
}

/** What a link looks at; null for `SecAction`. */
export function targetsOf(state: State, link: Link, content: boolean): ResolvedTargets | null {
  return link.targets === null ? null : resolve(state, link.targets, content)
}
