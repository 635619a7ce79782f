import { Buffer } from 'node:buffer'
import type { Bytes } from '../model.ts'

/** A text without its percent signs; `invalid` when one was not followed by two hexadecimal digits, and stayed. */
interface Decoded {
  readonly text: Bytes
  readonly invalid: boolean
}

const NOT_HEX = -1

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : NOT_HEX
}

/** The byte that two hexadecimal digits at `at` say, or -1. */
export function hexByte(text: Bytes, at: number): number {
  const [high, low] = [hexDigit(text.charCodeAt(at)), hexDigit(text.charCodeAt(at + 1))]
  return high === NOT_HEX || low === NOT_HEX ? NOT_HEX : high * 16 + low
}

const SPACED = Uint8Array.from({ length: 256 }, (_, byte) => (byte === 0x2b ? 0x20 : byte))
/** Longer texts are changed faster as bytes. */
const SHORT_LENGTH_MAX = 64

/** A text with a space for every `+`. */
function withSpaces(text: Bytes): Bytes {
  if (text.length <= SHORT_LENGTH_MAX) return text.replaceAll('+', ' ')
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at++) bytes[at] = SPACED[bytes[at] as number] as number
  return bytes.toString('latin1')
}

/** Decodes `%XX`, and `+` as a space where `plus` says so (WHATWG URL, application/x-www-form-urlencoded). */
export function decodePercent(text: Bytes, plus: boolean): Decoded {
  const spaced = plus && text.includes('+') ? withSpaces(text) : text
  let at = spaced.indexOf('%')
  if (at === -1) return { text: spaced, invalid: false }
  let [from, invalid, out] = [0, false, '']
  for (; at !== -1; at = spaced.indexOf('%', at + 1)) {
    const byte = hexByte(spaced, at + 1)
    if (byte === NOT_HEX) {
      invalid = true
      continue
    }
    out += spaced.slice(from, at) + String.fromCharCode(byte)
    from = at + 3
    at += 2
  }
  return { text: out + spaced.slice(from), invalid }
}
