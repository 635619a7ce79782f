/** The size of a page of PostgreSQL as it is built by everybody. */
export const pageBytes = 8192

const SUMS = 32
const ROUNDS = pageBytes / (4 * SUMS)
const PRIME = 16_777_619
/** Where PostgreSQL's 32 sums begin (storage/checksum_impl.h). */
const BASES = Int32Array.from([
  0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c, 0xf8d4474f,
  0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb, 0xe58f764b, 0x187636bc,
  0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4, 0x783125bb, 0x6ca8eaa2, 0xe407eac6,
  0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756,
])
/** The word whose low half is the stored checksum (`pd_checksum` at byte 8). */
const CHECKSUM_WORD = 2

/** The checksum that a page must carry at this place of its relation; the words are in the machine's order, which is PostgreSQL's. */
export function pageChecksum(words: Int32Array, first: number, block: number): number {
  let all = 0
  for (let sum = 0; sum < SUMS; sum++) {
    let value = BASES[sum] ?? 0
    for (let round = 0; round < ROUNDS; round++) {
      const at = round * SUMS + sum
      const word = words[first + at] ?? 0
      // The stored checksum itself counts as zero.
      const mixed = value ^ (at === CHECKSUM_WORD ? word & ~0xffff : word)
      value = Math.imul(mixed, PRIME) ^ (mixed >>> 17)
    }
    for (let more = 0; more < 2; more++) value = Math.imul(value, PRIME) ^ (value >>> 17)
    all ^= value
  }
  return (((all ^ block) >>> 0) % 65_535) + 1
}

/** The blocks of a relation's file whose pages do not carry their checksum; `first` is the number of the file's first block. */
export function damagedBlocks(bytes: Buffer, first: number): number[] {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(bytes)
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / 4))
  const perPage = pageBytes / 4
  const found: number[] = []
  for (let page = 0; page * pageBytes < bytes.length; page++) {
    const at = page * perPage
    if (at + perPage > words.length) found.push(first + page)
    // A page whose end of free space (`pd_upper` at byte 14) is zero was added and not written yet: all of it is zero.
    else if (bytes.readUInt16LE(page * pageBytes + 14) === 0) {
      if (words.subarray(at, at + perPage).some((word) => word !== 0)) found.push(first + page)
    } else if (pageChecksum(words, at, first + page) !== bytes.readUInt16LE(page * pageBytes + 8))
      found.push(first + page)
  }
  return found
}
