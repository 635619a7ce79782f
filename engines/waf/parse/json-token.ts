import type { Bytes } from '../model.ts'
import { hexPair } from '../transform/bytes.ts'

/** A place in a text of JSON. */
export interface JsonCursor {
  readonly text: Bytes
  at: number
}

/** That a text is not JSON, and at which byte. */
export class JsonError extends Error {
  constructor(message: string, at: number) {
    super(`${message} at byte ${at}`)
    this.name = 'JsonError'
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const ESCAPES: Readonly<Record<string, Bytes>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const WORDS = ['true', 'false', 'null'] as const

/** Goes over white space. */
export function skipSpace(cursor: JsonCursor): void {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    cursor.at += 1
  }
}

/** Reads `true`, `false` or `null`. */
export function readWord(cursor: JsonCursor): (typeof WORDS)[number] {
  const word = WORDS.find((known) => cursor.text.startsWith(known, cursor.at))
  if (word === undefined) throw new JsonError('unknown word', cursor.at)
  cursor.at += word.length
  return word
}

/** Reads a number as it is written, of any size. */
export function readNumber(cursor: JsonCursor): Bytes {
  NUMBER.lastIndex = cursor.at
  const found = NUMBER.exec(cursor.text)?.[0]
  if (found === undefined)
    throw new JsonError(cursor.at >= cursor.text.length ? 'premature end' : 'unexpected character', cursor.at)
  cursor.at += found.length
  return found
}

/** Reads a string, the cursor standing on its opening quote. */
export function readString(cursor: JsonCursor): Bytes {
  const { text } = cursor
  const pieces: Bytes[] = []
  let from = cursor.at + 1
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      cursor.at = at + 1
      return pieces.length === 0 ? text.slice(from, at) : pieces.join('') + text.slice(from, at)
    }
    if (code < 0x20) throw new JsonError('control character inside a string', at)
    if (code !== BACKSLASH) continue
    pieces.push(text.slice(from, at))
    cursor.at = at + 1
    pieces.push(readEscape(cursor))
    from = cursor.at
    at = from - 1
  }
  throw new JsonError('premature end inside a string', text.length)
}

function readEscape(cursor: JsonCursor): Bytes {
  const char = cursor.text[cursor.at] ?? ''
  cursor.at += 1
  if (char !== 'u') {
    if (!Object.hasOwn(ESCAPES, char)) throw new JsonError('unknown escape inside a string', cursor.at - 1)
    return ESCAPES[char] ?? ''
  }
  const unit = readUnit(cursor)
  if (unit < 0xd800 || unit > 0xdfff) return utf8(unit)
  if (unit > 0xdbff || !cursor.text.startsWith('\\u', cursor.at)) return '?'
  const before = cursor.at
  cursor.at += 2
  const low = readUnit(cursor)
  if (low >= 0xdc00 && low <= 0xdfff) return utf8(0x1_0000 + (unit - 0xd800) * 0x400 + (low - 0xdc00))
  cursor.at = before
  return '?'
}

function readUnit(cursor: JsonCursor): number {
  const [high, low] = [hexPair(cursor.text, cursor.at), hexPair(cursor.text, cursor.at + 2)]
  if (high === -1 || low === -1) throw new JsonError('escape without four hexadecimal digits', cursor.at)
  cursor.at += 4
  return high * 256 + low
}

function utf8(point: number): Bytes {
  return point < 0x80
    ? String.fromCharCode(point)
    : Buffer.from(String.fromCodePoint(point)).toString('latin1')
}
