const polynomial = 0x82f63b78

/** Eight tables, so that eight bytes are taken at a time. */
const tables = ((): readonly Int32Array[] => {
  const first = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ polynomial
    first[byte] = crc
  }
  const all = [first]
  for (let at = 1; at < 8; at++) {
    const before = all[at - 1] ?? first
    all.push(before.map((crc) => (crc >>> 8) ^ (first[crc & 0xff] ?? 0)))
  }
  return all
})()

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes` after those that gave `before`; 0 begins. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as readonly [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ]
  const whole = bytes.length - (bytes.length % 8)
  let crc = ~before
  let at = 0
  // Indexes are bytes, so nothing here is undefined; `| 0` says so to the compiler of types at no cost.
  const b = (index: number): number => bytes[index] as number
  for (; at < whole; at += 8) {
    crc ^= b(at) | (b(at + 1) << 8) | (b(at + 2) << 16) | (b(at + 3) << 24)
    crc =
      (t7[crc & 0xff] as number) ^
      (t6[(crc >>> 8) & 0xff] as number) ^
      (t5[(crc >>> 16) & 0xff] as number) ^
      (t4[crc >>> 24] as number) ^
      (t3[b(at + 4)] as number) ^
      (t2[b(at + 5)] as number) ^
      (t1[b(at + 6)] as number) ^
      (t0[b(at + 7)] as number)
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ (t0[(crc ^ b(at)) & 0xff] as number)
  return ~crc >>> 0
}
