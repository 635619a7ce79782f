import type { Bytes } from '../../model.ts'
import { WORD_LENGTH_MAX, word } from './words.ts'

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

/** Stands the reader on a token that ends before `end`. */
export function set(lexer: Lexer, kind: number, end: number): void {
  lexer.kind = kind
  lexer.at = end
}

const BACKSLASH = 92

/** Kinds of bytes. */
export const byte = { blank: 1, digit: 2, letter: 4, single: 8 } as const

const { blank, digit, letter, single } = byte

/** What each byte is the beginning of; 0 for the few that are looked at one by one. */
export const kinds = new Uint8Array(256)
for (let code = 0; code < 256; code += 1) {
  const character = String.fromCharCode(code)
  if (code <= 32 || code === 127 || code === 160) kinds[code] = blank
  else if (character >= '0' && character <= '9') kinds[code] = digit
  else if (/[A-Za-z_$\\]/u.test(character) || code > 127) kinds[code] = letter
  else if ('(),;=<>!~^%&|+-*/:{}'.includes(character)) kinds[code] = single
}

/** Where the name ends that begins at `at`. */
export function nameEnd(text: Bytes, at: number): number {
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
