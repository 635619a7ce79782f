const POLYNOMIAL = 0x82f63b78
const LANES = 8

/** Tables of CRC-32C (RFC 3720 appendix B.4) for eight bytes at a time. */
const TABLES = ((): Int32Array => {
  const tables = new Int32Array(LANES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
    tables[byte] = value
  }
  for (let lane = 1; lane < LANES; lane++)
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[(lane - 1) * 256 + byte] ?? 0
      tables[lane * 256 + byte] = (before >>> 8) ^ (tables[before & 255] ?? 0)
    }
  return tables
})()

/** Where every checksum begins. */
export const crcStart = -1

/** Takes more bytes into a checksum under way. */
export function crcOf(state: number, bytes: Buffer): number {
  const tables = TABLES
  let value = state
  let at = 0
  const end = bytes.length
  while (at < end && ((bytes.byteOffset + at) & 3) !== 0) {
    value = (value >>> 8) ^ (tables[(value ^ (bytes[at] ?? 0)) & 255] ?? 0)
    at += 1
  }
  const pairs = (end - at) >> 3
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, pairs * 2)
  for (let pair = 0; pair < pairs; pair++) {
    const low = value ^ (words[pair * 2] ?? 0)
    const high = words[pair * 2 + 1] ?? 0
    value =
      (tables[1792 + (low & 255)] ?? 0) ^
      (tables[1536 + ((low >>> 8) & 255)] ?? 0) ^
      (tables[1280 + ((low >>> 16) & 255)] ?? 0) ^
      (tables[1024 + (low >>> 24)] ?? 0) ^
      (tables[768 + (high & 255)] ?? 0) ^
      (tables[512 + ((high >>> 8) & 255)] ?? 0) ^
      (tables[256 + ((high >>> 16) & 255)] ?? 0) ^
      (tables[high >>> 24] ?? 0)
  }
  for (at += pairs * 8; at < end; at++)
    value = (value >>> 8) ^ (tables[(value ^ (bytes[at] ?? 0)) & 255] ?? 0)
  return value
}

/** The checksum as PostgreSQL's manifests write it: four bytes, lowest first, in hexadecimal. */
export function crcText(state: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(~state)
  return bytes.toString('hex')
}
