import { readBytes } from '../byte-room.ts'
import type { Bytes } from '../model.ts'
import { kindsOf, kindsOfSet } from './kinds.ts'

/**
 * One text of a transaction with everything that was found out about it. Equal texts are one value, so that whatever is
 * worked out once, a transformation or which rules may match, is known wherever the text occurs.
 */
export class Value {
  readonly text: Bytes
  /** What a chain of transformations makes of it, by the chain's number. */
  derived: (Value | undefined)[] | null = null
  /** What a transformation makes of a long text. */
  applied: Map<(value: Bytes) => Bytes, Value> | null = null
  /** Which rules of a family may match it, by the family's number. */
  candidates: (Int32Array | undefined)[] | null = null
  /** As `candidates` of a long text, by the number of the group. */
  candidatesOfGroups: (Int32Array | undefined)[] | null = null
  /** Bits of the rules of which a literal stands in a long text, by the family's number. */
  withLiterals: (Int32Array | undefined)[] | null = null
  /** By number of the group: that no rule of it may match what its transformations make of the text. */
  nothingTo: (true | undefined)[] | null = null
  #bytes: Int32Array | null = null
  #kinds = -1

  constructor(text: Bytes) {
    this.text = text
  }

  /** The kinds of its bytes. */
  get kinds(): number {
    if (this.#kinds < 0)
      this.#kinds = this.text.length > SHORT_LENGTH_MAX ? kindsOfSet(this.bytes()) : kindsOf(this.text)
    return this.#kinds
  }

  /** The set of bytes that occur in it: word `byte >> 5`, bit `byte & 31`. */
  bytes(): Int32Array {
    return (this.#bytes ??= bytesOf(this.text))
  }
}

/** Whether two sets of bytes share a member. */
export function intersects(left: Int32Array, right: Int32Array): boolean {
  return (
    (word(left, 0, right) | word(left, 1, right) | word(left, 2, right) | word(left, 3, right)) !== 0 ||
    (word(left, 4, right) | word(left, 5, right) | word(left, 6, right) | word(left, 7, right)) !== 0
  )
}

function word(left: Int32Array, at: number, right: Int32Array): number {
  return (left[at] as number) & (right[at] as number)
}

/** Longer texts are read faster as bytes, and worth more thought. */
export const SHORT_LENGTH_MAX = 512

function bytesOfLong(text: Bytes): Int32Array {
  const seen = new Uint8Array(256)
  const bytes = readBytes(text)
  const { length } = text
  for (let index = 0; index < length; index++) seen[bytes[index] as number] = 1
  const set = new Int32Array(8)
  for (let byte = 0; byte < 256; byte++)
    set[byte >>> 5] = (set[byte >>> 5] ?? 0) | ((seen[byte] ?? 0) << (byte & 31))
  return set
}

function bytesOf(text: Bytes): Int32Array {
  if (text.length > SHORT_LENGTH_MAX) return bytesOfLong(text)
  const set = new Int32Array(8)
  for (let index = 0; index < text.length; index++) {
    const byte = text.charCodeAt(index)
    const word = byte >>> 5
    set[word] = (set[word] ?? 0) | (1 << (byte & 31))
  }
  return set
}

/** Values that many transactions have alike, such as names of headers; what was found out about them once is kept. */
export class SharedValues {
  readonly #known = new Map<Bytes, Value>()
  readonly #valuesMax: number

  constructor(valuesMax: number) {
    this.#valuesMax = valuesMax
  }

  of(text: Bytes): Value {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const value = new Value(text)
    if (text.length > SHARED_BYTES_MAX) return value
    if (this.#known.size >= this.#valuesMax) this.#known.clear()
    this.#known.set(text, value)
    return value
  }
}

const SHARED_BYTES_MAX = 256

/** The values of one transaction, each text once. */
export class Values {
  readonly #known = new Map<Bytes, Value>()
  /** For texts that are nobody's secret and come again. */
  readonly shared: SharedValues

  constructor(shared: SharedValues) {
    this.shared = shared
  }

  of(text: Bytes): Value {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const value = new Value(text)
    this.#known.set(text, value)
    return value
  }
}

/** A set of bytes as words. */
export function byteSet(bytes: Iterable<string>): Int32Array {
  const set = new Int32Array(8)
  for (const byte of bytes) {
    const code = byte.charCodeAt(0)
    set[code >>> 5] = (set[code >>> 5] ?? 0) | (1 << (code & 31))
  }
  return set
}
