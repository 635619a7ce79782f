import type { Bytes } from '../model.ts'

/** Finds which of many literals occur in a text, in one pass. */
export interface LiteralTable {
  /** The numbers of the literals that occur in the text with its ASCII letters in lower case, each once. */
  find(text: Bytes): readonly number[]
}

const NOTHING: readonly number[] = []
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))

/**
 * Makes a table; literals are in lower case and of two bytes or more. It is built at the first search.
 *
 * A literal is found by a part of it and then compared whole. The part is two bytes where two of its bytes are seldom side
 * by side; else three; of a long one four, three times over and each a byte further on, so that only every third place of
 * a text is to be looked at for it.
 */
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

/** Parts of one length by what they come to. */
interface Parts {
  /** One bit a bucket: whether any part is in it; small enough to stay in the nearest cache. */
  readonly bits: Int32Array
  /** The first part of each bucket, counted from 1; 0 for none. */
  readonly heads: Int32Array
}

interface Tables {
  readonly two: Parts
  readonly three: Parts
  readonly four: Parts
  /** How far a hash is shifted to be the number of a bucket. */
  readonly shift: number
  readonly literals: readonly Bytes[]
  /** By part, counted from 1: the next one of the same bucket. */
  readonly next: readonly number[]
  /** By part: its literal. */
  readonly owners: readonly number[]
  /** By part: how far behind the beginning of its literal it ends. */
  readonly ends: readonly number[]
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
    this.#round = (this.#round + 1) | 0
    this.#text = text
    this.#found = []
    this.#walk(text)
    for (const { bits, bucket } of this.#muted.splice(0)) mark(bits, bucket)
    return this.#found.length === 0 ? NOTHING : this.#found
  }

  #walk(text: Bytes): void {
    const { two, three, four, shift } = this.#tables
    const [bits2, bits3, bits4] = [two.bits, three.bits, four.bits]
    const { length } = text
    let last = 0
    // The first place that is looked at for parts of four bytes is the third one, and so on until the last.
    let third = 2
    for (let index = 0; index < length; index++) {
      last = (last << 8) | (LOWER[text.charCodeAt(index)] as number)
      const hash2 = Math.imul(last & 0xffff, MULTIPLIER) >>> shift
      if (has(bits2, hash2)) this.#look(two, hash2, index + 1)
      const hash3 = Math.imul(last & 0xffffff, MULTIPLIER) >>> shift
      if (has(bits3, hash3)) this.#look(three, hash3, index + 1)
      if (index !== third) continue
      third += 3
      const hash4 = Math.imul(last, MULTIPLIER) >>> shift
      if (has(bits4, hash4)) this.#look(four, hash4, index + 1)
    }
  }

  /** Goes through a bucket: literals are compared where their parts end. */
  #look({ heads, bits }: Parts, bucket: number, end: number): void {
    const { next, owners, literals, ends } = this.#tables
    let open = false
    for (let part = heads[bucket] as number; part !== 0; part = next[part] as number) {
      const number = owners[part] as number
      if (this.#seen[number] === this.#round) continue
      if (standsAt(this.#text, end - (ends[part] as number), literals[number] as string)) {
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

const MULTIPLIER = 0x9e3779b1 | 0

function has(bits: Int32Array, bucket: number): boolean {
  return (((bits[bucket >>> 5] as number) >>> (bucket & 31)) & 1) !== 0
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

/** How seldom a byte is in ordinary text, as the negative power of two. */
const RARITY = Uint8Array.from({ length: 256 }, (_, byte) => {
  const text = String.fromCodePoint(byte)
  if (' e'.includes(text)) return 3
  if ('taoinsrh'.includes(text)) return 4
  if ('ldcumfwgypb'.includes(text)) return 6
  if (/[kv0-9.,\n]/.test(text)) return 7
  return /[-_/a-z'"=:?&]/.test(text) ? 9 : 11
})

/** Two bytes that are as seldom as this are part enough. */
const RARE = 13
const LONG = 6
/** Places that parts of four bytes are spread over. */
const STEP = 3

/** Where the bytes of a literal begin that ordinary text is least likely to hold, and how seldom those are. */
function tellingPart(literal: Bytes, bytes: number): { readonly from: number; readonly rarity: number } {
  let best = { from: 0, rarity: -1 }
  for (let from = 0; from + bytes <= literal.length; from++) {
    let rarity = 0
    for (let index = from; index < from + bytes; index++) rarity += RARITY[literal.charCodeAt(index)] ?? 0
    if (rarity > best.rarity) best = { from, rarity }
  }
  return best
}

function keyOf(literal: Bytes, from: number, bytes: number): number {
  let key = 0
  for (let index = from; index < from + bytes; index++) key = (key << 8) | literal.charCodeAt(index)
  return key
}

/** Buckets for many literals and for few, as powers of two: the tables of a variant's patches stay small. */
const [BITS_MANY, BITS_FEW, FEW] = [16, 10, 200] as const

function build(literals: readonly Bytes[]): Tables {
  const bits = literals.length > FEW ? BITS_MANY : BITS_FEW
  const shift = 32 - bits
  const [next, owners, ends] = [[0], [0], [0]]
  const empty = (): Parts => ({ bits: new Int32Array((1 << bits) / 32), heads: new Int32Array(1 << bits) })
  const [two, three, four] = [empty(), empty(), empty()]
  const add = (parts: Parts, number: number, from: number, bytes: number): void => {
    const bucket = Math.imul(keyOf(literals[number] ?? '', from, bytes), MULTIPLIER) >>> shift
    next.push(parts.heads[bucket] ?? 0)
    owners.push(number)
    ends.push(from + bytes)
    parts.heads[bucket] = next.length - 1
    mark(parts.bits, bucket)
  }
  for (const [number, literal] of literals.entries()) {
    if (literal.length < 2) throw new Error('a literal of one byte')
    const pair = tellingPart(literal, 2)
    if (pair.rarity >= RARE || literal.length === 2) add(two, number, pair.from, 2)
    else if (literal.length < LONG) add(three, number, tellingPart(literal, 3).from, 3)
    else {
      const { from } = tellingPart(literal, LONG)
      for (let step = 0; step < STEP; step++) add(four, number, from + step, 4)
    }
  }
  return { two, three, four, shift, literals, next, owners, ends }
}
