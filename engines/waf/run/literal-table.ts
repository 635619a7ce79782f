import { readBytes } from '../byte-room.ts'
import type { Bytes } from '../model.ts'
import { START } from '../operators/operator.ts'
import { createLiteralTrie, nodeAfter, type LiteralTrie } from './literal-trie.ts'

/** Finds which of many literals occur in a text, in one pass. */
export interface LiteralTable {
  /** The numbers of the literals that occur in the text, with `START` before it and its ASCII letters in lower case, each once. */
  find(text: Bytes): readonly number[]
}

const NOTHING: readonly number[] = []

/**
 * Makes a table; literals are in lower case and not empty. It is built at the first search.
 *
 * It is the automaton of Aho and Corasick with a row of all bytes for each state, so that a byte of a text costs one look
 * into it whatever stands there. All rows would take megabytes, of which ordinary texts need some tens of kilobytes: a row is
 * made when its state is first met, an entry when its byte is.
 */
export function createLiteralTable(literals: readonly Bytes[]): LiteralTable {
  let search: Search | null = null
  return {
    find(text) {
      if (literals.length === 0) return NOTHING
      search ??= new Search(literals)
      return search.run(text)
    },
  }
}

/** Entries of the table: nothing is known yet; otherwise the place of a row, and whether a literal ends there. */
const UNKNOWN = -1
const ENDS = 1
/** Bits that no entry has that is just the place of a row. */
const SPECIAL = -2147483648 | ENDS
/** Then all rows are forgotten: more than ordinary texts ever need, and a bound for those that somebody makes up. */
const ROWS_MAX = 8192
const ROWS_AT_FIRST = 64

/** Walks over texts, one after the other; owns the rows made so far. */
class Search {
  readonly #trie: LiteralTrie
  /** A row has a power of two of entries. */
  readonly #shift: number
  #table: Int32Array
  /** By node of the trie: the place of its row; -1 for none. */
  readonly #rows: Int32Array
  /** By row: its node, and the last text in which it was met, where a literal ends there. */
  #nodes = new Int32Array(ROWS_AT_FIRST)
  #met = new Int32Array(ROWS_AT_FIRST)
  #rowCount = 0
  /** The place of the row before the first byte; -1 until a text is searched. */
  #start = -1
  /** By literal: the last text in which it was found. */
  readonly #seen: Int32Array
  #round = 0
  #found: number[] = []

  constructor(literals: readonly Bytes[]) {
    this.#trie = createLiteralTrie(literals)
    this.#shift = Math.max(1, 32 - Math.clz32(this.#trie.classCount - 1))
    this.#table = new Int32Array(ROWS_AT_FIRST << this.#shift).fill(UNKNOWN)
    this.#rows = new Int32Array(this.#trie.child.length).fill(-1)
    this.#seen = new Int32Array(literals.length)
    this.#entry(0)
  }

  run(text: Bytes): readonly number[] {
    this.#round = (this.#round + 1) | 0
    this.#found = []
    const { classes } = this.#trie
    const bytes = readBytes(text)
    const { length } = text
    let row = (this.#start = this.#start === -1 ? this.#afterStart() : this.#start)
    let table = this.#table
    for (let index = 0; index < length; index++) {
      const column = classes[bytes[index] as number] as number
      const to = table[row + column] as number
      if ((to & SPECIAL) === 0) row = to
      else {
        row = this.#step(row, column, to)
        table = this.#table
      }
    }
    return this.#found.length === 0 ? NOTHING : this.#found
  }

  /** The place of the row before the first byte. */
  #afterStart(): number {
    const { classes } = this.#trie
    return this.#entry(nodeAfter(this.#trie, 0, classes[START.charCodeAt(0)] as number)) & ~ENDS
  }

  /** The place of the row after a byte, where its entry says more than that. */
  #step(row: number, column: number, known: number): number {
    const to = known === UNKNOWN ? this.#learn(row, column) : known
    const place = to & ~ENDS
    if (to !== place && this.#met[place >>> this.#shift] !== this.#round) this.#meet(place)
    return place
  }

  /** Works out an entry. */
  #learn(row: number, column: number): number {
    const node = nodeAfter(this.#trie, this.#nodes[row >>> this.#shift] as number, column)
    const isNew = this.#rows[node] === -1
    if (isNew && this.#rowCount === ROWS_MAX) {
      this.#forget()
      return this.#entry(node)
    }
    const entry = this.#entry(node)
    this.#table[row + column] = entry
    return entry
  }

  /** The entry that leads to a node, which gets a row if it has none. */
  #entry(node: number): number {
    const known = this.#rows[node] as number
    const place = known === -1 ? this.#makeRow(node) : known
    return this.#trie.ending[node] === 0 ? place : place | ENDS
  }

  #makeRow(node: number): number {
    const number = this.#rowCount++
    if (number === this.#nodes.length) {
      this.#table = longer(this.#table, UNKNOWN)
      this.#nodes = longer(this.#nodes, 0)
      this.#met = longer(this.#met, 0)
    }
    const place = number << this.#shift
    this.#nodes[number] = node
    this.#met[number] = 0
    this.#rows[node] = place
    return place
  }

  #forget(): void {
    this.#table.fill(UNKNOWN)
    this.#rows.fill(-1)
    this.#rowCount = 0
    this.#start = -1
    this.#entry(0)
  }

  /** Notes the literals that end at a row. */
  #meet(place: number): void {
    const { ending, literal, fail } = this.#trie
    const number = place >>> this.#shift
    this.#met[number] = this.#round
    let node = ending[this.#nodes[number] as number] as number
    while (node !== 0) {
      const found = literal[node] as number
      if (this.#seen[found] !== this.#round) {
        this.#seen[found] = this.#round
        this.#found.push(found)
      }
      node = ending[fail[node] as number] as number
    }
  }
}

/** A copy of twice the length. */
function longer(list: Int32Array, filling: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(2 * list.length).fill(filling, list.length)
  copy.set(list)
  return copy
}
