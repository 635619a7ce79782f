import type { Bytes, RuleChoice, Target } from '../model.ts'
import { compilePattern, MODSECURITY_2 } from '../regex/index.ts'
import { WafError, type Place } from '../waf-error.ts'
import { mergeActions, type ActionSet } from './action-set.ts'
import type { DraftItem, Link, RuleDraft } from './rule-draft.ts'
import { targetText } from './target.ts'
import { templateText } from './template.ts'

/** What a directive changes in rules that stand before or after it. */
export type Change =
  | { readonly kind: 'remove'; readonly rules: RuleChoice; readonly place: Place }
  | {
      readonly kind: 'targets'
      readonly rules: RuleChoice
      readonly link: number
      readonly targets: readonly Target[]
      /** The target whose place the others take; null to add them. */
      readonly replaced: Target | null
      readonly place: Place
    }
  | {
      readonly kind: 'actions'
      readonly rules: RuleChoice
      readonly link: number
      readonly actions: ActionSet
      readonly place: Place
    }

/** The items after all changes, in the order in which these were written. */
export function applyChanges(items: readonly DraftItem[], changes: readonly Change[]): readonly DraftItem[] {
  let left = items
  for (const change of changes) {
    const chosen = choiceTest(change.rules, change.place)
    if (change.kind === 'remove') {
      left = left.filter((item) => item.kind === 'marker' || !chosen(item))
      continue
    }
    for (const item of left) if (item.kind === 'draft' && chosen(item)) changeRule(item, change)
  }
  return left
}

function changeRule(rule: RuleDraft, change: Exclude<Change, { kind: 'remove' }>): void {
  const link = rule.links[change.link]
  if (link === undefined) {
    throw new WafError(
      'action-argument',
      `rule ${rule.id} has no link ${change.link} in its chain`,
      change.place,
    )
  }
  rule.links[change.link] =
    change.kind === 'targets'
      ? { ...link, targets: changedTargets(link, change.targets, change.replaced, change.place) }
      : { ...link, actions: mergeActions(link.actions, change.actions) }
}

function changedTargets(
  link: Link,
  targets: readonly Target[],
  replaced: Target | null,
  place: Place,
): readonly Target[] {
  if (link.operator === null)
    throw new WafError('action-argument', 'a SecAction looks at no variables', place)
  if (replaced === null) return [...link.targets, ...targets]
  const text = targetText(replaced).toLowerCase()
  return link.targets.flatMap((target) => (targetText(target).toLowerCase() === text ? targets : [target]))
}

function choiceTest(rules: RuleChoice, place: Place): (rule: RuleDraft) => boolean {
  if (rules.by === 'id') return (rule) => rule.id >= rules.from && rule.id <= rules.to
  const matches = patternTest(rules.pattern, place)
  if (rules.by === 'tag') {
    return (rule) => rule.links.some((link) => link.actions.tags.some((tag) => matches(templateText(tag))))
  }
  return (rule) =>
    rule.links.some((link) => link.actions.message !== null && matches(templateText(link.actions.message)))
}

function patternTest(pattern: Bytes, place: Place): (text: string) => boolean {
  const compiled = compilePattern(pattern, MODSECURITY_2, place)
  return (text) => compiled.verdict(text) === 'match'
}
