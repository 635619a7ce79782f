import type { Bytes } from '../model.ts'

/** Finds which of many literals occur in a text, in one pass. */
export interface LiteralTable {
  /** The numbers of the literals that occur in the text with its ASCII letters in lower case, each once. */
  find(text: Bytes): readonly number[]
}

/** A literal is found by a part of 2 to 4 bytes and then compared whole. */
const PART_BYTES_MAX = 4
const NOTHING: readonly number[] = []
const BUCKETS = 65_536

/** Literals whose parts are of one length, by a hash of the part; small enough to stay in the nearest cache. */
interface Parts {
  /** One bit a bucket: whether any part is in it. */
  readonly bits: Int32Array
  readonly buckets: Map<number, number[]>
}

interface Tables {
  readonly two: Parts
  readonly three: Parts
  readonly four: Parts
  readonly literals: readonly Bytes[]
  /** Where the part begins in each literal, and ends. */
  readonly ends: Int32Array
}

const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))

/** Makes a table; literals are in lower case and of two bytes or more. It is built at the first search. */
export function createLiteralTable(literals: readonly Bytes[]): LiteralTable {
  let tables: Tables | null = null
  const seen = new Int32Array(literals.length)
  let round = 0
  return {
    find(text) {
      if (literals.length === 0) return NOTHING
      tables ??= build(literals)
      round = (round + 1) | 0
      return run(tables, text, seen, round)
    },
  }
}

function run({ two, three, four, literals, ends }: Tables, text: Bytes, seen: Int32Array, round: number) {
  const [bits2, bits3, bits4] = [two.bits, three.bits, four.bits]
  let found: number[] | null = null
  let last = 0
  const look = (parts: Parts, bucket: number, end: number): void => {
    for (const literal of parts.buckets.get(bucket) ?? NOTHING) {
      if (seen[literal] === round) continue
      const whole = literals[literal] ?? ''
      if (!standsAt(text, end - (ends[literal] ?? 0), whole)) continue
      seen[literal] = round
      found ??= []
      found.push(literal)
    }
  }
  for (let index = 0; index < text.length; index++) {
    last = (last << 8) | (LOWER[text.charCodeAt(index)] as number)
    const hash2 = last & 0xffff
    if ((((bits2[hash2 >>> 5] as number) >>> (hash2 & 31)) & 1) !== 0 && index > 0)
      look(two, hash2, index + 1)
    const hash3 = Math.imul(last & 0xffffff, MULTIPLIER) >>> 16
    if ((((bits3[hash3 >>> 5] as number) >>> (hash3 & 31)) & 1) !== 0) look(three, hash3, index + 1)
    const hash4 = Math.imul(last, MULTIPLIER) >>> 16
    if ((((bits4[hash4 >>> 5] as number) >>> (hash4 & 31)) & 1) !== 0) look(four, hash4, index + 1)
  }
  return found ?? NOTHING
}

const MULTIPLIER = 0x9e3779b1 | 0

/** Whether the literal stands at a place; the whole of it is compared. */
function standsAt(text: Bytes, at: number, literal: Bytes): boolean {
  if (at < 0 || at + literal.length > text.length) return false
  for (let index = 0; index < literal.length; index++) {
    if (LOWER[text.charCodeAt(at + index)] !== literal.charCodeAt(index)) return false
  }
  return true
}

/** How telling a byte is: letters and digits that fill ordinary text least, marks most. */
const WEIGHTS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const text = String.fromCodePoint(byte)
  if ('etaoinsrhl '.includes(text)) return 1
  return /[a-z0-9]/.test(text) ? 2 : 4
})

/** Where the part of a literal begins that ordinary text is least likely to hold. */
function tellingPart(literal: Bytes, bytes: number): number {
  let best = 0
  let bestWeight = -1
  for (let from = 0; from + bytes <= literal.length; from++) {
    let sum = 0
    for (let index = from; index < from + bytes; index++) sum += WEIGHTS[literal.charCodeAt(index)] ?? 0
    if (sum > bestWeight) [best, bestWeight] = [from, sum]
  }
  return best
}

function emptyParts(): Parts {
  return { bits: new Int32Array(BUCKETS / 32), buckets: new Map() }
}

function hashOf(part: Bytes): number {
  let last = 0
  for (let index = 0; index < part.length; index++) last = (last << 8) | part.charCodeAt(index)
  return part.length === 2 ? last : Math.imul(last, MULTIPLIER) >>> 16
}

function build(literals: readonly Bytes[]): Tables {
  const tables = [emptyParts(), emptyParts(), emptyParts()] as const
  const ends = new Int32Array(literals.length)
  for (const [number, literal] of literals.entries()) {
    const bytes = Math.min(PART_BYTES_MAX, literal.length)
    const from = tellingPart(literal, bytes)
    const bucket = hashOf(literal.slice(from, from + bytes))
    const parts = tables[bytes - 2]
    if (parts === undefined) throw new Error('a literal of one byte')
    ends[number] = from + bytes
    parts.bits[bucket >>> 5] = (parts.bits[bucket >>> 5] ?? 0) | (1 << (bucket & 31))
    parts.buckets.set(bucket, [...(parts.buckets.get(bucket) ?? []), number])
  }
  const [two, three, four] = tables
  return { two, three, four, literals, ends }
}
