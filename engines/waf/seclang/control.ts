import type { Control, RuleChoice, Target } from '../model.ts'
import { trimBlank } from '../blank.ts'
import { brief } from './lookup.ts'
import { readTargets } from './target.ts'
import { integer, onOff, oneOf, refuse, type Owner } from './values.ts'

/** What `RuleChoice` may be made of. */
export type ChosenBy = RuleChoice['by']

const PARTS = /^[A-KZ]+$/
const MODES = ['On', 'DetectionOnly', 'Off'] as const
const AUDIT_MODES = ['On', 'Off', 'RelevantOnly'] as const
const XML_ARGUMENTS = ['On', 'Off', 'OnlyArgs'] as const
const PROCESSORS = ['URLENCODED', 'MULTIPART', 'XML', 'JSON'] as const

type ReadControl = (value: string, owner: Owner) => Control[]

const switches = (kind: Extract<Control, { on: boolean }>['kind']): ReadControl => {
  return (value, owner) => [{ kind, on: onOff(value, owner) }]
}

const limits = (kind: Extract<Control, { bytesMax: number }>['kind']): ReadControl => {
  return (value, owner) => [{ kind, bytesMax: integer(value, 0, Number.MAX_SAFE_INTEGER, owner) }]
}

const removals = (by: ChosenBy): ReadControl => {
  return (value, owner) => readChoices(value, by, owner).map((rules) => ({ kind: 'ruleRemove', rules }))
}

const targetRemovals = (by: ChosenBy): ReadControl => {
  return (value, owner) => {
    const semicolon = value.indexOf(';')
    if (semicolon === -1) return refuse(owner, `${brief(value)} names no variable after ;`)
    const choices = readChoices(value.slice(0, semicolon), by, owner)
    const targets = readTargets(value.slice(semicolon + 1), owner.place).map((target) =>
      removable(target, owner),
    )
    return choices.flatMap((rules) =>
      targets.map((target) => ({ kind: 'ruleRemoveTarget' as const, rules, target })),
    )
  }
}

const options: ReadonlyMap<string, ReadControl> = new Map<string, ReadControl>([
  ['auditengine', (value, owner) => [{ kind: 'auditEngine', value: oneOf(value, AUDIT_MODES, owner) }]],
  ['auditlogparts', (value, owner) => [readAuditParts(value, owner)]],
  ['debugloglevel', (value, owner) => [{ kind: 'debugLogLevel', level: integer(value, 0, 9, owner) }]],
  ['forcerequestbodyvariable', switches('forceRequestBodyVariable')],
  ['hashenforcement', switches('hashEnforcement')],
  ['hashengine', switches('hashEngine')],
  [
    'parsexmlintoargs',
    (value, owner) => [{ kind: 'parseXmlIntoArgs', value: oneOf(value, XML_ARGUMENTS, owner) }],
  ],
  ['requestbodyaccess', switches('requestBodyAccess')],
  ['requestbodylimit', limits('requestBodyLimit')],
  [
    'requestbodyprocessor',
    (value, owner) => [{ kind: 'requestBodyProcessor', processor: oneOf(value, PROCESSORS, owner) }],
  ],
  ['responsebodyaccess', switches('responseBodyAccess')],
  ['responsebodylimit', limits('responseBodyLimit')],
  ['ruleengine', (value, owner) => [{ kind: 'ruleEngine', mode: oneOf(value, MODES, owner) }]],
  ['ruleremovebyid', removals('id')],
  ['ruleremovebymsg', removals('message')],
  ['ruleremovebytag', removals('tag')],
  ['ruleremovetargetbyid', targetRemovals('id')],
  ['ruleremovetargetbymsg', targetRemovals('message')],
  ['ruleremovetargetbytag', targetRemovals('tag')],
])

/** Reads `option=value`; a list of rules or variables becomes one control for each pair. */
export function readControls(text: string, owner: Owner): Control[] {
  const equals = text.indexOf('=')
  if (equals === -1) return refuse(owner, `${brief(text)} has no value`)
  const name = trimBlank(text.slice(0, equals))
  const read = options.get(name.toLowerCase())
  if (read === undefined) return refuse(owner, `there is no option ${brief(name)}`)
  return read(trimBlank(text.slice(equals + 1)), { ...owner, name: `${owner.name}:${name}` })
}

/** Reads `1`, `1-9`, lists of them divided by spaces or commas, or a pattern of tags or messages. */
export function readChoices(text: string, by: ChosenBy, owner: Owner): RuleChoice[] {
  if (by !== 'id') return text === '' ? refuse(owner, 'no pattern') : [{ by, pattern: text }]
  const words = text.split(/[\t-\r ,]+/).filter((word) => word !== '')
  if (words.length === 0) return refuse(owner, 'no rule is named')
  return words.map((word) => {
    const range = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(word)
    if (range === null) return refuse(owner, `${brief(word)} is neither a number nor a range`)
    const from = Number(range[1])
    const to = range[2] === undefined ? from : Number(range[2])
    return from <= to ? { by, from, to } : refuse(owner, `${brief(word)} runs backwards`)
  })
}

/** The letters of the audit log's parts. */
export function auditParts(text: string, owner: Owner): string {
  const parts = text.toUpperCase()
  return PARTS.test(parts)
    ? parts
    : refuse(owner, `${brief(text)} are not parts of the audit log (A to K, Z)`)
}

function readAuditParts(text: string, owner: Owner): Control {
  const change = text.startsWith('+') ? 'add' : text.startsWith('-') ? 'remove' : 'set'
  return { kind: 'auditLogParts', change, parts: auditParts(change === 'set' ? text : text.slice(1), owner) }
}

function removable(target: Target, owner: Owner): Target {
  if (target.except || target.count) return refuse(owner, 'the variable to remove is written without ! and &')
  return target
}
