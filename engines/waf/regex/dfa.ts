import { readBytes } from '../byte-room.ts'
import type { Bytes } from '../model.ts'
import { FORK, MATCH, SET, type Automaton } from './nfa.ts'
import type { Verdict } from './pattern.ts'

/** Words of memory for the states met so far; then they are forgotten. */
const CACHE_WORDS_MAX = 100_000
/** States of the automaton looked at while new combinations are worked out. */
const STEPS = 1_000_000
/** Entries of the table: nothing is known yet, a match was found; otherwise the place of a row, and whether no match is under way there. */
const UNKNOWN = -1
const MATCHED = -2
const IDLE = 1
/** Bits that no entry has that is just the place of a row. */
const SPECIAL = -2147483648 | IDLE
/** What stood before a place. */
const BEFORE_START = 0
const BEFORE_OTHER = 1
const BEFORE_WORD = 2

/** A combination of states that the search can be in, with what stood before. */
interface Combination {
  readonly states: Int32Array
  readonly before: number
}

/** Where more letters than these begin a match, one is never far, and looking for it takes longer than the table. */
const LETTERS_MAX = 3

/** Whether ordinary text is mostly of other bytes than these. */
function isRare(first: Uint8Array | null): boolean {
  return (
    first !== null &&
    first[0x20] === 0 &&
    first.subarray(0x61, 0x7b).filter((is) => is === 1).length <= LETTERS_MAX
  )
}

/**
 * Searches in one pass over the value: combinations of the automaton's states become states of their own when they are
 * first met, and every byte afterwards is one look into a table.
 */
export class LazySearch {
  readonly #automaton: Automaton
  readonly #stride: number
  readonly #seen: Int32Array
  /** The bytes that a match can begin with, where it is worth looking for them. */
  readonly #first: Uint8Array | null
  readonly #anchored: boolean
  /** The combinations in which no match is under way, after a byte that is none of a word and after one that is. */
  #idle: readonly [number, number] = [-1, -1]
  #mark = 0
  #steps = 0
  #known = new Map<string, number>()
  #combinations: Combination[] = []
  #table = new Int32Array(0)
  #words = 0

  /** `first`: the bytes that a match can begin with, null if it can be empty; `anchored`: only at the start. */
  constructor(automaton: Automaton, first: Uint8Array | null, anchored: boolean) {
    this.#automaton = automaton
    this.#first = anchored || isRare(first) ? first : null
    this.#anchored = anchored
    // One column more: the end of the value. An even number leaves a bit of every place free.
    this.#stride = (automaton.classCount + 2) & ~1
    this.#seen = new Int32Array(automaton.kinds.length)
  }

  /** Whether the value holds a match. */
  verdict(value: Bytes): Verdict {
    const { classes, classCount } = this.#automaton
    const bytes = readBytes(value)
    const { length } = value
    this.#steps = STEPS
    let row = this.#enter({ states: Int32Array.of(), before: BEFORE_START }) & ~IDLE
    let table = this.#table
    for (let at = 0; at < length; at++) {
      const column = classes[bytes[at] as number] as number
      let to = table[row + column] as number
      if ((to & SPECIAL) === 0) {
        row = to
        continue
      }
      if (to === UNKNOWN) to = this.#advance(row, column)
      if (this.#steps < 0) return 'over-budget'
      if (to === MATCHED) return 'match'
      row = to & ~IDLE
      if (to !== row) {
        const next = this.#nextFirst(bytes, at + 1, length)
        if (next === length) return 'no-match'
        if (next > at + 1) row = this.#afterByte(classes[bytes[next - 1] as number] as number)
        at = next - 1
      }
      table = this.#table
    }
    return this.#verdictAtEnd(row, classCount)
  }

  #verdictAtEnd(row: number, column: number): Verdict {
    const known = this.#table[row + column] as number
    const to = known === UNKNOWN ? this.#advance(row, column) : known
    if (this.#steps < 0) return 'over-budget'
    return to === MATCHED ? 'match' : 'no-match'
  }

  /** Where the next byte stands that a match can begin with, while none is under way; `length` where there is none. */
  #nextFirst(bytes: Uint8Array, from: number, length: number): number {
    const first = this.#first
    if (this.#anchored || first === null) return length
    let at = from
    while (at < length && first[bytes[at] as number] === 0) at++
    return at
  }

  /** The row without a match under way after a byte of a class. */
  #afterByte(column: number): number {
    const isWord = this.#automaton.words[column] === 1
    const known = this.#idle[isWord ? 1 : 0]
    if (known >= 0) return known
    const before = isWord ? BEFORE_WORD : BEFORE_OTHER
    return this.#enter({ states: Int32Array.of(), before }) & ~IDLE
  }

  /** The entry that leads to a combination, which gets an empty row of the table when it is new. */
  #enter(combination: Combination): number {
    const key = `${combination.before}:${combination.states.join()}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#words > CACHE_WORDS_MAX) {
      this.#known = new Map()
      this.#combinations = []
      this.#words = 0
      this.#idle = [-1, -1]
      this.#table.fill(UNKNOWN)
    }
    const place = (this.#combinations.push(combination) - 1) * this.#stride
    const { states, before } = combination
    if (states.length === 0 && before === BEFORE_OTHER) this.#idle = [place, this.#idle[1]]
    if (states.length === 0 && before === BEFORE_WORD) this.#idle = [this.#idle[0], place]
    const isIdle = this.#first !== null && states.length === 0 && before !== BEFORE_START
    const entry = isIdle ? place | IDLE : place
    this.#known.set(key, entry)
    this.#words += 2 * states.length + this.#stride
    const needed = place + this.#stride
    if (needed > this.#table.length) {
      const larger = new Int32Array(Math.max(needed, 2 * this.#table.length)).fill(UNKNOWN)
      larger.set(this.#table)
      this.#table = larger
    }
    return entry
  }

  /** Works out one entry of the table. */
  #advance(row: number, column: number): number {
    const { words, classCount } = this.#automaton
    const { states, before } = this.#combinations[row / this.#stride] as Combination
    const here = this.#resolve(states, before, column)
    const generation = this.#combinations
    let to = MATCHED
    if (here !== null) {
      const after = column < classCount && words[column] === 1 ? BEFORE_WORD : BEFORE_OTHER
      to = this.#enter({ states: this.#read(here, column), before: after })
    }
    // The row is gone when the states were forgotten meanwhile.
    if (generation === this.#combinations) this.#table[row + column] = to
    return to
  }

  /** Every state reachable without reading, given both sides of the place; null if one of them is a match. */
  #resolve(states: Int32Array, before: number, column: number): number[] | null {
    const { kinds, details, next, start } = this.#automaton
    const mark = ++this.#mark
    const stack = [...states]
    if (!this.#anchored || before === BEFORE_START) stack.push(start)
    const reading: number[] = []
    while (stack.length > 0) {
      const state = stack.pop() ?? 0
      if (this.#seen[state] === mark) continue
      this.#seen[state] = mark
      this.#steps--
      const kind = kinds[state]
      if (kind === MATCH) return null
      if (kind === SET) reading.push(state)
      else if (kind === FORK || this.#holds(details[state] ?? 0, before, column))
        for (const other of next[state] ?? []) stack.push(other)
    }
    return reading
  }

  #holds(edge: number, before: number, column: number): boolean {
    const { words, classCount } = this.#automaton
    if (edge === 0) return before === BEFORE_START
    if (edge === 1) return column === classCount
    const differ = (before === BEFORE_WORD) !== (column < classCount && words[column] === 1)
    return differ === (edge === 5)
  }

  /** The states after those that can read a byte of this class, in ascending order. */
  #read(reading: readonly number[], column: number): Int32Array {
    const { details, next, members, classCount } = this.#automaton
    if (column === classCount) return Int32Array.of()
    const after = new Set<number>()
    for (const state of reading)
      if (members[(details[state] ?? 0) * classCount + column] === 1) after.add(next[state]?.[0] ?? 0)
    return Int32Array.from(after).sort()
  }
}
