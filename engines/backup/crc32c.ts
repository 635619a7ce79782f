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
