import type { Bytes } from '../model.ts'
import { hexDigits, hexPair, roomFor, spaces, written } from './bytes.ts'

const BACKSLASH = 0x5c
const NEWLINE = 0x0a
const LETTER_X = 0x78
const LETTER_U = 0x75

/** What a backslash and this byte stand for in C; every other byte stands for itself. */
const controls = Uint8Array.from({ length: 256 }, (_, byte) => {
  const place = 'abtnvfr'.indexOf(String.fromCharCode(byte))
  return place < 0 ? byte : 0x07 + place
})

/** One escape that was read: its byte, and how many bytes of the value it takes with the backslash. */
type ReadEscape = (value: Bytes, at: number, put: (byte: number) => void) => number

/** Writes every byte that is no backslash as it is and lets `read` say what the escapes are; the last byte is never one. */
function unescape(value: Bytes, read: ReadEscape): Bytes {
  const room = roomFor(value.length)
  let length = 0
  const put = (byte: number): void => {
    room[length] = byte
    length += 1
  }
  for (let at = 0; at < value.length;) {
    const byte = value.charCodeAt(at)
    if (byte === BACKSLASH) at += read(value, at, put)
    else {
      put(byte)
      at += 1
    }
  }
  return written(room, length, value)
}

/** ANSI C escapes: `\n`, `\xHH`, `\OOO`; an unknown one loses its backslash. */
export function escapeSeqDecode(value: Bytes): Bytes {
  return value.includes('\\') ? unescape(value, readC) : value
}

function readC(value: Bytes, at: number, put: (byte: number) => void): number {
  if (at + 1 === value.length) {
    put(BACKSLASH)
    return 1
  }
  const next = value.charCodeAt(at + 1)
  const pair = (next | 0x20) === LETTER_X ? hexPair(value, at + 2) : -1
  if (pair >= 0) {
    put(pair)
    return 4
  }
  const digits = octalDigits(value, at + 1)
  if (digits > 0) {
    put(octal(value, at + 1, digits) & 0xff)
    return 1 + digits
  }
  put(controls[next] ?? next)
  return 2
}

/** JavaScript escapes: `\uHHHH` (its low byte, full-width forms as ASCII), `\xHH`, `\OOO` up to 377, `\n`; an unknown one loses its backslash. */
export function jsDecode(value: Bytes): Bytes {
  return value.includes('\\') ? unescape(value, readJs) : value
}

function readJs(value: Bytes, at: number, put: (byte: number) => void): number {
  if (at + 1 === value.length) {
    put(BACKSLASH)
    return 1
  }
  const next = value.charCodeAt(at + 1)
  const pair = next === LETTER_X || next === LETTER_U ? hexPair(value, at + 2) : -1
  if (pair >= 0 && next === LETTER_X) {
    put(pair)
    return 4
  }
  const low = pair >= 0 ? hexPair(value, at + 4) : -1
  if (low >= 0) {
    put(narrow(pair, low))
    return 6
  }
  const digits = octalDigits(value, at + 1)
  if (digits > 0) {
    const fitting = digits === 3 && next > 0x33 ? 2 : digits
    put(octal(value, at + 1, fitting))
    return 1 + fitting
  }
  put(controls[next] ?? next)
  return 2
}

/** CSS escapes: one to six digits (their low byte, full-width forms as ASCII) and a blank; a line break that is carried on; else the byte itself. */
export function cssDecode(value: Bytes): Bytes {
  return value.includes('\\') ? unescape(value, readCss) : value
}

function readCss(value: Bytes, at: number, put: (byte: number) => void): number {
  let end = at + 1
  while (end < at + 7 && (hexDigits[value.charCodeAt(end)] ?? -1) >= 0) end += 1
  if (end === at + 1) {
    if (end === value.length) return 1
    const next = value.charCodeAt(end)
    if (next !== NEWLINE) put(next)
    return 2
  }
  const code = Number.parseInt(value.slice(at + 1, end), 16)
  put(code < 0x10000 ? narrow(code >> 8, code & 0xff) : code & 0xff)
  return end - at + (spaces[value.charCodeAt(end)] === 1 ? 1 : 0)
}

/** The low byte of a character, or the ASCII character that a full-width form (U+FF01 to U+FF5E) is. */
function narrow(high: number, low: number): number {
  return high === 0xff && low > 0 && low < 0x5f ? low + 0x20 : low
}

/** How many octal digits stand at `at`, three at most. */
function octalDigits(value: Bytes, at: number): number {
  let count = 0
  while (count < 3 && (value.charCodeAt(at + count) & 0xf8) === 0x30) count += 1
  return count
}

function octal(value: Bytes, at: number, digits: number): number {
  return Number.parseInt(value.slice(at, at + digits), 8)
}
