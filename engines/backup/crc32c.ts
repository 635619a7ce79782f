import { endianness } from 'node:os'

const polynomial = 0x82f63b78
const littleEndian = endianness() === 'LE'

/** Sixteen tables in a row, so that sixteen bytes are taken at a time. */
const table = ((): Int32Array => {
  const all = new Int32Array(16 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ polynomial
    all[byte] = crc
  }
  for (let at = 256; at < all.length; at++) {
    const before = all[at - 256] as number
    all[at] = (before >>> 8) ^ (all[before & 0xff] as number)
  }
  return all
})()

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes` after those that gave `before`; 0 begins. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  // Words are read where they begin at multiples of four, and in the order in which this processor keeps bytes.
  const first = littleEndian ? Math.min(bytes.length, -bytes.byteOffset & 3) : bytes.length
  const words = Math.floor((bytes.length - first) / 16) * 4
  let crc = singly(bytes, 0, first, ~before)
  if (words > 0) crc = inWords(new Int32Array(bytes.buffer, bytes.byteOffset + first, words), crc)
  return ~singly(bytes, first + words * 4, bytes.length, crc) >>> 0
}

function singly(bytes: Uint8Array, from: number, to: number, before: number): number {
  let crc = before
  for (let at = from; at < to; at++)
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number)
  return crc
}

/** Sixteen bytes at a time; every index is one of the table. */
function inWords(words: Int32Array, before: number): number {
  const t = table
  let crc = before
  for (let at = 0; at < words.length; at += 4) {
    const a = crc ^ (words[at] as number)
    const b = words[at + 1] as number
    const c = words[at + 2] as number
    const d = words[at + 3] as number
    crc =
      (t[0xf00 | (a & 0xff)] as number) ^
      (t[0xe00 | ((a >>> 8) & 0xff)] as number) ^
      (t[0xd00 | ((a >>> 16) & 0xff)] as number) ^
      (t[0xc00 | (a >>> 24)] as number) ^
      (t[0xb00 | (b & 0xff)] as number) ^
      (t[0xa00 | ((b >>> 8) & 0xff)] as number) ^
      (t[0x900 | ((b >>> 16) & 0xff)] as number) ^
      (t[0x800 | (b >>> 24)] as number) ^
      (t[0x700 | (c & 0xff)] as number) ^
      (t[0x600 | ((c >>> 8) & 0xff)] as number) ^
      (t[0x500 | ((c >>> 16) & 0xff)] as number) ^
      (t[0x400 | (c >>> 24)] as number) ^
      (t[0x300 | (d & 0xff)] as number) ^
      (t[0x200 | ((d >>> 8) & 0xff)] as number) ^
      (t[0x100 | ((d >>> 16) & 0xff)] as number) ^
      (t[d >>> 24] as number)
  }
  return crc
}

/** The CRC-32C of bytes whose first ones gave `first` and whose other ones, so many, gave `rest`. */
export function crc32cJoined(first: number, rest: number, restBytes: number): number {
  // The first ones are followed by as many zeros: their remainder times x to the power of the bits. The inversions cancel out.
  let sum = first
  for (let power = 0, left = restBytes; left > 0; power++, left = Math.floor(left / 2))
    if (left % 2 === 1) sum = times(sum, powers[power] as number)
  return (sum ^ rest) >>> 0
}

/** What one, two, four, … zero bytes multiply by: x to the power of eight, then each the square of the one before. */
const powers = ((): readonly number[] => {
  let power = 0x00800000
  return Array.from({ length: 53 }, (_, at) => (power = at === 0 ? power : times(power, power)))
})()

/** The product of two polynomials modulo that of the checksum; the highest bit is the coefficient of x to the power of zero. */
function times(a: number, b: number): number {
  let product = 0
  let shifted = b
  for (let bit = 31; bit >= 0; bit--) {
    if (((a >>> bit) & 1) === 1) product ^= shifted
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ polynomial
  }
  return product >>> 0
}
