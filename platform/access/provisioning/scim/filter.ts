import type { Attribute, ResourceType } from './attribute.ts'
import { readPath, sameName, type AttributePath } from './attribute-path.ts'
import { bad } from './scim-error.ts'

/** How a value is compared (RFC 7644 §3.4.2.2). */
export type Operator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le'

/** A filter, read and checked against the attributes of a type. */
export type Filter =
  | { readonly kind: 'compare'; readonly path: AttributePath; readonly op: Operator; readonly value: Literal }
  | { readonly kind: 'present'; readonly path: AttributePath }
  /** One element of a list meets the whole inner filter. */
  | { readonly kind: 'element'; readonly path: AttributePath; readonly of: Filter }
  | { readonly kind: 'all'; readonly of: readonly Filter[] }
  | { readonly kind: 'any'; readonly of: readonly Filter[] }
  | { readonly kind: 'not'; readonly of: Filter }

/** What stands on the right side of a comparison. */
export type Literal = string | number | boolean | null

/** Longest filter, deepest nesting, most comparisons. */
export const FILTER_LIMITS = { characters: 4000, depth: 30, terms: 100 } as const

const OPERATORS: readonly string[] = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']
const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/y

interface Token {
  readonly kind: 'mark' | 'text' | 'word'
  readonly text: string
}

interface Reader {
  readonly type: ResourceType
  readonly tokens: readonly Token[]
  at: number
  terms: number
  /** Inside brackets: the list whose elements the names belong to. */
  within: AttributePath | null
}

function refuse(reason: string) {
  return bad('invalidFilter', `The filter is not usable: ${reason}.`)
}

function tokensOf(text: string): Token[] {
  if (text.length > FILTER_LIMITS.characters) throw refuse('it is too long')
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const from = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (match === null) {
      if (text.slice(from).trim() === '') break
      throw refuse('a quotation mark is not closed')
    }
    if (match[1] !== undefined) tokens.push({ kind: 'mark', text: match[1] })
    else if (match[2] !== undefined) tokens.push({ kind: 'text', text: match[2] })
    else tokens.push({ kind: 'word', text: match[3] ?? '' })
  }
  return tokens
}

/** Reads a filter; throws `invalidFilter` for anything that is not in the grammar or names no attribute of the type. */
export function readFilter(type: ResourceType, text: string): Filter {
  const reader: Reader = { type, tokens: tokensOf(text), at: 0, terms: 0, within: null }
  const filter = readAny(reader, 0)
  if (reader.at < reader.tokens.length) throw refuse('something stands behind its end')
  return filter
}

/** Reads the inside of brackets behind a list, as in a path of PATCH. */
export function readElementFilter(type: ResourceType, within: AttributePath, text: string): Filter {
  const reader: Reader = { type, tokens: tokensOf(text), at: 0, terms: 0, within }
  const filter = readAny(reader, 0)
  if (reader.at < reader.tokens.length) throw refuse('something stands behind its end')
  return filter
}

function isWord(reader: Reader, word: string): boolean {
  const token = reader.tokens[reader.at]
  return token?.kind === 'word' && sameName(token.text, word)
}

function isMark(reader: Reader, mark: string): boolean {
  const token = reader.tokens[reader.at]
  return token?.kind === 'mark' && token.text === mark
}

function expectMark(reader: Reader, mark: string): void {
  if (!isMark(reader, mark)) throw refuse(`“${mark}” was expected`)
  reader.at += 1
}

function readAny(reader: Reader, depth: number): Filter {
  const first = readAll(reader, depth)
  const rest: Filter[] = []
  while (isWord(reader, 'or')) {
    reader.at += 1
    rest.push(readAll(reader, depth))
  }
  return rest.length === 0 ? first : { kind: 'any', of: [first, ...rest] }
}

function readAll(reader: Reader, depth: number): Filter {
  const first = readOne(reader, depth)
  const rest: Filter[] = []
  while (isWord(reader, 'and')) {
    reader.at += 1
    rest.push(readOne(reader, depth))
  }
  return rest.length === 0 ? first : { kind: 'all', of: [first, ...rest] }
}

function readOne(reader: Reader, depth: number): Filter {
  if (depth > FILTER_LIMITS.depth) throw refuse('it is nested too deeply')
  if (isWord(reader, 'not') && reader.tokens[reader.at + 1]?.text === '(') {
    reader.at += 2
    const of = readAny(reader, depth + 1)
    expectMark(reader, ')')
    return { kind: 'not', of }
  }
  if (isMark(reader, '(')) {
    reader.at += 1
    const inner = readAny(reader, depth + 1)
    expectMark(reader, ')')
    return inner
  }
  reader.terms += 1
  if (reader.terms > FILTER_LIMITS.terms) throw refuse('it has too many comparisons')
  const path = readName(reader)
  return isMark(reader, '[') ? readElement(reader, path, depth) : readComparison(reader, path)
}

function readName(reader: Reader): AttributePath {
  const token = reader.tokens[reader.at]
  if (token?.kind !== 'word') throw refuse('the name of an attribute was expected')
  reader.at += 1
  const { type, within } = reader
  const path = within === null ? readPath(type, token.text) : readSub(within, token.text)
  if (path === null) throw refuse('it names no attribute that there is')
  return path
}

function readSub(within: AttributePath, name: string): AttributePath | null {
  const sub = within.attribute.subAttributes?.find((one) => sameName(one.name, name))
  return sub === undefined ? null : { ...within, sub }
}

/** `list[filter]`, and `list[filter].sub op value` as directories send it. */
function readElement(reader: Reader, path: AttributePath, depth: number): Filter {
  if (reader.within !== null || path.sub !== null || path.attribute.subAttributes === undefined)
    throw refuse('brackets stand behind a list')
  reader.at += 1
  reader.within = path
  const inner = readAny(reader, depth + 1)
  expectMark(reader, ']')
  reader.within = null
  const next = reader.tokens[reader.at]
  if (next?.kind !== 'word' || !next.text.startsWith('.')) return { kind: 'element', path, of: inner }
  const sub = readSub(path, next.text.slice(1))
  if (sub === null) throw refuse('it names no attribute that there is')
  reader.at += 1
  return { kind: 'element', path, of: { kind: 'all', of: [inner, readComparison(reader, sub)] } }
}

function readComparison(reader: Reader, named: AttributePath): Filter {
  const token = reader.tokens[reader.at]
  const op = token?.kind === 'word' ? token.text.toLowerCase() : ''
  reader.at += 1
  if (op === 'pr') return { kind: 'present', path: named }
  if (!OPERATORS.includes(op)) throw refuse('an operator was expected')
  const path = comparable(named)
  const value = typed(target(path), readLiteral(reader), op as Operator)
  return { kind: 'compare', path, op: op as Operator, value }
}

/** A complex attribute is compared by its `value`. */
function comparable(path: AttributePath): AttributePath {
  if (path.sub !== null || path.attribute.type !== 'complex') return path
  const sub = readSub(path, 'value')
  if (sub === null) throw refuse('a complex attribute is compared by one of its parts')
  return sub
}

/** The attribute that a path ends at. */
export function target(path: AttributePath): Attribute {
  return path.sub ?? path.attribute
}

function readLiteral(reader: Reader): Literal {
  const token = reader.tokens[reader.at]
  if (token === undefined || token.kind === 'mark') throw refuse('a value was expected')
  reader.at += 1
  if (token.kind === 'text') return unquoted(token.text)
  // RFC 7644 wants texts in quotation marks; some directories leave them out.
  const word = token.text
  if (word === 'null') return null
  if (/^true$/i.test(word)) return true
  if (/^false$/i.test(word)) return false
  return /^-?\d+(?:\.\d+)?$/.test(word) ? Number(word) : word
}

function unquoted(quoted: string): string {
  let text: unknown
  try {
    text = JSON.parse(quoted)
  } catch {
    throw refuse('a text holds an unknown escape')
  }
  if (typeof text !== 'string' || text.includes('\0') || !text.isWellFormed())
    throw refuse('a text holds a character that no text has')
  return text
}

/** Brings a literal to the type of the attribute; orders only what has an order. */
function typed(attribute: Attribute, value: Literal, op: Operator): Literal {
  const ordered = ['gt', 'ge', 'lt', 'le'].includes(op)
  const partial = ['co', 'sw', 'ew'].includes(op)
  if (value === null) {
    if (ordered || partial) throw refuse('nothing has no order and no parts')
    return null
  }
  if (attribute.type === 'boolean') {
    const flag = typeof value === 'string' ? booleanOf(value) : value
    if (typeof flag !== 'boolean' || ordered || partial)
      throw refuse('a yes-or-no attribute is compared by eq or ne')
    return flag
  }
  if (attribute.type === 'binary' && ordered) throw refuse('binary values have no order')
  if (attribute.type === 'dateTime' && !partial) {
    const at = Date.parse(String(value))
    if (Number.isNaN(at)) throw refuse('a date and time was expected')
    return new Date(at).toISOString()
  }
  return attribute.type === 'integer' && typeof value === 'number' ? value : String(value)
}

/** A yes or no written as a text, as Microsoft Entra sends it. */
export function booleanOf(text: string): boolean | undefined {
  if (sameName(text, 'true')) return true
  return sameName(text, 'false') ? false : undefined
}
