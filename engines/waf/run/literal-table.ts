import type { Bytes } from '../model.ts'

/** Finds which of many literals occur in a text, in one pass. */
export interface LiteralTable {
  /** The numbers of the literals that occur in the text with its ASCII letters in lower case, each once. */
  find(text: Bytes): readonly number[]
}

/** Longer ones are looked for by a part of this many bytes and compared whole where it stands. */
const PART_BYTES_MAX = 6
const NOTHING: readonly number[] = []

interface Part {
  readonly literal: number
  /** What to compare when the part is not the whole literal; null when it is. */
  readonly whole: Bytes | null
  /** How far before the end of the part the literal begins. */
  readonly back: number
}

interface Automaton {
  /** Column of the tables for each byte. */
  readonly columns: Uint8Array
  readonly width: number
  /** State after `state * width + column`. */
  readonly next: Uint16Array | Int32Array
  /** Parts that end at a state. */
  readonly ends: readonly (readonly Part[] | undefined)[]
  readonly ending: Uint8Array
}

/** Makes a table; literals are in lower case and not empty. The automaton is built at the first search. */
export function createLiteralTable(literals: readonly Bytes[]): LiteralTable {
  let automaton: Automaton | null = null
  const seen = new Int32Array(literals.length)
  let round = 0
  return {
    find(text) {
      automaton ??= build(literals)
      round = (round + 1) | 0
      return run(automaton, text, seen, round)
    },
  }
}

function run(automaton: Automaton, text: Bytes, seen: Int32Array, round: number): readonly number[] {
  const { columns, width, next, ends, ending } = automaton
  let found: number[] | null = null
  let state = 0
  for (let index = 0; index < text.length; index++) {
    state = next[state * width + (columns[text.charCodeAt(index)] ?? 0)] ?? 0
    if (ending[state] === 0) continue
    for (const part of ends[state] ?? []) {
      if (seen[part.literal] === round) continue
      if (part.whole !== null && !standsAt(text, index + 1 - part.back, part.whole)) continue
      seen[part.literal] = round
      found ??= []
      found.push(part.literal)
    }
  }
  return found ?? NOTHING
}

function standsAt(text: Bytes, at: number, literal: Bytes): boolean {
  if (at < 0 || at + literal.length > text.length) return false
  for (let index = 0; index < literal.length; index++) {
    if (lower(text.charCodeAt(at + index)) !== literal.charCodeAt(index)) return false
  }
  return true
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte
}

/** How telling a byte is: letters and digits that fill ordinary text least, marks most. */
function weight(byte: string): number {
  if ('etaoinsrhl '.includes(byte)) return 1
  if (/[a-z]/.test(byte)) return 2
  return /[0-9]/.test(byte) ? 2 : 4
}

/** The part of a literal that ordinary text is least likely to hold. */
function tellingPart(literal: Bytes): number {
  let best = 0
  let bestWeight = -1
  for (let from = 0; from + PART_BYTES_MAX <= literal.length; from++) {
    let sum = 0
    for (const byte of literal.slice(from, from + PART_BYTES_MAX)) sum += weight(byte)
    if (sum > bestWeight) [best, bestWeight] = [from, sum]
  }
  return best
}

interface Trie {
  readonly children: Map<number, number>[]
  readonly ends: (Part[] | undefined)[]
}

function plant(literals: readonly Bytes[]): Trie {
  const trie: Trie = { children: [new Map()], ends: [undefined] }
  for (const [number, literal] of literals.entries()) {
    const from = literal.length > PART_BYTES_MAX ? tellingPart(literal) : 0
    const text = literal.slice(from, from + PART_BYTES_MAX)
    let state = 0
    for (let index = 0; index < text.length; index++) {
      const byte = text.charCodeAt(index)
      const child = trie.children[state]?.get(byte) ?? trie.children.length
      if (child === trie.children.length) {
        trie.children.push(new Map())
        trie.ends.push(undefined)
        trie.children[state]?.set(byte, child)
      }
      state = child
    }
    const part = {
      literal: number,
      whole: text === literal ? null : literal,
      back: from + text.length,
    }
    trie.ends[state] = [...(trie.ends[state] ?? []), part]
  }
  return trie
}

function columnsOf(literals: readonly Bytes[]): { columns: Uint8Array; width: number } {
  const columns = new Uint8Array(256)
  let width = 1
  for (const literal of literals) {
    for (let index = 0; index < literal.length; index++) {
      const byte = literal.charCodeAt(index)
      if (columns[byte] === 0) columns[byte] = width++
    }
  }
  for (let byte = 65; byte <= 90; byte++) columns[byte] = columns[byte + 32] ?? 0
  return { columns, width }
}

/** Aho and Corasick's automaton with every step worked out beforehand. */
function build(literals: readonly Bytes[]): Automaton {
  const { columns, width } = columnsOf(literals)
  const { children, ends } = plant(literals)
  const count = children.length
  const next = count < 65_536 ? new Uint16Array(count * width) : new Int32Array(count * width)
  const fail = new Int32Array(count)
  const queue: number[] = []
  for (const [byte, child] of children[0] ?? []) {
    next[columns[byte] ?? 0] = child
    queue.push(child)
  }
  for (const state of queue) {
    const back = fail[state] ?? 0
    next.copyWithin(state * width, back * width, back * width + width)
    for (const [byte, child] of children[state] ?? []) {
      const cell = state * width + (columns[byte] ?? 0)
      fail[child] = next[cell] ?? 0
      next[cell] = child
      queue.push(child)
    }
    const inherited = ends[back]
    if (inherited !== undefined) ends[state] = [...(ends[state] ?? []), ...inherited]
  }
  return { columns, width, next, ends, ending: Uint8Array.from(ends, (end) => (end === undefined ? 0 : 1)) }
}
