import type { Effect, Phase, Template } from '../model.ts'
import { WafError, type Place } from '../waf-error.ts'
import { splitActions } from './action-list.ts'
import { noActions, type ActionSet, type ActionSetDraft, type Disruptive } from './action-set.ts'
import { readAssignment, readDecay, readEnvironment, readExpiry, readOpening } from './assignment.ts'
import { readControls } from './control.ts'
import { brief, knownTransformation } from './lookup.ts'
import { readTemplate } from './template.ts'
import { integer, oneOf, refuse, type Owner } from './values.ts'

/** The words for severities, from 0. */
export const SEVERITIES = [
  'EMERGENCY',
  'ALERT',
  'CRITICAL',
  'ERROR',
  'WARNING',
  'NOTICE',
  'INFO',
  'DEBUG',
] as const

const PHASE_WORDS: ReadonlyMap<string, Phase> = new Map<string, Phase>([
  ['request', 2],
  ['response', 4],
  ['logging', 5],
])
const ALLOWED = ['phase', 'request'] as const

interface ActionReader {
  readonly value: 'none' | 'needed' | 'either'
  readonly read: (set: ActionSetDraft, value: string, owner: Owner) => void
}

const bare = (read: ActionReader['read']): ActionReader => ({ value: 'none', read })
const valued = (read: ActionReader['read']): ActionReader => ({ value: 'needed', read })

const disruptive = (make: (value: string, owner: Owner) => Disruptive): ActionReader['read'] => {
  return (set, value, owner) => {
    if (set.disruptive !== null) refuse(owner, `after ${set.disruptive.kind}: only one can decide`)
    set.disruptive = make(value, owner)
  }
}

const effect = (make: (value: string, owner: Owner) => Effect): ActionReader => {
  return valued((set, value, owner) => set.effects.push(make(value, owner)))
}

const sanitise = (what: Extract<Effect, { kind: 'sanitise' }>['what']): ActionReader =>
  effect((name) => ({ kind: 'sanitise', what, name }))

const template = (value: string, owner: Owner): Template => readTemplate(value, owner.place)

const disruptions: Readonly<Record<string, ActionReader>> = {
  allow: {
    value: 'either',
    read: disruptive((value, owner) => ({
      kind: 'allow',
      what: value === '' ? 'everything' : oneOf(value, ALLOWED, owner),
    })),
  },
  block: bare(disruptive(() => ({ kind: 'block' }))),
  deny: bare(disruptive(() => ({ kind: 'deny' }))),
  drop: bare(disruptive(() => ({ kind: 'drop' }))),
  pass: bare(disruptive(() => ({ kind: 'pass' }))),
  pause: valued(
    disruptive((value, owner) => ({ kind: 'pause', milliseconds: integer(value, 0, 3_600_000, owner) })),
  ),
  proxy: valued(disruptive((value, owner) => ({ kind: 'proxy', location: template(value, owner) }))),
  redirect: valued(disruptive((value, owner) => ({ kind: 'redirect', location: template(value, owner) }))),
}

const effects: Readonly<Record<string, ActionReader>> = {
  append: effect((value, owner) => ({ kind: 'append', argument: template(value, owner) })),
  ctl: valued((set, value, owner) => {
    for (const control of readControls(value, owner)) set.effects.push({ kind: 'ctl', control })
  }),
  deprecatevar: effect(readDecay),
  exec: effect((value, owner) => ({ kind: 'exec', argument: template(value, owner) })),
  expirevar: effect(readExpiry),
  initcol: effect(readOpening),
  prepend: effect((value, owner) => ({ kind: 'prepend', argument: template(value, owner) })),
  sanitisearg: sanitise('arg'),
  sanitisematched: {
    value: 'either',
    read: (set, name) => set.effects.push({ kind: 'sanitise', what: 'matched', name }),
  },
  sanitisematchedbytes: {
    value: 'either',
    read: (set, name) => set.effects.push({ kind: 'sanitise', what: 'matchedBytes', name }),
  },
  sanitiserequestheader: sanitise('requestHeader'),
  sanitiseresponseheader: sanitise('responseHeader'),
  setenv: effect(readEnvironment),
  setrsc: effect((value, owner) => ({ kind: 'setrsc', key: template(value, owner) })),
  setsid: effect((value, owner) => ({ kind: 'setsid', key: template(value, owner) })),
  setuid: effect((value, owner) => ({ kind: 'setuid', key: template(value, owner) })),
  setvar: effect((value, owner) => ({ kind: 'setvar', assignment: readAssignment(value, owner) })),
}

const flow: Readonly<Record<string, ActionReader>> = {
  auditlog: bare((set) => (set.auditLog = true)),
  capture: bare((set) => (set.capture = true)),
  chain: bare((set) => (set.chain = true)),
  log: bare((set) => (set.log = true)),
  multimatch: bare((set) => (set.multiMatch = true)),
  noauditlog: bare((set) => (set.auditLog = false)),
  nolog: bare((set) => {
    set.log = false
    set.auditLog = false
  }),
  phase: valued((set, value, owner) => {
    set.phase = PHASE_WORDS.get(value.toLowerCase()) ?? (integer(value, 1, 5, owner) as Phase)
  }),
  skip: valued((set, value, owner) => (set.skip = integer(value, 1, 1_000_000, owner))),
  skipafter: valued((set, value) => (set.skipAfter = value)),
  status: valued((set, value, owner) => (set.status = integer(value, 100, 599, owner))),
  t: valued((set, value, owner) => {
    if (value.toLowerCase() === 'none') {
      set.resets = true
      set.transformations = []
    } else set.transformations.push(knownTransformation(value, owner.place))
  }),
}

const metadata: Readonly<Record<string, ActionReader>> = {
  accuracy: valued((set, value, owner) => (set.accuracy = integer(value, 1, 9, owner))),
  id: valued((set, value, owner) => {
    if (!/^\d{1,15}$/.test(value) || Number(value) === 0) {
      throw new WafError('rule-id', `${brief(value)} is not a rule's number`, owner.place)
    }
    if (set.id !== null) throw new WafError('rule-id', 'a rule has one number', owner.place)
    set.id = Number(value)
  }),
  logdata: valued((set, value, owner) => (set.logData = template(value, owner))),
  maturity: valued((set, value, owner) => (set.maturity = integer(value, 1, 9, owner))),
  msg: valued((set, value, owner) => (set.message = template(value, owner))),
  rev: valued((set, value) => (set.revision = value)),
  severity: valued((set, value, owner) => (set.severity = readSeverity(value, owner))),
  tag: valued((set, value, owner) => set.tags.push(template(value, owner))),
  ver: valued((set, value) => (set.version = value)),
  xmlns: valued((set, value, owner) => {
    const [, prefix, address] = /^([A-Za-z_][\w.-]*)=["']?([^"']+)["']?$/.exec(value) ?? []
    if (prefix === undefined || address === undefined) refuse(owner, `${brief(value)} is not prefix=address`)
    else set.namespaces = { ...set.namespaces, [prefix]: address }
  }),
}

const actions: ReadonlyMap<string, ActionReader> = new Map(
  Object.entries({ ...disruptions, ...effects, ...flow, ...metadata }),
)

/** Every action that is known, in lower case and with the British spelling where there are two. */
export const ACTIONS: readonly string[] = [...actions.keys()].sort()

/** Reads a list of actions such as `id:1,phase:2,deny,t:lowercase`. */
export function readActions(text: string, place: Place): ActionSet {
  const set = noActions()
  for (const { name, value } of splitActions(text, place)) {
    const known = actions.get(name.toLowerCase().replace('sanitize', 'sanitise'))
    if (known === undefined) throw new WafError('action-unknown', `there is no action ${brief(name)}`, place)
    const owner: Owner = { code: 'action-argument', name, place }
    if (known.value === 'needed' && (value === null || value === '')) refuse(owner, 'no value is given')
    if (known.value === 'none' && value !== null) refuse(owner, `takes no value such as ${brief(value)}`)
    known.read(set, value ?? '', owner)
  }
  return set
}

function readSeverity(text: string, owner: Owner): number {
  if (/^\d+$/.test(text)) return integer(text, 0, SEVERITIES.length - 1, owner)
  return SEVERITIES.indexOf(oneOf(text, SEVERITIES, owner))
}
