import type { RuleChoice } from '../model.ts'
import { WafError, type Place } from '../waf-error.ts'
import { ASSUMED_ACTIONS, mergeActions, noActions, type ActionSet } from './action-set.ts'
import { readActions } from './actions.ts'
import { readChoices, type ChosenBy } from './control.ts'
import type { RuleDirective } from './directives.ts'
import { readOperator } from './operator-use.ts'
import type { Reading } from './reading.ts'
import { ASSUMED_PHASE, beginRule, checkChained, type Link } from './rule-draft.ts'
import { readTarget, readTargets } from './target.ts'
import { refuse, type Owner } from './values.ts'

interface RuleReader {
  readonly min: number
  readonly max: number
  readonly read: (reading: Reading, words: readonly string[], place: Place) => void
}

/** The directives that make, mark and change rules; those that include files are read by `readProgram` itself. */
export const ruleReaders: Readonly<
  Record<Exclude<RuleDirective, 'Include' | 'IncludeOptional'>, RuleReader>
> = {
  SecAction: {
    min: 1,
    max: 1,
    read: (reading, words, place) => {
      addLink(reading, { place, targets: [], operator: null, actions: readActions(words[0] ?? '', place) })
    },
  },
  SecDefaultAction: { min: 1, max: 1, read: readDefaults },
  SecMarker: {
    min: 1,
    max: 1,
    read: (reading, words, place) => {
      const name = words[0] ?? ''
      if (name === '') throw new WafError('syntax', 'SecMarker: no name', place)
      reading.items.push({ kind: 'marker', name, place })
    },
  },
  SecRule: {
    min: 2,
    max: 3,
    read: (reading, words, place) => {
      addLink(reading, {
        place,
        targets: readTargets(words[0] ?? '', place),
        operator: readOperator(words[1] ?? '', place),
        actions: words[2] === undefined ? noActions() : readActions(words[2], place),
      })
    },
  },
  SecRuleRemoveById: { min: 1, max: Number.MAX_SAFE_INTEGER, read: removal('id') },
  SecRuleRemoveByMsg: { min: 1, max: 1, read: removal('message') },
  SecRuleRemoveByTag: { min: 1, max: 1, read: removal('tag') },
  SecRuleUpdateActionById: { min: 2, max: 2, read: updateActions },
  SecRuleUpdateTargetById: { min: 2, max: 3, read: updateTargets('id') },
  SecRuleUpdateTargetByMsg: { min: 2, max: 3, read: updateTargets('message') },
  SecRuleUpdateTargetByTag: { min: 2, max: 3, read: updateTargets('tag') },
}

function addLink(reading: Reading, link: Link): void {
  const head = reading.chain
  if (head === null) {
    const rule = beginRule(link, reading.defaults)
    const other = reading.rulesById.get(rule.id)
    if (other !== undefined) {
      const { file, line } = other.place
      throw new WafError('rule-id', `rule ${rule.id} already stands at ${file}:${line}`, link.place)
    }
    reading.rulesById.set(rule.id, rule)
    reading.items.push(rule)
    reading.chain = link.actions.chain ? rule : null
    return
  }
  checkChained(link, head)
  head.links.push(link)
  if (!link.actions.chain) reading.chain = null
}

function readDefaults(reading: Reading, words: readonly string[], place: Place): void {
  const actions = readActions(words[0] ?? '', place)
  const owner: Owner = { code: 'action-argument', name: 'SecDefaultAction', place }
  const foreign = namedMetadata(actions)
  if (foreign !== null) refuse(owner, `${foreign} belongs to a rule`)
  if (actions.disruptive === null) refuse(owner, 'no disruptive action')
  if (actions.disruptive.kind === 'block') refuse(owner, 'block stands for what is to be said here')
  const phase = actions.phase ?? ASSUMED_PHASE
  reading.defaults.set(phase, mergeActions({ ...ASSUMED_ACTIONS, disruptive: null }, { ...actions, phase }))
}

function namedMetadata(actions: ActionSet): string | null {
  const said: readonly (readonly [string, boolean])[] = [
    ['id', actions.id !== null],
    ['chain', actions.chain],
    ['skip', actions.skip !== null],
    ['skipAfter', actions.skipAfter !== null],
    ['msg', actions.message !== null],
    ['logdata', actions.logData !== null],
    ['severity', actions.severity !== null],
    ['ver', actions.version !== null],
    ['rev', actions.revision !== null],
    ['maturity', actions.maturity !== null],
    ['accuracy', actions.accuracy !== null],
  ]
  return said.find(([, is]) => is)?.[0] ?? null
}

function removal(by: ChosenBy): RuleReader['read'] {
  return (reading, words, place) => {
    const owner: Owner = { code: 'syntax', name: 'SecRuleRemove', place }
    for (const rules of readChoices(words.join(' '), by, owner))
      reading.changes.push({ kind: 'remove', rules, place })
  }
}

function updateActions(reading: Reading, words: readonly string[], place: Place): void {
  const owner: Owner = { code: 'action-argument', name: 'SecRuleUpdateActionById', place }
  const actions = readActions(words[1] ?? '', place)
  if (actions.id !== null) refuse(owner, 'the number of a rule cannot be changed')
  if (actions.phase !== null) refuse(owner, 'the phase of a rule cannot be changed')
  if (actions.chain) refuse(owner, 'a chain cannot be made longer')
  const { rules, link } = linksNamed(words[0] ?? '', owner)
  if (link > 0 && (actions.disruptive !== null || actions.skip !== null || actions.skipAfter !== null)) {
    refuse(owner, 'only the first rule of a chain decides and skips')
  }
  for (const choice of rules) reading.changes.push({ kind: 'actions', rules: choice, link, actions, place })
}

function updateTargets(by: ChosenBy): RuleReader['read'] {
  return (reading, words, place) => {
    const owner: Owner = { code: 'syntax', name: 'SecRuleUpdateTarget', place }
    const { rules, link } =
      by === 'id'
        ? linksNamed(words[0] ?? '', owner)
        : { rules: readChoices(words[0] ?? '', by, owner), link: 0 }
    const targets = readTargets(words[1] ?? '', place)
    const replaced = words[2] === undefined ? null : readTarget(words[2], place)
    for (const choice of rules) {
      reading.changes.push({ kind: 'targets', rules: choice, link, targets, replaced, place })
    }
  }
}

/** Rules by number, and after a colon which link of their chain is meant, counted from 0. */
function linksNamed(
  text: string,
  owner: Owner,
): { readonly rules: readonly RuleChoice[]; readonly link: number } {
  const [, numbers, link] = /^([^:]*):(\d{1,6})$/.exec(text) ?? [text, text, '0']
  return { rules: readChoices(numbers ?? '', 'id', owner), link: Number(link) }
}
