import type { Bytes, Rule, Template } from '../model.ts'
import { WafError } from '../waf-error.ts'
import { compileTemplate, type Expand } from './macro.ts'
import { compileLink, runLink, runPeek, type Link, type LinkContext } from './link.ts'
import type { Prefilter, Seat } from './prefilter.ts'
import { slotOf, type State } from './state.ts'
import { candidatesIn, resolve, type TargetFilter, type View } from './targets.ts'

/** A rule ready to run. */
export interface CompiledRule {
  /** Position among all the rules of the set. */
  readonly index: number
  readonly rule: Rule
  readonly links: readonly Link[]
  /** Where the prefilter says whether the first link may match; null for rules that are always tried. */
  readonly seat: Seat | null
  /** Where a transaction keeps what the first link may match; see `State.found`. */
  readonly place: number
  /** Whether it looks for attacks in content, and so does not see a body that its sender signed. */
  readonly content: boolean
  /** Whether a match is worth telling. */
  readonly loud: boolean
  readonly message: Expand
  readonly data: Expand
  readonly tags: readonly Expand[]
  /** As written, for choices by tag or message. */
  readonly tagTexts: readonly string[]
  readonly messageText: string
  readonly paranoia: number | null
  readonly location: Expand
}

/** What rules are made with. */
export interface RuleContext extends LinkContext {
  readonly prefilter: Prefilter
  readonly everyRule: boolean
}

/** What rules may ask for and nothing here can do; a rule is refused rather than obeyed by half. */
function refuseUndone(rule: Rule): void {
  const { kind } = rule.disruption
  if (kind === 'pause' || kind === 'proxy')
    throw new WafError(
      'directive-refused',
      `${kind} is for a server that waits or forwards; use deny`,
      rule.place,
    )
  const rewriting = rule.conditions.find(({ operator }) => operator?.name === 'rsub')
  if (rewriting !== undefined)
    throw new WafError(
      'directive-refused',
      '@rsub rewrites streams; here bodies are looked at only',
      rewriting.place,
    )
}

/** Compiles a rule; throws a `WafError` for one that cannot be obeyed whole. */
export function compileRule(rule: Rule, index: number, context: RuleContext): CompiledRule {
  refuseUndone(rule)
  const links = rule.conditions.map((condition) => compileLink(condition, rule.id, context))
  const tagTexts = rule.tags.map(context.templateText)
  const message = firstOf(rule, (condition) => condition.message)
  const paranoia = paranoiaOf(tagTexts)
  const seat = context.everyRule ? null : seatOf(rule, links[0], paranoia, context.prefilter)
  const list = links[0]?.targets ?? null
  return {
    index,
    rule,
    links,
    seat,
    place: seat === null || list === null ? -1 : context.placeOf(list, seat.group.number),
    content: isContent(tagTexts),
    loud: rule.log || rule.auditLog || rule.disruption.kind !== 'pass',
    message: compileTemplate(message),
    data: compileTemplate(firstOf(rule, (condition) => condition.logData)),
    tags: rule.tags.map(compileTemplate),
    tagTexts,
    messageText: context.templateText(message),
    paranoia,
    location: compileTemplate(rule.disruption.kind === 'redirect' ? rule.disruption.location : []),
  }
}

function firstOf(rule: Rule, text: (condition: Rule['conditions'][number]) => Template | null): Template {
  for (const condition of rule.conditions) {
    const found = text(condition)
    if (found !== null) return found
  }
  return []
}

function paranoiaOf(tags: readonly string[]): number | null {
  const level = tags
    .map((tag) => /^paranoia-level\/(\d)$/.exec(tag)?.[1])
    .find((found) => found !== undefined)
  return level === undefined ? null : Number(level)
}

/** Rules of attacks in content, as their tags say; those of the protocol and of the parts of a multipart body are not. */
function isContent(tags: readonly string[]): boolean {
  return (
    tags.some((tag) => tag.startsWith('attack-')) &&
    !tags.some((tag) => tag === 'attack-protocol' || tag === 'attack-multipart-header')
  )
}

function seatOf(
  rule: Rule,
  link: Link | undefined,
  paranoia: number | null,
  prefilter: Prefilter,
): Seat | null {
  if (link === undefined || link.targets === null || link.targets.number < 0) return null
  const needs = link.test?.needs ?? null
  // What needs next to nothing is always tried: it would only stand among what every value may match.
  if (
    needs === null ||
    (needs.bytes.length === 0 && needs.literals.length === 0 && needs.plain === undefined)
  )
    return null
  const family = `${rule.phase <= 2 ? 'request' : 'response'} ${paranoia ?? 1}`
  return prefilter.seat(family, link.chain, link.multiMatch, needs)
}

/** What a rule sees: of a signed body only what tells of its form. */
function viewOf(state: State, compiled: CompiledRule): View {
  return state.signed && compiled.content ? 1 : 0
}

/** Bits of the rules that share a place with this one and may match something; asked once a phase and view. */
export function lookAhead(state: State, compiled: CompiledRule | undefined, view: View): Int32Array {
  const { seat = null, links = [], place = -1 } = compiled ?? {}
  const list = links[0]?.targets ?? null
  if (seat === null || list === null) throw new Error('a rule without a seat')
  return (state.found[slotOf(state.counts.places, place, view)] = candidatesIn(state, list, seat, view))
}

/** Runs a rule that may match; true when all of its conditions held. */
export function runRule(state: State, compiled: CompiledRule): boolean {
  const { links, seat } = compiled
  state.rule = compiled.rule
  state.matchedFresh = true
  state.gathers = compiled.loud || links.length > 1
  for (let index = 0; index < links.length; index++) {
    const link = links[index]
    if (link !== undefined && !runOne(state, compiled, link, index === 0 ? seat : null)) return false
  }
  return true
}

function runOne(state: State, compiled: CompiledRule, link: Link, seat: Seat | null): boolean {
  const filters = filtersOf(state, compiled.index)
  if (link.peek !== null && link.test !== null && filters === null) {
    return runPeek(state, link, link.test, link.peek)
  }
  const entries = link.targets === null ? null : resolve(state, link.targets, viewOf(state, compiled))
  return runLink(state, link, entries, seat, filters)
}

function filtersOf(state: State, index: number): readonly TargetFilter[] | null {
  if (state.filters.size === 0 && state.ownFilters.length === 0) return null
  let own: TargetFilter[] | null = null
  for (const { rules, filter } of state.ownFilters) if (rules[index] === 1) (own ??= []).push(filter)
  const standing = state.filters.get(index) ?? null
  if (own === null) return standing
  return standing === null ? own : [...standing, ...own]
}

/** What a rule says at a match, cut to a length that may be kept. */
export function said(state: State, expand: Expand, bytesMax = 2000): Bytes {
  const text = expand(state)
  return text.length > bytesMax ? `${text.slice(0, bytesMax)}…` : text
}
