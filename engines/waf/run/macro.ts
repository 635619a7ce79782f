import type { Bytes, Macro, Template } from '../model.ts'
import { lowercase } from '../transform/case.ts'
import type { State } from './state.ts'
import { firstValue } from './variables.ts'

/** Gives the text that a template comes to now. */
export type Expand = (state: State) => Bytes

/** Compiles a text with macros; a macro of what has no value is the empty text. */
export function compileTemplate(template: Template): Expand {
  const parts = template.map((part) => (typeof part === 'string' ? part : compileMacro(part)))
  const [first] = parts
  if (parts.length === 0) return () => ''
  if (parts.length === 1 && first !== undefined) return typeof first === 'string' ? () => first : first
  return (state) => {
    let text = ''
    for (const part of parts) text += typeof part === 'string' ? part : part(state)
    return text
  }
}

function compileMacro({ variable, key }: Macro): Expand {
  const name = key === null ? null : lowercase(key)
  if (variable === 'TX' && name !== null) return (state) => state.tx.get(name) ?? ''
  if (variable === 'MATCHED_VAR') return (state) => state.matchedText
  return (state) => firstValue(state, variable, name) ?? ''
}

/** The text of a template without macros; null when it has some. */
export function plainText(template: Template): Bytes | null {
  return template.every((part) => typeof part === 'string') ? template.join('') : null
}

/** The whole number that a text begins with, as rules count; 0 when it begins with none. */
export function toInteger(text: Bytes): number {
  if (text.length === 1) {
    const digit = text.charCodeAt(0) - 48
    return digit >= 0 && digit <= 9 ? digit : 0
  }
  const number = Number.parseInt(text, 10)
  return Number.isNaN(number) ? 0 : number
}
