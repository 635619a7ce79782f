import type { Selector, Target } from '../model.ts'
import type { VariableName } from '../names.ts'
import { WafError, type Place } from '../waf-error.ts'
import { trimBlank, trimBlankEnd } from '../blank.ts'
import { brief, isCollection, knownVariable, variableNamed } from './lookup.ts'
import { quoteEnd, quoteText, unescapeQuoted } from './words.ts'

const HEAD = /[\t-\r ]*(?:([!&])[\t-\r ]*)?([A-Za-z_]\w*)/y
const NEXT = /,[\t-\r ]*(?:[!&][\t-\r ]*)?([A-Za-z_]\w*)/y
const SEPARATOR = /[\t-\r ]*(?:[|,][\t-\r ]*|$)/y
const PLAIN_PATTERN = /^(?:[^\\\t-\r |,'"/]|\\[^\t-\r |,'"/\\])+$/
const PLAIN = /^[\w.\-[\]*^$+?()=:#@%~;{}<>]+$/

interface Found<T> {
  readonly found: T
  readonly end: number
}

/** Reads a list of variables divided by `|` or `,`. */
export function readTargets(text: string, place: Place): Target[] {
  const targets: Target[] = []
  let at = 0
  do {
    const { found, end } = targetAt(text, at, place)
    targets.push(found)
    SEPARATOR.lastIndex = end
    const separator = SEPARATOR.exec(text)
    if (separator === null)
      throw new WafError('syntax', `text after a variable: ${brief(text.slice(end))}`, place)
    at = end + separator[0].length
    if (at >= text.length && trimBlank(separator[0]) !== '') {
      throw new WafError('syntax', 'a list of variables ends in a separator', place)
    }
  } while (at < text.length)
  return targets
}

/** Reads one variable, such as `ARGS:text` or `!REQUEST_COOKIES:/^x/`. */
export function readTarget(text: string, place: Place): Target {
  const [target, ...others] = readTargets(text, place)
  if (target === undefined || others.length > 0) {
    throw new WafError('syntax', `not one variable: ${brief(text)}`, place)
  }
  return target
}

/** A variable as it is written. */
export function targetText(target: Target): string {
  const sign = target.except ? '!' : target.count ? '&' : ''
  const selector = target.selector === null ? '' : `:${selectorText(target.selector)}`
  return `${sign}${target.variable}${selector}`
}

function targetAt(text: string, at: number, place: Place): Found<Target> {
  HEAD.lastIndex = at
  const head = HEAD.exec(text)
  if (head === null) throw new WafError('syntax', `not a variable: ${brief(text.slice(at))}`, place)
  const variable = knownVariable(head[2] ?? '', place)
  const parts = { variable, count: head[1] === '&', except: head[1] === '!' }
  const end = at + head[0].length
  if (text[end] !== ':') return { found: { ...parts, selector: null }, end }
  if (!isCollection(variable))
    throw new WafError('syntax', `${variable} has no members to choose from`, place)
  const selector = selectorAt(text, end + 1, variable, place)
  return { found: { ...parts, selector: selector.found }, end: selector.end }
}

function selectorAt(text: string, at: number, variable: VariableName, place: Place): Found<Selector> {
  if (text[at] === "'") {
    const close = quoteEnd(text, at)
    if (close === -1) throw new WafError('syntax', "a selector without its closing '", place)
    return {
      found: selectorOf(unescapeQuoted(text.slice(at + 1, close), "'"), variable, place),
      end: close + 1,
    }
  }
  if (text[at] === '/' && variable !== 'XML') {
    const close = slashEnd(text, at)
    if (close === -1) throw new WafError('syntax', 'a pattern without its closing /', place)
    return { found: selectorOf(text.slice(at, close + 1), variable, place), end: close + 1 }
  }
  const end = nameEnd(text, at)
  return { found: selectorOf(trimBlankEnd(text.slice(at, end)), variable, place), end }
}

function selectorOf(text: string, variable: VariableName, place: Place): Selector {
  if (text === '') throw new WafError('syntax', `nothing is chosen from ${variable}`, place)
  if (variable === 'XML') return { kind: 'xpath', path: text }
  if (text.length > 1 && text.startsWith('/') && text.endsWith('/')) {
    if (text.length === 2) throw new WafError('syntax', 'an empty pattern', place)
    return { kind: 'pattern', pattern: text.slice(1, -1) }
  }
  return { kind: 'name', name: text }
}

/** The slash that closes the pattern at `at`: the first that stands before a separator or the end. */
function slashEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1
    else if (text[i] === '/') {
      SEPARATOR.lastIndex = i + 1
      if (SEPARATOR.test(text)) return i
    }
  }
  return -1
}

/** A name goes to the next `|`, or to a comma that another variable follows. */
function nameEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i += 1) {
    if (text[i] === '|') return i
    if (text[i] === ',') {
      NEXT.lastIndex = i
      const next = NEXT.exec(text)
      if (next !== null && variableNamed(next[1] ?? '') !== null) return i
    }
  }
  return text.length
}

function selectorText(selector: Selector): string {
  if (selector.kind === 'name')
    return PLAIN.test(selector.name) ? selector.name : quoteText(selector.name, "'")
  if (selector.kind === 'xpath') {
    return /[\t-\r |,'\\]/.test(selector.path) ? quoteText(selector.path, "'") : selector.path
  }
  const { pattern } = selector
  return PLAIN_PATTERN.test(pattern) ? `/${pattern}/` : quoteText(`/${pattern}/`, "'")
}
