import type { Assignment, Condition, Control, Disruption, Effect, Rule, RuleChoice } from '../model.ts'
import { operatorText } from './operator-use.ts'
import { targetText } from './target.ts'
import { templateText } from './template.ts'
import { quoteText } from './words.ts'

/** A rule as SecLang, one line a link; what its defaults gave it is written out, so it reads the same without them. */
export function ruleText(rule: Rule): string {
  return rule.conditions
    .map((condition, at) => {
      const head = at === 0 ? headActions(rule) : []
      const chain = at < rule.conditions.length - 1 ? ['chain'] : []
      return conditionText(condition, [...head, ...conditionActions(condition), ...chain])
    })
    .join('\n')
}

function conditionText(condition: Condition, actions: readonly string[]): string {
  const list = quoteText(actions.join(','), '"')
  if (condition.operator === null) return `SecAction ${list}`
  const targets = quoteText(condition.targets.map(targetText).join('|'), '"')
  return `SecRule ${targets} ${quoteText(operatorText(condition.operator), '"')} ${list}`
}

function headActions(rule: Rule): string[] {
  return [
    `id:${rule.id}`,
    `phase:${rule.phase}`,
    ...disruptionActions(rule.disruption),
    rule.log ? 'log' : 'nolog',
    rule.auditLog ? 'auditlog' : 'noauditlog',
    ...(rule.skip > 0 ? [`skip:${rule.skip}`] : []),
    ...valued('skipAfter', rule.skipAfter),
    ...valued('severity', rule.severity),
    ...rule.tags.map((tag) => action('tag', templateText(tag))),
    ...valued('ver', rule.version),
    ...valued('rev', rule.revision),
    ...valued('maturity', rule.maturity),
    ...valued('accuracy', rule.accuracy),
  ]
}

function conditionActions(condition: Condition): string[] {
  return [
    't:none',
    ...condition.transformations.map((name) => `t:${name}`),
    ...(condition.multiMatch ? ['multiMatch'] : []),
    ...(condition.capture ? ['capture'] : []),
    ...(condition.message === null ? [] : [action('msg', templateText(condition.message))]),
    ...(condition.logData === null ? [] : [action('logdata', templateText(condition.logData))]),
    ...namespaceActions(condition),
    ...condition.effects.map(effectText),
  ]
}

function namespaceActions(condition: Condition): string[] {
  const found: Record<string, string> = {}
  for (const { selector } of condition.targets) {
    if (selector?.kind === 'xpath') Object.assign(found, selector.namespaces)
  }
  return Object.entries(found).map(([prefix, address]) => action('xmlns', `${prefix}=${address}`))
}

function disruptionActions(disruption: Disruption): string[] {
  switch (disruption.kind) {
    case 'deny':
    case 'drop':
      return [disruption.kind, `status:${disruption.status}`]
    case 'redirect':
      return [action('redirect', templateText(disruption.location)), `status:${disruption.status}`]
    case 'proxy':
      return [action('proxy', templateText(disruption.location))]
    case 'pause':
      return [`pause:${disruption.milliseconds}`]
    case 'allow':
      return [disruption.what === 'everything' ? 'allow' : `allow:${disruption.what}`]
    case 'pass':
    default:
      return ['pass']
  }
}

/** An effect as an action is written. */
export function effectText(effect: Effect): string {
  switch (effect.kind) {
    case 'setvar':
      return action('setvar', assignmentText(effect.assignment))
    case 'expirevar':
      return action('expirevar', `${leftText(effect)}=${templateText(effect.seconds)}`)
    case 'deprecatevar':
      return action('deprecatevar', `${leftText(effect)}=${effect.by}/${effect.seconds}`)
    case 'initcol':
      return action('initcol', `${effect.collection}=${templateText(effect.key)}`)
    case 'setenv': {
      const name = templateText(effect.name)
      return action('setenv', effect.value === null ? `!${name}` : `${name}=${templateText(effect.value)}`)
    }
    case 'ctl':
      return action('ctl', controlText(effect.control))
    case 'sanitise':
      return sanitiseText(effect)
    case 'setuid':
    case 'setsid':
    case 'setrsc':
      return action(effect.kind, templateText(effect.key))
    case 'exec':
    case 'append':
    case 'prepend':
    default:
      return action(effect.kind, templateText(effect.argument))
  }
}

function assignmentText(assignment: Assignment): string {
  const left = leftText(assignment)
  if (assignment.kind === 'unset') return `!${left}`
  const sign = assignment.kind === 'add' ? '+' : assignment.kind === 'subtract' ? '-' : ''
  return `${left}=${sign}${templateText(assignment.value)}`
}

function leftText({ collection, key }: Pick<Assignment, 'collection' | 'key'>): string {
  return `${collection}.${templateText(key)}`
}

function sanitiseText({ what, name }: Extract<Effect, { kind: 'sanitise' }>): string {
  const word = `sanitise${what.slice(0, 1).toUpperCase()}${what.slice(1)}`
  return name === '' ? word : action(word, name)
}

const BY = { id: 'Id', tag: 'Tag', message: 'Msg' } as const

function controlText(control: Control): string {
  switch (control.kind) {
    case 'auditEngine':
    case 'parseXmlIntoArgs':
      return `${control.kind}=${control.value}`
    case 'auditLogParts': {
      const sign = control.change === 'add' ? '+' : control.change === 'remove' ? '-' : ''
      return `auditLogParts=${sign}${control.parts}`
    }
    case 'debugLogLevel':
      return `debugLogLevel=${control.level}`
    case 'requestBodyLimit':
    case 'responseBodyLimit':
      return `${control.kind}=${control.bytesMax}`
    case 'requestBodyProcessor':
      return `requestBodyProcessor=${control.processor}`
    case 'ruleEngine':
      return `ruleEngine=${control.mode}`
    case 'ruleRemove':
      return `ruleRemoveBy${BY[control.rules.by]}=${choiceText(control.rules)}`
    case 'ruleRemoveTarget': {
      const { rules, target } = control
      return `ruleRemoveTargetBy${BY[rules.by]}=${choiceText(rules)};${targetText(target)}`
    }
    case 'forceRequestBodyVariable':
    case 'requestBodyAccess':
    case 'responseBodyAccess':
    case 'hashEngine':
    case 'hashEnforcement':
    default:
      return `${control.kind}=${control.on ? 'On' : 'Off'}`
  }
}

function choiceText(rules: RuleChoice): string {
  if (rules.by !== 'id') return rules.pattern
  return rules.from === rules.to ? String(rules.from) : `${rules.from}-${rules.to}`
}

function valued(name: string, value: string | number | null): string[] {
  return value === null ? [] : [action(name, String(value))]
}

function action(name: string, value: string): string {
  return /^[\w./-]+$/.test(value) ? `${name}:${value}` : `${name}:${quoteText(value, "'")}`
}
