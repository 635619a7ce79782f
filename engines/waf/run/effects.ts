import type { Effect, Template } from '../model.ts'
import type { VariableName } from '../names.ts'
import { lowercase } from '../transform/case.ts'
import { compileAssignment, compileDeprecation, compileExpiry, type Act } from './assignment.ts'
import type { ControlContext } from './controls.ts'
import { compileControl } from './controls.ts'
import { WafError } from '../waf-error.ts'
import { compileTemplate } from './macro.ts'
import type { State } from './state.ts'
import { entriesOf } from './variables.ts'

/** Compiles what a rule does at a match besides deciding, in the order written; null when it does nothing. */
export function compileEffects(effects: readonly Effect[], context: ControlContext): Act | null {
  const acts = effects.flatMap((effect) => compileEffect(effect, context) ?? [])
  const [first] = acts
  if (first === undefined) return null
  if (acts.length === 1) return first
  return (state) => {
    for (const act of acts) act(state)
  }
}

function compileEffect(effect: Effect, context: ControlContext): Act | null {
  switch (effect.kind) {
    case 'setvar':
      return compileAssignment(effect.assignment, context.txPlaceOf)
    case 'expirevar':
      return compileExpiry(effect)
    case 'deprecatevar':
      return compileDeprecation(effect)
    case 'initcol':
      return compileOpening(effect.collection, effect.key)
    case 'setuid':
      return compileNaming('USER', effect.key, (state, key) => (state.userId = key))
    case 'setsid':
      return compileNaming('SESSION', effect.key, (state, key) => (state.sessionId = key))
    case 'setrsc':
      return compileOpening('RESOURCE', effect.key)
    case 'setenv':
      return compileEnvironment(effect)
    case 'ctl':
      return compileControl(effect.control, context)
    case 'sanitise':
      return compileMask(effect)
    case 'exec':
    case 'append':
    case 'prepend':
    default:
      throw new WafError(
        'host-missing',
        `${effect.kind}: rules start no programs and change no pages here`,
        context.place,
      )
  }
}

function open(state: State, collection: VariableName, key: string): void {
  if (state.stored.has(collection)) return
  const { store } = state.host
  const name = `${state.settings.webAppId}/${collection}`
  const opened = store.open(name, key, state.start.now, state.settings.collectionSeconds)
  state.stored.set(collection, { key, collection: opened })
}

function compileOpening(collection: VariableName, key: Template): Act {
  const expand = compileTemplate(key)
  return (state) => open(state, collection, expand(state))
}

function compileNaming(
  collection: VariableName,
  key: Template,
  name: (state: State, key: string) => void,
): Act {
  const expand = compileTemplate(key)
  return (state) => {
    const text = expand(state)
    name(state, text)
    open(state, collection, text)
  }
}

function compileEnvironment(effect: Extract<Effect, { kind: 'setenv' }>): Act {
  const name = compileTemplate(effect.name)
  const value = effect.value === null ? null : compileTemplate(effect.value)
  return (state) => {
    if (value === null) state.env.delete(name(state))
    else state.env.set(name(state), value(state))
  }
}

const MASKED = {
  arg: 'ARGS',
  requestHeader: 'REQUEST_HEADERS',
  responseHeader: 'RESPONSE_HEADERS',
} as const

/** Compiles `sanitise…`: the values are not shown in the report. */
function compileMask({ what, name }: Extract<Effect, { kind: 'sanitise' }>): Act {
  if (what === 'matched' || what === 'matchedBytes') {
    return (state) => {
      if (state.matched !== null) state.masked.add(state.matchedOrigin).add(state.matchedText)
    }
  }
  const key = lowercase(name)
  const variable = MASKED[what]
  return (state) => {
    for (const entry of entriesOf(state, variable)) if (entry.key === key) state.masked.add(entry.value.text)
  }
}
