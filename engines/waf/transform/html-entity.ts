import type { Bytes } from '../model.ts'

const reference = /&(?:#[xX]([0-9A-Fa-f]+)|#([0-9]+)|([0-9A-Za-z]+));?/g
const names: Readonly<Record<string, string>> = { quot: '"', amp: '&', lt: '<', gt: '>', nbsp: '\xa0' }

/** Numbers (their low byte) and the names quot, amp, lt, gt, nbsp in any case; the semicolon may be absent. */
export function htmlEntityDecode(value: Bytes): Bytes {
  if (!value.includes('&')) return value
  const result = value.replace(reference, decoded)
  return result === value ? value : result
}

function decoded(whole: string, hex?: string, decimal?: string, name?: string): string {
  if (name !== undefined) return name.length > 4 ? whole : (names[name.toLowerCase()] ?? whole)
  return hex === undefined ? lowByte(decimal ?? '', 10) : lowByte(hex, 16)
}

/** Numbers too great for 64 bits come to 255, as they do in C. */
function lowByte(digits: string, base: 10 | 16): string {
  const significant = digits.replace(/^0+/, '')
  if (significant.length > 20) return '\xff'
  const number = BigInt(`${base === 16 ? '0x' : ''}${significant === '' ? '0' : significant}`)
  return String.fromCharCode(number > longest ? 0xff : Number(number & 0xffn))
}

const longest = 2n ** 63n - 1n
