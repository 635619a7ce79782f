import type { Bytes } from '../model.ts'
import { judge } from './sql/judge.ts'
import { stringEnd } from './sql/literals.ts'
import { type Dialect } from './sql/token.ts'
import { word, wordPart } from './sql/words.ts'

/** Shorter values cannot change a statement. */
const LENGTH_MIN = 3

const contexts: readonly (readonly [name: string, quote: string])[] = [
  ['single', "'"],
  ['double', '"'],
  ['backtick', '`'],
]

const dialects: readonly Dialect[] = [
  { mysql: false, escapes: true },
  { mysql: true, escapes: true },
  { mysql: false, escapes: false },
  { mysql: true, escapes: false },
]

const DASH = 45

/** Characters of which a value consists that is one name, number, address or identifier. */
const plain = new Uint8Array(256)
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-+/:@%~')
  plain[character.charCodeAt(0)] = 1
for (let code = 128; code < 256; code += 1) plain[code] = 1

/** Whether the value is one run of characters that neither ends a literal nor parts two words. */
function isPlain(value: Bytes): boolean {
  let dashes = 0
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index)
    if (plain[code] === 0) return false
    dashes = code === DASH ? dashes + 1 : 0
    if (dashes === 2) return false
  }
  return true
}

/** Whether a value has to hold a byte like this one to change a statement. */
export function mayBeSqli(byte: number): boolean {
  return plain[byte] === 0 || byte === DASH
}

const letters = new Uint8Array(256)
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
  letters[character.charCodeAt(0)] = 1
const BLANK = 32

function lettersEnd(value: Bytes, from: number): number {
  let end = from
  while (letters[value.charCodeAt(end)] === 1) end += 1
  return end
}

/** Whether the value is an absolute path without a comment in it: a sign of division with nothing before it is no statement's. */
function isPath(value: Bytes): boolean {
  return value.charCodeAt(0) === SLASH && letters[value.charCodeAt(1)] === 1 && !value.includes('/*')
}

/** Whether letters from `from` to `end` are a word that SQL has no part for. */
function isName(value: Bytes, from: number, end: number): boolean {
  return end > from && wordPart(value, from, end) === word.name
}

/** Whether two names follow each other where SQL has an operand, or one where it has an operator: prose, told without reading it. */
function isProse(value: Bytes, from: number, quote: number): boolean {
  const end = lettersEnd(value, from)
  const after = value.charCodeAt(end)
  if (!isName(value, from, end)) return false
  if (quote !== 0) return end >= value.length || after === BLANK || after === COMMA || after === DOT
  return (
    after === BLANK &&
    isName(value, end + 1, lettersEnd(value, end + 1)) &&
    !(value.charCodeAt(lettersEnd(value, end + 1)) > BLANK)
  )
}

const COMMA = 44
const SLASH = 47
const DOT = 46
const concealed = /union|\/\*!/i

function judgeIn(value: Bytes, quote: number, dialect: Dialect): string | null {
  const from = quote === 0 ? 0 : stringEnd(value, 0, quote, dialect.escapes)
  if (from === -1) return null
  return isProse(value, from, quote) && !concealed.test(value) ? null : judge(value, from, quote, dialect)
}

/**
 * Whether the value, put into an SQL statement as it is or between quotes, changes the statement's structure: null, or
 * a fingerprint `context:structure` such as `single:union-select` or `bare:condition`. The value is read in each
 * context by a tokenizer that knows MySQL, PostgreSQL, SQL Server, Oracle and SQLite, and judged by a grammar.
 */
export function detectSqli(value: Bytes): string | null {
  if (value.length < LENGTH_MIN || isPlain(value)) return null
  const comments = value.includes('#') || value.includes('--')
  const escapes = value.includes('\\')
  const path = isPath(value)
  for (const dialect of dialects) {
    if ((dialect.mysql && !comments) || (!dialect.escapes && !escapes)) continue
    const bare = path ? null : judgeIn(value, 0, dialect)
    if (bare !== null) return `bare:${bare}`
    for (const [name, quote] of contexts) {
      if (!value.includes(quote)) continue
      const found = judgeIn(value, quote.charCodeAt(0), dialect)
      if (found !== null) return `${name}:${found}`
    }
  }
  return null
}
