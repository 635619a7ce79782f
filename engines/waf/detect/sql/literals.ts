import type { Bytes } from '../../model.ts'
import { byte, kinds, nameEnd, set, token, type Lexer } from './token.ts'
import { WORD_LENGTH_MAX, word, wordPart } from './words.ts'

const { digit } = byte
export const QUOTE = 39

export const DOUBLE = 34

export const BACKTICK = 96

const BACKSLASH = 92

const UPPER_TO_LOWER = 32

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

/** Reads a string whose quote stands before `at`. */
export function readString(lexer: Lexer, at: number, quote: number): void {
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

const prefixes = new Set(['n', 'b', 'x', 'e', 'q', 'nq', 'u&', 'r'])

/** `N'…'`, `b'…'`, `_utf8'…'`, `q'[…]'`, `$tag$…$tag$`: strings that begin with a word; false when it is none. */
export function readPrefixedString(lexer: Lexer, at: number, end: number): boolean {
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

/** Whether an operator written as a word is glued to the digits before it, as in `1or`. */
export function gluesOperator(part: number): boolean {
  return (
    (part >= word.logic && part <= word.union) || (part >= word.from && part <= word.join) || part === word.as
  )
}

function isHexDigit(code: number): boolean {
  return kinds[code] === digit || ((code | UPPER_TO_LOWER) >= 97 && (code | UPPER_TO_LOWER) <= 102)
}

/** Reads a number, or a name that begins with digits. */
export function readNumber(lexer: Lexer, at: number): void {
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
  const part = wordPart(text, end, tail)
  if (gluesOperator(part)) return
  set(lexer, token.word, tail)
  lexer.part = word.name
}

/** Reads `@x`, `@@x`, `@"x"`. */
export function readVariable(lexer: Lexer, at: number): void {
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
