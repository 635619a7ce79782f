import type { Condition, Disruption, Marker, OperatorUse, Phase, Rule, Target } from '../model.ts'
import { WafError, type Place } from '../waf-error.ts'
import { ASSUMED_ACTIONS, mergeActions, type ActionSet } from './action-set.ts'

/** One `SecRule` or `SecAction` as read. */
export interface Link {
  readonly place: Place
  readonly targets: readonly Target[]
  readonly operator: OperatorUse | null
  readonly actions: ActionSet
}

/** A rule while directives may still change it; `defaults` are those in force where it stands. */
export interface RuleDraft {
  readonly kind: 'draft'
  readonly id: number
  readonly phase: Phase
  readonly place: Place
  readonly defaults: ActionSet
  readonly links: Link[]
}

/** Rules and markers in their order. */
export type DraftItem = RuleDraft | Marker

/** The phase of a rule that names none. */
export const ASSUMED_PHASE: Phase = 2

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Begins a rule with its first link. */
export function beginRule(link: Link, defaults: ReadonlyMap<Phase, ActionSet>): RuleDraft {
  const { id } = link.actions
  if (id === null) throw new WafError('rule-id', 'a rule needs a number (id)', link.place)
  const phase = link.actions.phase ?? ASSUMED_PHASE
  return {
    kind: 'draft',
    id,
    phase,
    place: link.place,
    defaults: defaults.get(phase) ?? ASSUMED_ACTIONS,
    links: [link],
  }
}

/** Refuses what only the first rule of a chain may say. */
export function checkChained(link: Link, head: RuleDraft): void {
  const { actions, place } = link
  const refuse = (what: string): never => {
    throw new WafError('action-argument', `only the first rule of a chain may have ${what}`, place)
  }
  if (actions.id !== null) throw new WafError('rule-id', 'only the first rule of a chain has a number', place)
  if (actions.disruptive !== null) refuse(`a disruptive action (${actions.disruptive.kind})`)
  if (actions.skip !== null) refuse('skip')
  if (actions.skipAfter !== null) refuse('skipAfter')
  if (actions.phase !== null && actions.phase !== head.phase) refuse('a phase of its own')
}

/** The rule with its defaults applied. */
export function finishRule(draft: RuleDraft): Rule {
  const [first, ...others] = draft.links
  if (first === undefined) throw new Error('a rule without conditions')
  const head = mergeActions(draft.defaults, first.actions)
  const chained = others.map((link) => withTransformations(draft.defaults, link.actions))
  const all = chained.reduce(withMetadata, head)
  return {
    kind: 'rule',
    id: draft.id,
    place: draft.place,
    phase: draft.phase,
    conditions: [
      condition(first, head),
      ...others.map((link, at) => condition(link, chained[at] ?? link.actions)),
    ],
    disruption: disruptionOf(head, draft.defaults),
    blocks: head.disruptive?.kind === 'block',
    skip: head.skip ?? 0,
    skipAfter: head.skipAfter,
    log: all.log ?? true,
    auditLog: all.auditLog ?? true,
    severity: all.severity,
    tags: all.tags,
    version: all.version,
    revision: all.revision,
    maturity: all.maturity,
    accuracy: all.accuracy,
  }
}

function withTransformations(defaults: ActionSet, actions: ActionSet): ActionSet {
  if (actions.resets || defaults.transformations.length === 0) return actions
  return { ...actions, transformations: [...defaults.transformations, ...actions.transformations] }
}

/** What a chained rule says of the rule as a whole. */
function withMetadata(head: ActionSet, link: ActionSet): ActionSet {
  return mergeActions(head, { ...link, effects: [], transformations: [] })
}

function condition(link: Link, actions: ActionSet): Condition {
  const prefixed = Object.keys(actions.namespaces).length > 0
  return {
    place: link.place,
    targets: prefixed
      ? link.targets.map((target) => withNamespaces(target, actions.namespaces))
      : link.targets,
    operator: link.operator,
    transformations: actions.transformations,
    multiMatch: actions.multiMatch,
    capture: actions.capture,
    effects: actions.effects,
    message: actions.message,
    logData: actions.logData,
  }
}

function withNamespaces(target: Target, namespaces: Readonly<Record<string, string>>): Target {
  if (target.selector?.kind !== 'xpath') return target
  return { ...target, selector: { ...target.selector, namespaces } }
}

function disruptionOf(actions: ActionSet, defaults: ActionSet): Disruption {
  const said = actions.disruptive
  const disruptive = said === null || said.kind === 'block' ? defaults.disruptive : said
  switch (disruptive?.kind) {
    case 'deny':
    case 'drop':
      return { kind: disruptive.kind, status: actions.status ?? 403 }
    case 'redirect': {
      const status = actions.status !== null && REDIRECTS.has(actions.status) ? actions.status : 302
      return { kind: 'redirect', location: disruptive.location, status }
    }
    case 'proxy':
      return { kind: 'proxy', location: disruptive.location }
    case 'pause':
    case 'allow':
      return disruptive
    case 'pass':
    case 'block':
    case undefined:
    default:
      return { kind: 'pass' }
  }
}
