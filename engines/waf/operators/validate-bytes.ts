import type { Bytes } from '../model.ts'
import { utf8Code, utf8Size } from '../transform/utf8.ts'
import { WafError, type Place } from '../waf-error.ts'
import { needsByte } from './needs.ts'
import type { MakeOperator } from './operator.ts'

/** The value holds a byte outside the ranges of the argument (`9,10,32-126`); with none, any byte is outside. */
export const validateByteRange: MakeOperator = (argument, _host, place) => {
  const allowed = readRanges(argument, place)
  const outside = [...allowed.keys()].filter((byte) => allowed[byte] === 0)
  if (outside.length === 0) return { test: () => false, needs: null }
  const pattern = new RegExp(`[${outside.map(hexEscape).join('')}]`)
  return { test: (value) => pattern.test(value), needs: needsByte((byte) => allowed[byte] === 0) }
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

/** By byte: 1 where it is allowed. */
function readRanges(argument: Bytes, place: Place): Uint8Array {
  const allowed = new Uint8Array(256)
  for (const part of argument.split(',').map((text) => text.trim())) {
    if (part === '') continue
    const [, first, last = first] = /^(\d{1,3})(?:\s*-\s*(\d{1,3}))?$/.exec(part) ?? []
    const from = Number(first)
    const to = Number(last)
    if (!(from <= to && to < 256))
      throw new WafError('operator-argument', `not a range of bytes: ${part}`, place)
    allowed.fill(1, from, to + 1)
  }
  return allowed
}

const malformedEscape = /%(?![0-9A-Fa-f]{2})/

/** The value holds a percent sign without two hexadecimal digits behind it. */
export const validateUrlEncoding: MakeOperator = () => ({
  test: (value) => malformedEscape.test(value),
  needs: needsByte((byte) => byte === 0x25),
})

const beyondAscii = /[\x80-\xff]/
const SMALLEST_BY_SIZE = [0, 0, 0x80, 0x800, 0x1_0000] as const

/** The value is not UTF-8 (RFC 3629): broken off, longer than need be, a surrogate, or beyond U+10FFFF. */
export const validateUtf8Encoding: MakeOperator = () => ({
  test: (value) => beyondAscii.test(value) && !isUtf8(value),
  needs: needsByte((byte) => byte >= 0x80),
})

function isUtf8(value: Bytes): boolean {
  for (let at = 0; at < value.length;) {
    const size = utf8Size(value, at)
    if (size === 0) return false
    if (size > 1) {
      const code = utf8Code(value, at, size)
      const isSurrogate = code >= 0xd800 && code <= 0xdfff
      if (code < (SMALLEST_BY_SIZE[size] ?? 0) || isSurrogate || code > 0x10_ffff) return false
    }
    at += size
  }
  return true
}
