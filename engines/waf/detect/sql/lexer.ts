import type { Bytes } from '../../model.ts'
import { WORD_LENGTH_MAX, word, wordPart } from './words.ts'

/** Kinds of token; `comment` and `openString` are the last of a value, all others may be followed by more. */
export const token = {
  end: 0,
  number: 1,
  string: 2,
  /** A string that nothing closes. */
  openString: 3,
  variable: 4,
  word: 5,
  operator: 6,
  compare: 7,
  /** `&&` and, where it may mean OR, `||`. */
  logic: 8,
  open: 9,
  close: 10,
  comma: 11,
  semicolon: 12,
  /** A comment that hides the rest of the statement. */
  comment: 13,
  cast: 14,
  other: 15,
} as const

/** What comments conceal: nothing, a comment within, SQL that MySQL executes, the same from a version on. */
export const concealment = { none: 0, nested: 1, executed: 2, version: 3 } as const

/** How the same bytes are read by different servers. */
export interface Dialect {
  /** `--` needs a blank after it, and `#` begins a comment. */
  readonly mysql: boolean
  /** A backslash takes away the meaning of the quote after it. */
  readonly escapes: boolean
}

/** A reader of tokens; `next` moves it on, and its fields describe the token it stands on. */
export interface Lexer {
  readonly text: Bytes
  readonly dialect: Dialect
  at: number
  kind: number
  /** For words. */
  part: number
  start: number
  /** Which quote opened a string, as a char code; 0 for others. */
  quote: number
  /** A comment stood where a blank could. */
  commented: boolean
  /** The most of what comments concealed, as one of `concealment`. */
  hidden: number
}

const QUOTE = 39
const DOUBLE = 34
const BACKTICK = 96
const BACKSLASH = 92

const blank = 1
const digit = 2
const letter = 4
const single = 8
const kinds = new Uint8Array(256)
for (let code = 0; code < 256; code += 1) {
  const character = String.fromCharCode(code)
  if (code <= 32 || code === 127 || code === 160) kinds[code] = blank
  else if (character >= '0' && character <= '9') kinds[code] = digit
  else if (/[A-Za-z_$\\]/u.test(character) || code > 127) kinds[code] = letter
  else if ('(),;=<>!~^%&|+-*/:{}'.includes(character)) kinds[code] = single
}

const UPPER_TO_LOWER = 32

export function createLexer(text: Bytes, at: number, dialect: Dialect): Lexer {
  return {
    text,
    dialect,
    at,
    kind: token.end,
    part: word.name,
    start: at,
    quote: 0,
    commented: false,
    hidden: concealment.none,
  }
}

function set(lexer: Lexer, kind: number, end: number): void {
  lexer.kind = kind
  lexer.at = end
}

/** Where the string ends that began before `at`: the index after its closing quote, or -1. */
export function stringEnd(text: Bytes, at: number, quote: number, escapes: boolean): number {
  for (let index = at; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === BACKSLASH && escapes) index += 1
    else if (code === quote) {
      if (text.charCodeAt(index + 1) !== quote) return index + 1
      index += 1
    }
  }
  return -1
}

function readString(lexer: Lexer, at: number, quote: number): void {
  const end = stringEnd(lexer.text, at, quote, lexer.dialect.escapes && quote !== BACKTICK)
  lexer.quote = quote
  if (end === -1) set(lexer, quote === BACKTICK ? token.comment : token.openString, lexer.text.length)
  else {
    set(lexer, quote === BACKTICK ? token.word : token.string, end)
    lexer.part = word.name
    if (quote === BACKTICK && lexer.text.charCodeAt(end) === 46) readQualified(lexer, end + 1)
  }
}

/** The rest of a name in parts, some in backticks; the lexer stands on the first. */
function readQualified(lexer: Lexer, at: number): void {
  const { text } = lexer
  let end = at
  while (text.charCodeAt(end) === BACKTICK) {
    const close = text.indexOf('`', end + 1)
    if (close === -1) break
    end = text.charCodeAt(close + 1) === 46 ? close + 2 : close + 1
  }
  lexer.at = nameEnd(text, end)
}

/** Skips a block comment that begins at `at`; false when nothing ends it. MySQL's executed comments lose only their marks. */
function skipBlock(lexer: Lexer, at: number): boolean {
  const { text } = lexer
  lexer.commented = true
  if (text.charCodeAt(at + 2) === 33 && openExecuted(lexer, at + 3)) return true
  const end = text.indexOf('*/', at + 2)
  if (end === -1) return false
  const nested = text.indexOf('/*', at + 2)
  if (nested !== -1 && nested < end && text.charCodeAt(nested + 2) !== 47)
    lexer.hidden = Math.max(lexer.hidden, concealment.nested)
  lexer.at = end + 2
  return true
}

const VERSION_DIGITS_MIN = 5

/** Skips the mark of a comment that MySQL executes, `/*!` or `/*!50000`, before SQL; false when it is a comment like others. */
function openExecuted(lexer: Lexer, at: number): boolean {
  const { text } = lexer
  let start = at
  while (kinds[text.charCodeAt(start)] === digit) start += 1
  const digits = start - at
  while (kinds[text.charCodeAt(start)] === blank) start += 1
  const end = Math.min(nameEnd(text, start), start + WORD_LENGTH_MAX)
  if (digits < VERSION_DIGITS_MIN && wordPart(text.slice(start, end).toLowerCase()) === word.name)
    return false
  lexer.hidden = Math.max(lexer.hidden, digits > 0 ? concealment.version : concealment.executed)
  lexer.at = start
  return true
}

/** Skips a comment to the end of its line; false when the value ends before the line does. */
function skipLine(lexer: Lexer, at: number): boolean {
  const end = lexer.text.indexOf('\n', at)
  if (end === -1) return false
  lexer.commented = true
  lexer.at = end + 1
  return true
}

function beginsLineComment(lexer: Lexer, at: number, code: number): boolean {
  const { text, dialect } = lexer
  if (code === 35) return dialect.mysql
  if (code !== 45 || text.charCodeAt(at + 1) !== 45) return false
  return !dialect.mysql || at + 2 >= text.length || kinds[text.charCodeAt(at + 2)] === blank
}

/** Skips blanks and comments; false when a comment hides the rest, whose beginning is then `at`. */
function skipBlanks(lexer: Lexer): boolean {
  const { text } = lexer
  for (;;) {
    const { at } = lexer
    const code = text.charCodeAt(at)
    if (kinds[code] === blank || (code === BACKSLASH && kinds[text.charCodeAt(at + 1)] === digit))
      lexer.at += 1
    else if (code === 47 && text.charCodeAt(at + 1) === 42) {
      if (!skipBlock(lexer, at)) return false
    } else if (code === 42 && text.charCodeAt(at + 1) === 47 && text.charCodeAt(at + 2) !== 42) lexer.at += 2
    else if (beginsLineComment(lexer, at, code)) {
      if (!skipLine(lexer, at)) return false
    } else return true
  }
}

/** Moves to the next token. */
export function next(lexer: Lexer): void {
  const { text } = lexer
  lexer.quote = 0
  if (!skipBlanks(lexer)) {
    lexer.start = lexer.at
    set(lexer, token.comment, text.length)
    return
  }
  const { at } = lexer
  lexer.start = at
  if (at >= text.length) {
    lexer.kind = token.end
    return
  }
  const code = text.charCodeAt(at)
  const kind = kinds[code]
  if (kind === letter) readWord(lexer, at)
  else if (kind === digit) readNumber(lexer, at)
  else if (code === QUOTE || code === DOUBLE || code === BACKTICK) readString(lexer, at + 1, code)
  else if (kind === single) readSymbol(lexer, at, code)
  else readRest(lexer, at, code)
}

function nameEnd(text: Bytes, at: number): number {
  let end = at
  while (end < text.length) {
    const code = text.charCodeAt(end)
    const kind = kinds[code]
    if (kind !== letter && kind !== digit && code !== 46 && code !== 64) break
    if (code === BACKSLASH && end > at && text.charCodeAt(end - 1) !== BACKSLASH) break
    end += 1
  }
  return end
}

const prefixes = new Set(['n', 'b', 'x', 'e', 'q', 'nq', 'u&', 'r'])

/** `N'…'`, `b'…'`, `_utf8'…'`, `q'[…]'`, `$tag$…$tag$`: strings that begin with a word; false when it is none. */
function readPrefixedString(lexer: Lexer, at: number, end: number): boolean {
  const { text } = lexer
  const ampersand = text.charCodeAt(end) === 38 && end === at + 1 ? 1 : 0
  const quote = text.charCodeAt(end + ampersand)
  if (quote === QUOTE || quote === DOUBLE) {
    const prefix = text.slice(at, Math.min(end + ampersand, at + 3)).toLowerCase()
    if (!prefixes.has(prefix) && text.charCodeAt(at) !== 95) return false
    if (prefix === 'q' || prefix === 'nq') return readChosenQuote(lexer, end + 1)
    if (stringEnd(text, end + ampersand + 1, quote, lexer.dialect.escapes) === -1) return false
    readString(lexer, end + ampersand + 1, quote)
    return true
  }
  return text.charCodeAt(at) === 36 && readTagged(lexer, at)
}

const pairs: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}', '<': '>' }

function readChosenQuote(lexer: Lexer, at: number): boolean {
  const mark = lexer.text[at] ?? ''
  const end = mark === '' ? -1 : lexer.text.indexOf(`${pairs[mark] ?? mark}'`, at + 1)
  if (end === -1) return false
  lexer.quote = QUOTE
  set(lexer, token.string, end + 2)
  return true
}

function readTagged(lexer: Lexer, at: number): boolean {
  const { text } = lexer
  const second = text.indexOf('$', at + 1)
  if (second === -1 || second - at > WORD_LENGTH_MAX) return false
  for (let index = at + 1; index < second; index += 1)
    if ((kinds[text.charCodeAt(index)] ?? 0) < digit || text.charCodeAt(at + 1) < 58) return false
  const tag = text.slice(at, second + 1)
  const end = text.indexOf(tag, second + 1)
  if (end === -1) return false
  lexer.quote = 36
  set(lexer, token.string, end + tag.length)
  return true
}

function readWord(lexer: Lexer, at: number): void {
  const { text } = lexer
  let end = nameEnd(text, at)
  if (readPrefixedString(lexer, at, end)) return
  if (text.charCodeAt(at) === 36 && kinds[text.charCodeAt(at + 1)] === digit) {
    readNumber(lexer, at + 1)
    return
  }
  while (end > at + 1 && text.charCodeAt(end - 1) === 46) end -= 1
  set(lexer, token.word, end)
  lexer.part = word.name
  if (end - at > WORD_LENGTH_MAX) return
  lexer.part = wordPart(text.slice(at, end).toLowerCase())
  if (text.charCodeAt(at) === BACKSLASH && end === at + 2 && text.charCodeAt(at + 1) === 78)
    lexer.part = word.constant
}

/** Whether an operator written as a word is glued to the digits before it, as in `1or`. */
function gluesOperator(part: number): boolean {
  return (
    (part >= word.logic && part <= word.union) || (part >= word.from && part <= word.join) || part === word.as
  )
}

function isHexDigit(code: number): boolean {
  return kinds[code] === digit || ((code | UPPER_TO_LOWER) >= 97 && (code | UPPER_TO_LOWER) <= 102)
}

function readNumber(lexer: Lexer, at: number): void {
  const { text } = lexer
  let end = at
  if (text.charCodeAt(at) === 48 && (text.charCodeAt(at + 1) | UPPER_TO_LOWER) === 120) {
    end = at + 2
    while (isHexDigit(text.charCodeAt(end))) end += 1
  } else {
    while (kinds[text.charCodeAt(end)] === digit || text.charCodeAt(end) === 46) end += 1
    const exponent = /e/iu.test(text[end] ?? '') ? end + 1 : end
    const signed = exponent > end && /[+-]/u.test(text[exponent] ?? '') ? exponent + 1 : exponent
    if (exponent > end && kinds[text.charCodeAt(signed)] === digit) {
      end = signed
      while (kinds[text.charCodeAt(end)] === digit) end += 1
    }
  }
  set(lexer, token.number, end)
  const tail = nameEnd(text, end)
  if (tail === end) return
  const part = tail - end > WORD_LENGTH_MAX ? word.name : wordPart(text.slice(end, tail).toLowerCase())
  if (gluesOperator(part)) return
  set(lexer, token.word, tail)
  lexer.part = word.name
}

function readVariable(lexer: Lexer, at: number): void {
  const { text } = lexer
  let end = at + 1
  if (text.charCodeAt(end) === 64) end += 1
  const quote = text.charCodeAt(end)
  if (quote === QUOTE || quote === DOUBLE || quote === BACKTICK) {
    const close = stringEnd(text, end + 1, quote, false)
    set(lexer, token.variable, close === -1 ? text.length : close)
    return
  }
  const close = nameEnd(text, end)
  set(lexer, close === end ? token.other : token.variable, close)
}

/** What is left: `@`, `.`, `[`, `#`, `?`, `]`. */
function readRest(lexer: Lexer, at: number, code: number): void {
  const { text } = lexer
  if (code === 64) readVariable(lexer, at)
  else if (code === 46 && kinds[text.charCodeAt(at + 1)] === digit) readNumber(lexer, at)
  else if (code === 91) {
    const end = text.indexOf(']', at)
    set(lexer, end === -1 ? token.other : token.word, end === -1 ? at + 1 : end + 1)
    lexer.part = word.name
  } else set(lexer, code === 35 ? token.operator : token.other, at + 1)
}

const compares = new Set([
  '<=>',
  '<=',
  '>=',
  '<>',
  '!=',
  '==',
  ':=',
  '!<',
  '!>',
  '!~',
  '^=',
  '*=',
  '=*',
  '~*',
  '@>',
])
const shifts = new Set(['<<', '>>', '->', '^^', '**'])

function readSymbol(lexer: Lexer, at: number, code: number): void {
  const { text } = lexer
  const two = text.slice(at, at + 2)
  if (code === 40 || code === 123) set(lexer, token.open, at + 1)
  else if (code === 41 || code === 125) set(lexer, token.close, at + 1)
  else if (code === 44) set(lexer, token.comma, at + 1)
  else if (code === 59) set(lexer, token.semicolon, at + 1)
  else if (two === '&&' || two === '||') set(lexer, token.logic, at + 2)
  else if (two === '::') set(lexer, token.cast, at + 2)
  else if (text.startsWith('<=>', at)) set(lexer, token.compare, at + 3)
  else if (compares.has(two)) set(lexer, token.compare, at + 2)
  else if (shifts.has(two)) set(lexer, token.operator, at + 2)
  else if (code === 61 || code === 60 || code === 62) set(lexer, token.compare, at + 1)
  else if (code === 58) set(lexer, token.other, at + 1)
  else set(lexer, token.operator, at + 1)
}

/** The first byte of the token under the reader. */
export function symbolAt(lexer: Lexer): number {
  return lexer.text.charCodeAt(lexer.start)
}

/** The word under the reader in lower case. */
export function wordText(lexer: Lexer): string {
  return lexer.text.slice(lexer.start, Math.min(lexer.at, lexer.start + WORD_LENGTH_MAX)).toLowerCase()
}

/** Whether the reader stands on a token of that kind. */
export function isKind(lexer: Lexer, kind: number): boolean {
  return lexer.kind === kind
}
