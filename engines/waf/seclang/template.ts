import type { Macro, Template } from '../model.ts'
import type { Place } from '../waf-error.ts'
import { WafError } from '../waf-error.ts'
import { brief, isCollection, knownVariable } from './lookup.ts'

const MACRO = /%\{([A-Za-z]\w*)(?:[.:]([^{}]*))?\}/g

/** Reads the macros of a text; one that names no variable is refused, and `%{` that begins no name is text. */
export function readTemplate(text: string, place: Place): Template {
  if (text === '') return []
  if (!text.includes('%{')) return [text]
  const parts: (string | Macro)[] = []
  let from = 0
  for (const match of text.matchAll(MACRO)) {
    if (match.index > from) parts.push(text.slice(from, match.index))
    parts.push(readMacro(match[1] ?? '', match[2] ?? null, place))
    from = match.index + match[0].length
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

/** A template as it is written. */
export function templateText(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : macroText(part))).join('')
}

function readMacro(name: string, key: string | null, place: Place): Macro {
  const variable = knownVariable(name, place)
  if (key !== null && !isCollection(variable)) {
    throw new WafError('syntax', `${variable} has no members such as ${brief(key)}`, place)
  }
  return { variable, key }
}

function macroText(macro: Macro): string {
  return macro.key === null ? `%{${macro.variable}}` : `%{${macro.variable}.${macro.key}}`
}
