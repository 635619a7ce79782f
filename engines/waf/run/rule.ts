import type { Bytes, Rule, Template } from '../model.ts'
import { compileTemplate, type Expand } from './macro.ts'
import { compileLink, runLink, targetsOf, type Link, type LinkContext } from './link.ts'
import type { Prefilter, Seat } from './prefilter.ts'
import type { State } from './state.ts'
import type { ResolvedTargets } from './targets.ts'

/** A rule ready to run. */
export interface CompiledRule {
  /** Position among all the rules of the set. */
  readonly index: number
  readonly rule: Rule
  readonly links: readonly Link[]
  /** Where the prefilter says whether the first link may match; null for rules that are always tried. */
  readonly seat: Seat | null
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

/** Compiles a rule. */
export function compileRule(rule: Rule, index: number, context: RuleContext): CompiledRule {
  const links = rule.conditions.map((condition) => compileLink(condition, rule.id, context))
  const tagTexts = rule.tags.map(context.templateText)
  const message = firstOf(rule, (condition) => condition.message)
  const paranoia = paranoiaOf(tagTexts)
  return {
    index,
    rule,
    links,
    seat: context.everyRule ? null : seatOf(rule, links[0], paranoia, context.prefilter),
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
  if (link === undefined || link.targets === null || link.targets.number < 0 || link.multiMatch) return null
  const needs = link.test?.needs ?? null
  if (needs === null) return null
  const family = `${rule.phase <= 2 ? 'request' : 'response'} ${paranoia ?? 1}`
  return prefilter.seat(family, link.chain, needs)
}

/** Runs a rule; true when all of its conditions held. */
export function runRule(state: State, compiled: CompiledRule): boolean {
  const [first] = compiled.links
  if (first === undefined) return false
  const resolved = targetsOf(state, first, compiled.content)
  const { seat } = compiled
  if (seat !== null && resolved !== null && !anyMay(state, seat, resolved)) return false
  state.rule = compiled.rule
  state.matchedFresh = true
  const filters = state.filters.size === 0 ? undefined : state.filters.get(compiled.index)
  if (!runLink(state, first, resolved, seat, filters)) return false
  for (let index = 1; index < compiled.links.length; index++) {
    const link = compiled.links[index]
    if (link === undefined) continue
    if (!runLink(state, link, targetsOf(state, link, compiled.content), null, filters)) return false
  }
  return true
}

function anyMay(state: State, seat: Seat, resolved: ResolvedTargets): boolean {
  const { number } = seat.group
  const union = (resolved.unions[number] ??= unite(state, seat, resolved))
  return ((union[seat.word] ?? 0) & seat.bit) !== 0
}

const NONE = new Int32Array(0)

function unite(state: State, seat: Seat, resolved: ResolvedTargets): Int32Array {
  let union: Int32Array = NONE
  let own = false
  for (const entry of resolved.entries) {
    const bits = seat.group.candidates(state.values, entry.value)
    if (bits.length === 0 || bits === union) continue
    if (union.length === 0) union = bits
    else {
      if (!own) union = union.slice()
      own = true
      for (let word = 0; word < bits.length; word++) union[word] = (union[word] ?? 0) | (bits[word] ?? 0)
    }
  }
  return union
}

/** What a rule says at a match, cut to a length that may be kept. */
export function said(state: State, expand: Expand, bytesMax = 2000): Bytes {
  const text = expand(state)
  return text.length > bytesMax ? `${text.slice(0, bytesMax)}…` : text
}
