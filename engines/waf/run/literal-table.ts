import { Buffer } from 'node:buffer'
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
  /** For each two bytes in their order what ends there; in most places of a text nothing does. */
  readonly pairs: Uint8Array
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

/** Longer texts get room of their own. */
const ROOM_BYTES = 4096
/** Fewer bytes are copied faster one by one than by a call. */
const CALL_BYTES_MIN = 24
/** What a pair of bytes may be: a part of two, the end of a part of three, its beginning. */
const [OF_TWO, END_OF_THREE, START_OF_THREE] = [1, 2, 4] as const

/** Which parts may end with a pair, by what it and the pair before it may be. */
function ending(before: number, pair: number): number {
  return pair & (OF_TWO | ((before >>> 1) & END_OF_THREE))
}

/** Letters of both cases, and a few other bytes, are the same with these bits; the whole of a literal is compared later. */
const SMALL = 0x20202020

/** Walks over texts, one after the other; owns the marks of what was found in the present one. */
class Search {
  readonly #tables: Tables
  readonly #seen: Int32Array
  readonly #room = Buffer.alloc(ROOM_BYTES)
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

  /** Three places at a time; `last` holds the four bytes before the one that comes next. */
  #walk(text: Bytes): void {
    const { pairs, four, shift } = this.#tables
    const { bits } = four
    const { length } = text
    const bytes = this.#bytesOf(text)
    const whole = length - (length % STEP)
    let last = 0
    let before = 0
    for (let index = 0; index < whole; index += STEP) {
      const one = (last << 8) | (bytes[index] as number)
      const two = (one << 8) | (bytes[index + 1] as number)
      last = (two << 8) | (bytes[index + 2] as number)
      const first = pairs[one & 0xffff] as number
      const second = pairs[two & 0xffff] as number
      const third = pairs[last & 0xffff] as number
      if ((ending(before, first) | ending(first, second) | ending(second, third)) !== 0) {
        this.#atPair(one, ending(before, first), index + 1)
        this.#atPair(two, ending(first, second), index + 2)
        this.#atPair(last, ending(second, third), index + 3)
      }
      before = third
      const bucket = Math.imul(last | SMALL, MULTIPLIER) >>> shift
      if (has(bits, bucket)) this.#look(four, bucket, index + 3)
    }
    for (let index = whole; index < length; index++) {
      last = (last << 8) | (bytes[index] as number)
      const flags = pairs[last & 0xffff] as number
      this.#atPair(last, ending(before, flags), index + 1)
      before = flags
    }
  }

  /** Looks for parts of two and three bytes that end here. */
  #atPair(last: number, flags: number, end: number): void {
    const { two, three, shift } = this.#tables
    if ((flags & OF_TWO) !== 0) {
      const bucket = Math.imul((last | SMALL) & 0xffff, MULTIPLIER) >>> shift
      if (has(two.bits, bucket)) this.#look(two, bucket, end)
    }
    if ((flags & END_OF_THREE) !== 0) {
      const bucket = Math.imul((last | SMALL) & 0xffffff, MULTIPLIER) >>> shift
      if (has(three.bits, bucket)) this.#look(three, bucket, end)
    }
  }

  /** The bytes of a text, which are read faster than its characters. */
  #bytesOf(text: Bytes): Uint8Array {
    if (text.length > ROOM_BYTES) return Buffer.from(text, 'latin1')
    const room = this.#room
    if (text.length > CALL_BYTES_MIN) room.write(text, 'latin1')
    else for (let index = 0; index < text.length; index++) room[index] = text.charCodeAt(index)
    return room
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
  for (let index = from; index < from + bytes; index++) key = (key << 8) | literal.charCodeAt(index) | 0x20
  return key
}

/** Marks two bytes in both cases. */
function markPair(pairs: Uint8Array, literal: Bytes, at: number, flag: number): void {
  const [left, right] = [casesOf(literal.charCodeAt(at)), casesOf(literal.charCodeAt(at + 1))]
  for (const high of left) {
    for (const low of right) pairs[(high << 8) | low] = (pairs[(high << 8) | low] ?? 0) | flag
  }
}

function casesOf(byte: number): readonly number[] {
  return byte >= 0x61 && byte <= 0x7a ? [byte, byte - 32] : [byte]
}

/** Buckets for many literals and for few, as powers of two: the tables of a variant's patches stay small. */
const [BITS_MANY, BITS_FEW, FEW] = [16, 10, 200] as const

function build(literals: readonly Bytes[]): Tables {
  const bits = literals.length > FEW ? BITS_MANY : BITS_FEW
  const shift = 32 - bits
  const pairs = new Uint8Array(1 << 16)
  const [next, owners, ends] = [[0], [0], [0]]
  const empty = (): Parts => ({ bits: new Int32Array((1 << bits) / 32), heads: new Int32Array(1 << bits) })
  const [two, three, four] = [empty(), empty(), empty()]
  const add = (parts: Parts, number: number, from: number, bytes: number): void => {
    const literal = literals[number] ?? ''
    const bucket = Math.imul(keyOf(literal, from, bytes), MULTIPLIER) >>> shift
    if (bytes === 2) markPair(pairs, literal, from, OF_TWO)
    if (bytes === 3) {
      markPair(pairs, literal, from, START_OF_THREE)
      markPair(pairs, literal, from + 1, END_OF_THREE)
    }
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
  return { pairs, two, three, four, shift, literals, next, owners, ends }
}
