import type { Verdict } from '../api.ts'
import type { Marker, Phase } from '../model.ts'
import type { CompiledRule } from './rule.ts'
import { noticePeek, type Peek } from './link.ts'
import { lookAhead, runRule, said } from './rule.ts'
import { slotOf, type State } from './state.ts'
import { countStandsIn, valueStandsIn } from './tx-variables.ts'

/** The rules of one phase in their order. */
export interface Plan {
  readonly rules: readonly CompiledRule[]
  /** For each rule where to go on after a match: the next one, or what `skipAfter` and `skip` name. */
  readonly next: Int32Array
  /** What is needed of each rule to leave it out, `FIELDS` numbers a rule in one row: most rules of most requests are not touched otherwise. */
  readonly outline: Int32Array
  /** For each rule that compares a number of `TX` and does nothing at a match but to skip others: what it reads. */
  readonly skips: readonly (Peek | null)[]
}

/**
 * In the outline of a rule: its position in the set; whether it looks for attacks in content; the place, word and bit of what
 * it may match. Of a rule that compares a number of `TX`: `COMPARES` or `COUNTS`, the place of the number, how it must stand to
 * the argument, and that.
 */
const [INDEX, CONTENT, PLACE, WORD, BIT, ARGUMENT, FIELDS] = [0, 1, 2, 3, 4, 5, 6] as const
const [COMPARES, COUNTS] = [-2, -3] as const

/** Lays out the rules of a phase. */
export function layOut(items: readonly (CompiledRule | Marker)[], phase: Phase): Plan {
  const rules: CompiledRule[] = []
  const at = new Map<string, number[]>()
  for (const item of items) {
    if ('index' in item) {
      if (item.rule.phase === phase) rules.push(item)
    } else at.set(item.name, [...(at.get(item.name) ?? []), rules.length])
  }
  const next = Int32Array.from(rules, ({ rule }, position) => {
    if (rule.skipAfter === null) return position + 1 + rule.skip
    return at.get(rule.skipAfter)?.find((place) => place > position) ?? rules.length
  })
  return {
    rules,
    next,
    outline: Int32Array.from(rules.flatMap(outlineOf)),
    skips: rules.map((compiled) => (isSkip(compiled) ? (compiled.links[0]?.peek ?? null) : null)),
  }
}

function outlineOf({ index, content, place, seat, links }: CompiledRule): readonly number[] {
  const head = [index, content ? 1 : 0]
  const peek = links[0]?.peek ?? null
  if (peek === null || peek.comparison === null) return [...head, place, seat?.word ?? 0, seat?.bit ?? 0, 0]
  const { place: at, relation, argument } = peek.comparison
  return [...head, peek.label.count ? COUNTS : COMPARES, at, relation, argument]
}

function isSkip({ rule, links, loud }: CompiledRule): boolean {
  const [link] = links
  if (link === undefined || links.length > 1 || loud || rule.severity !== null) return false
  return link.effects === null && link.peek !== null && link.peek.comparison !== null
}

/** How far a phase has come that is run in steps; `done` once it is over. */
interface Walk {
  position: number
  done: boolean
}

/** Runs a phase; the verdict that stops the transaction, or null. */
export function runPlan(state: State, plan: Plan): Verdict | null {
  return runOn(state, plan, { position: 0, done: false }, Number.POSITIVE_INFINITY)
}

/** Goes on with a phase until it is over or `millisecondsMax` have passed, at least by one rule. */
export function runOn(state: State, plan: Plan, walk: Walk, millisecondsMax: number): Verdict | null {
  const { rules, next, skips } = plan
  const bounded = millisecondsMax !== Number.POSITIVE_INFINITY
  const from = bounded ? performance.now() : 0
  let { position } = walk
  walk.done = true
  while (position < rules.length) {
    if (bounded && position > walk.position && performance.now() - from > millisecondsMax) {
      walk.done = false
      walk.position = position
      return null
    }
    if (isLeftOut(state, plan, position)) {
      position++
      continue
    }
    const skip = skips[position] ?? null
    if (skip !== null && state.filters.size === 0 && state.ownFilters.length === 0) {
      noticePeek(state, skip)
      position = next[position] as number
      continue
    }
    const compiled = rules[position]
    if (compiled === undefined) break
    if (!runRule(state, compiled)) {
      position++
      continue
    }
    const outcome = settle(state, compiled)
    if (outcome === 'stop') return state.verdict
    if (state.mode === 'Off') return null
    position = next[position] ?? rules.length
  }
  return null
}

/**
 * Whether a rule was taken out, or nothing that it looks at holds what it needs: one look for all rules of the same targets and
 * transformations.
 */
function isLeftOut(state: State, { rules, outline }: Plan, position: number): boolean {
  const at = position * FIELDS
  if (state.removed[outline[at + INDEX] as number] === 1) return true
  const place = outline[at + PLACE] as number
  if (place < 0) return place <= COMPARES && !compares(state, outline, at)
  const view = state.signed && outline[at + CONTENT] === 1 ? 1 : 0
  const found =
    state.found[slotOf(state.counts.places, place, view)] ?? lookAhead(state, rules[position], view)
  return ((found[outline[at + WORD] as number] as number) & (outline[at + BIT] as number)) === 0
}

/** Whether a rule that compares a number of `TX` holds. */
function compares(state: State, outline: Int32Array, at: number): boolean {
  const place = outline[at + WORD] as number
  const relation = outline[at + BIT] as number
  const argument = outline[at + ARGUMENT] as number
  return outline[at + PLACE] === COUNTS
    ? countStandsIn(state.tx, place, relation, argument)
    : valueStandsIn(state.tx, place, relation, argument)
}

/** What follows from a rule that held. */
function settle(state: State, compiled: CompiledRule): 'stop' | 'go on' {
  const { rule } = compiled
  if (rule.severity !== null && rule.severity < state.highestSeverity) state.highestSeverity = rule.severity
  if (compiled.loud) record(state, compiled)
  const { disruption } = rule
  if (disruption.kind === 'pass') return 'go on'
  if (disruption.kind === 'allow') {
    if (disruption.what !== 'phase') state.allowed = disruption.what
    return 'stop'
  }
  return state.phase === 5 ? 'go on' : decide(state, compiled)
}

function record(state: State, compiled: CompiledRule): void {
  if (compiled.rule.auditLog) state.auditAsked = true
  state.matches.push({
    rule: compiled,
    phase: state.phase,
    message: said(state, compiled.message),
    data: said(state, compiled.data),
    tags: compiled.tags.map((tag) => said(state, tag)),
    parts: state.matchedFresh ? [] : state.matchedParts,
  })
}

function decide(state: State, compiled: CompiledRule): 'stop' | 'go on' {
  const { disruption } = compiled.rule
  const kind = disruption.kind === 'redirect' || disruption.kind === 'drop' ? disruption.kind : 'deny'
  const verdict: Verdict = {
    rule: compiled.rule.id,
    phase: state.phase,
    action: kind,
    status: 'status' in disruption ? disruption.status : 403,
    location: kind === 'redirect' ? said(state, compiled.location) : null,
    message: said(state, compiled.message),
  }
  return obey(state, verdict) === null ? 'go on' : 'stop'
}

/** Keeps a verdict: as one to obey, or, where rules only look, as what would have been. */
export function obey(state: State, verdict: Verdict): Verdict | null {
  if (state.mode !== 'On') {
    if (state.mode === 'DetectionOnly') state.wouldBlock ??= verdict
    return null
  }
  state.verdict = verdict
  return verdict
}
