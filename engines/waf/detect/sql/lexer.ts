import type { Bytes } from '../../model.ts'
import {
  BACKTICK,
  DOUBLE,
  QUOTE,
  gluesOperator,
  readNumber,
  readPrefixedString,
  readString,
  readVariable,
} from './literals.ts'
import { byte, concealment, kinds, nameEnd, set, token, type Lexer } from './token.ts'
import { WORD_LENGTH_MAX, word, wordPart } from './words.ts'

const BACKSLASH = 92

const { blank, digit, letter, single } = byte

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

/** Skips the mark of a comment that MySQL executes, `/*!` or `/*!50000`, before SQL; false when it is a comment like others. */
function openExecuted(lexer: Lexer, at: number): boolean {
  const { text } = lexer
  let start = at
  while (kinds[text.charCodeAt(start)] === digit) start += 1
  const digits = start - at
  while (kinds[text.charCodeAt(start)] === blank) start += 1
  const end = Math.min(nameEnd(text, start), start + WORD_LENGTH_MAX)
  const named = kinds[text.charCodeAt(start)] === letter
  if (named && digits === 0 && wordPart(text, start, end) === word.name) return false
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

const AT = 64

/** Where a word ends that touches the variable after it, as in `select@x`; other words hold the sign, as addresses do. */
function keywordEnd(text: Bytes, at: number, end: number): number {
  let sign = at
  while (sign < end && text.charCodeAt(sign) !== AT) sign += 1
  if (sign === end || sign - at > WORD_LENGTH_MAX) return end
  const part = wordPart(text, at, sign)
  return part === word.select || gluesOperator(part) ? sign : end
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
  end = keywordEnd(text, at, end)
  set(lexer, token.word, end)
  lexer.part = word.name
  if (end - at > WORD_LENGTH_MAX) return
  lexer.part = wordPart(text, at, end)
  if (text.charCodeAt(at) === BACKSLASH && end === at + 2 && text.charCodeAt(at + 1) === 78)
    lexer.part = word.constant
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
