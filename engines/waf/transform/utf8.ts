import type { Bytes } from '../model.ts'

const beyondAscii = /[\x80-\xff]/

/**
 * Characters beyond ASCII as `%uhhhh`. Forms that are longer than need be and surrogates are decoded as well, for
 * lenient readers decode them; bytes that are no UTF-8 at all stay.
 */
export function utf8toUnicode(value: Bytes): Bytes {
  if (!beyondAscii.test(value)) return value
  let result = ''
  let from = 0
  for (let at = 0; at < value.length;) {
    const size = utf8Size(value, at)
    if (size > 1) {
      result += value.slice(from, at)
      result += `%u${utf8Code(value, at, size).toString(16).padStart(4, '0')}`
      from = at + size
    }
    at += size === 0 ? 1 : size
  }
  return from === 0 ? value : result + value.slice(from)
}

/** How many bytes the character at `at` takes by the form of its first; 0 where the bytes that must follow do not. */
export function utf8Size(value: Bytes, at: number): number {
  const first = value.charCodeAt(at)
  if (first < 0x80) return 1
  if (first < 0xc0 || first > 0xf7) return 0
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  for (let next = at + 1; next < at + size; next += 1) {
    if ((value.charCodeAt(next) & 0xc0) !== 0x80) return 0
  }
  return size
}

/** The number of the character of `size` bytes at `at`. */
export function utf8Code(value: Bytes, at: number, size: number): number {
  let code = size === 1 ? value.charCodeAt(at) : value.charCodeAt(at) & (0x7f >> size)
  for (let next = at + 1; next < at + size; next += 1) code = code * 64 + (value.charCodeAt(next) & 0x3f)
  return code
}
