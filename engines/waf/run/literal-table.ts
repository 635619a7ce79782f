import type { Bytes } from '../model.ts'

/** Finds which of many literals occur in a text, in one pass. */
export interface LiteralTable {
  /** The numbers of the literals that occur in the text with its ASCII letters in lower case, each once. */
  find(text: Bytes): readonly number[]
}

/** A literal is found by a part of 2, 3, 4 or 6 bytes and then compared whole. */
const PART_BYTES = [2, 3, 4, 6] as const
const NOTHING: readonly number[] = []
/** Buckets for many literals and for few, as powers of two: the tables of a variant's patches stay small. */
const [BITS_MANY, BITS_FEW, FEW] = [16, 10, 200] as const

/** Literals whose parts are of one length, by a hash of the part. */
interface Parts {
  /** One bit a bucket: whether any part is in it; small enough to stay in the nearest cache. */
  readonly bits: Int32Array
  /** The first literal of each bucket, counted from 1. */
  readonly heads: Int32Array
}

interface Tables {
  readonly two: Parts
  readonly three: Parts
  readonly four: Parts
  readonly six: Parts
  /** How far a hash is shifted to be the number of a bucket. */
  readonly shift: number
  readonly literals: readonly Bytes[]
  /** The next literal of the same bucket, both counted from 1; 0 for none. */
  readonly next: Int32Array
  /** The bytes of the part of each literal, counted from 1. */
  readonly keys: Int32Array
  /** How far behind its beginning the part of each literal ends. */
  readonly ends: Int32Array
}

const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))

/** Makes a table; literals are in lower case and of two bytes or more. It is built at the first search. */
export function createLiteralTable(literals: readonly Bytes[]): LiteralTable {
  let search: Search | null = null
  return {
    find(text) {
      if (literals.length === 0) return NOTHING
      search ??= new Search(build(literals))
      return search.run(text)
    },
  }
}

/** Walks over texts, one after the other; owns the marks of what was found in the present one. */
class Search {
  readonly #tables: Tables
  readonly #seen: Int32Array
  #round = 0
  #text = ''
  #found: number[] = []
  readonly #muted: { readonly bits: Int32Array; readonly bucket: number }[] = []

  constructor(tables: Tables) {
    this.#tables = tables
    this.#seen = new Int32Array(tables.literals.length)
  }

  run(text: Bytes): readonly number[] {
    const { two, three, four, six, shift } = this.#tables
    const [bits2, bits3, bits4, bits6] = [two.bits, three.bits, four.bits, six.bits]
    this.#round = (this.#round + 1) | 0
    this.#text = text
    this.#found = []
    let last = 0
    let before = 0
    for (let index = 0; index < text.length; index++) {
      before = (before << 8) | (last >>> 24)
      last = (last << 8) | (LOWER[text.charCodeAt(index)] as number)
      const key2 = last & 0xffff
      const hash2 = hashOf(key2) >>> shift
      if (has(bits2, hash2)) this.#look(two, hash2, key2, index + 1)
      const key3 = last & 0xffffff
      const hash3 = hashOf(key3) >>> shift
      if (has(bits3, hash3)) this.#look(three, hash3, key3, index + 1)
      const hash4 = hashOf(last) >>> shift
      if (has(bits4, hash4)) this.#look(four, hash4, last, index + 1)
      const key6 = Math.imul(before & 0xffff, SPREAD) ^ last
      const hash6 = hashOf(key6) >>> shift
      if (has(bits6, hash6)) this.#look(six, hash6, key6, index + 1)
    }
    for (const { bits, bucket } of this.#muted.splice(0)) mark(bits, bucket)
    return this.#found.length === 0 ? NOTHING : this.#found
  }

  /** Goes through a bucket: literals whose part has this key are compared where it ends. */
  #look({ heads, bits }: Parts, bucket: number, key: number, end: number): void {
    const { next, keys, literals, ends } = this.#tables
    let open = false
    for (let literal = heads[bucket] as number; literal !== 0; literal = next[literal] as number) {
      const number = literal - 1
      if (this.#seen[number] === this.#round) continue
      if (
        keys[literal] === key &&
        standsAt(this.#text, end - (ends[number] as number), literals[number] as string)
      ) {
        this.#seen[number] = this.#round
        this.#found.push(number)
      } else open = true
    }
    if (open) return
    // Everything in the bucket is found: the rest of this text need not stop here again.
    bits[bucket >>> 5] = (bits[bucket >>> 5] as number) & ~(1 << (bucket & 31))
    this.#muted.push({ bits, bucket })
  }
}

function has(bits: Int32Array, bucket: number): boolean {
  return (((bits[bucket >>> 5] as number) >>> (bucket & 31)) & 1) !== 0
}

const MULTIPLIER = 0x9e3779b1 | 0
const SPREAD = 0x85ebca6b | 0

function hashOf(key: number): number {
  return Math.imul(key, MULTIPLIER)
}

function mark(bits: Int32Array, bucket: number): void {
  bits[bucket >>> 5] = (bits[bucket >>> 5] as number) | (1 << (bucket & 31))
}

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

function emptyParts(buckets: number): Parts {
  return { bits: new Int32Array(buckets / 32), heads: new Int32Array(buckets) }
}

function keyOf(part: Bytes): number {
  let [last, before] = [0, 0]
  for (let index = 0; index < part.length; index++) {
    before = (before << 8) | (last >>> 24)
    last = (last << 8) | part.charCodeAt(index)
  }
  return part.length === 6 ? Math.imul(before & 0xffff, SPREAD) ^ last : last
}

function build(literals: readonly Bytes[]): Tables {
  const bits = literals.length > FEW ? BITS_MANY : BITS_FEW
  const shift = 32 - bits
  const empty = (): Parts => emptyParts(1 << bits)
  const [two, three, four, six] = [empty(), empty(), empty(), empty()]
  const byBytes = new Map([
    [2, two],
    [3, three],
    [4, four],
    [6, six],
  ])
  const ends = new Int32Array(literals.length)
  const next = new Int32Array(literals.length + 1)
  const keys = new Int32Array(literals.length + 1)
  for (const [number, literal] of literals.entries()) {
    const bytes = PART_BYTES.findLast((count) => count <= literal.length) ?? 0
    const parts = byBytes.get(bytes)
    if (parts === undefined) throw new Error('a literal of one byte')
    const from = tellingPart(literal, bytes)
    const key = keyOf(literal.slice(from, from + bytes))
    const bucket = hashOf(key) >>> shift
    ends[number] = from + bytes
    keys[number + 1] = key
    next[number + 1] = parts.heads[bucket] ?? 0
    parts.heads[bucket] = number + 1
    mark(parts.bits, bucket)
  }
  return { two, three, four, six, shift, literals, next, keys, ends }
}
