import { compilePattern } from '../regex/index.ts'
import type { Bytes, Control, RuleChoice, Target } from '../model.ts'
import type { Place } from '../waf-error.ts'
import type { Act } from './assignment.ts'
import { compileFilter } from './targets.ts'

/** A rule as a choice of rules sees it. */
export interface Choosable {
  /** Position among all the rules of the set. */
  readonly index: number
  readonly id: number
  /** Tags and message as written. */
  readonly tags: readonly string[]
  readonly message: string
}

/** What `ctl` needs to know of the set it stands in. */
export interface ControlContext {
  readonly place: Place
  /** All rules of the set; complete once everything is compiled. */
  readonly rules: () => readonly Choosable[]
  /** The place of a name of `TX`. */
  readonly txPlaceOf: (name: Bytes) => number
}

/** The positions of the rules that a choice names. */
export function choose(choice: RuleChoice, rules: readonly Choosable[], place?: Place): readonly number[] {
  if (choice.by === 'id') {
    const { from, to } = choice
    return rules.filter(({ id }) => id >= from && id <= to).map(({ index }) => index)
  }
  const pattern = compilePattern(choice.pattern, {}, place)
  const named =
    choice.by === 'tag'
      ? (rule: Choosable) => rule.tags.some((tag) => pattern.test(tag))
      : (rule: Choosable) => pattern.test(rule.message)
  return rules.filter(named).map(({ index }) => index)
}

/** Compiles `ctl`. */
export function compileControl(control: Control, context: ControlContext): Act | null {
  switch (control.kind) {
    case 'ruleRemove':
      return compileRemoval(control.rules, context)
    case 'ruleRemoveTarget':
      return compileTargetRemoval(control.rules, control.target, context)
    case 'ruleEngine':
      return (state) => void (state.mode = control.mode)
    case 'auditEngine':
      return (state) => void (state.auditEngine = control.value)
    case 'auditLogParts':
      return compileAuditParts(control)
    case 'debugLogLevel':
    case 'forceRequestBodyVariable':
    case 'hashEnforcement':
    case 'hashEngine':
    case 'parseXmlIntoArgs':
    case 'requestBodyAccess':
    case 'requestBodyLimit':
    case 'requestBodyProcessor':
    case 'responseBodyAccess':
    case 'responseBodyLimit':
    default:
      return compileBodyControl(control)
  }
}

type BodyControl = Exclude<
  Control,
  { kind: 'ruleRemove' | 'ruleRemoveTarget' | 'ruleEngine' | 'auditEngine' | 'auditLogParts' }
>

function compileBodyControl(control: BodyControl): Act | null {
  switch (control.kind) {
    case 'requestBodyProcessor':
      return (state) => void (state.bodyProcessor = control.processor)
    case 'forceRequestBodyVariable':
      return (state) => void (state.forceRequestBody = control.on)
    case 'requestBodyAccess':
      return (state) => void (state.requestBodyAccess = control.on)
    case 'responseBodyAccess':
      return (state) => void (state.responseBodyAccess = control.on)
    case 'requestBodyLimit':
      return (state) => void (state.requestBodyBytesMax = control.bytesMax)
    case 'responseBodyLimit':
      return (state) => void (state.responseBodyBytesMax = control.bytesMax)
    case 'parseXmlIntoArgs':
      return (state) => void (state.parseXmlIntoArgs = control.value)
    // There is no debug log, and the hash engine, which only ModSecurity 2 has, changes pages on their way out.
    case 'debugLogLevel':
    case 'hashEngine':
    case 'hashEnforcement':
    default:
      return null
  }
}

function later<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => (made ??= { value: make() }).value
}

function compileRemoval(choice: RuleChoice, context: ControlContext): Act {
  const chosen = later(() => choose(choice, context.rules(), context.place))
  return (state) => {
    if (!state.removedOwn) {
      state.removed = state.removed.slice()
      state.removedOwn = true
    }
    for (const index of chosen()) state.removed[index] = 1
  }
}

function compileTargetRemoval(choice: RuleChoice, target: Target, context: ControlContext): Act {
  const filter = compileFilter(target, context.place)
  const removal = later(() => {
    const all = context.rules()
    const rules = new Uint8Array(all.length)
    for (const index of choose(choice, all, context.place)) rules[index] = 1
    return { rules, filter }
  })
  return (state) => void state.ownFilters.push(removal())
}

function compileAuditParts(control: Extract<Control, { kind: 'auditLogParts' }>): Act {
  const { change, parts } = control
  return (state) => {
    const kept = state.auditParts.replace(/[A-Z]/g, (part) => (parts.includes(part) ? '' : part))
    if (change === 'set') state.auditParts = parts
    // Z is the end of an entry and stays last.
    else if (change === 'remove') state.auditParts = kept
    else state.auditParts = kept.endsWith('Z') ? `${kept.slice(0, -1)}${parts}Z` : kept + parts
  }
}
