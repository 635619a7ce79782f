import type { Bytes } from '../model.ts'
import { phraseAutomaton, type PhraseAutomaton } from './phrase-automaton.ts'
import { phraseTrie } from './phrase-trie.ts'

/** Where a phrase was found: its number in the list, and the place behind its last byte. */
export interface PhraseHit {
  readonly phrase: number
  readonly end: number
}

/** Looks for many phrases in one pass, without regard to ASCII case. */
export interface PhraseScanner {
  /** Whether any phrase stands in the value. */
  test(value: Bytes): boolean
  /** The phrase that ends first from `from` on, the longest of those that end there; null for none. */
  first(value: Bytes, from?: number): PhraseHit | null
  /** Reports every phrase at every place, those that end at one place from long to short. */
  scan(value: Bytes, from: number, visit: (phrase: number, end: number) => void): void
  /** What the tables take. */
  readonly bytes: number
}

/** Makes a scanner of phrases; empty ones are never found, equal ones are each reported. */
export function phraseScanner(phrases: readonly Bytes[]): PhraseScanner {
  const trie = phraseTrie(phrases)
  const tables: Tables = { ...phraseAutomaton(trie), classes: trie.classes, same: trie.same }
  const { hit, fail, phrase, same } = tables
  const cursor = { at: 0 }

  function first(value: Bytes, from = 0): PhraseHit | null {
    const state = advance(tables, value, from, 0, cursor)
    return state === 0 ? null : { phrase: phrase[hit[state] as number] as number, end: cursor.at }
  }

  function scan(value: Bytes, from: number, visit: (phrase: number, end: number) => void): void {
    let state = advance(tables, value, from, 0, cursor)
    while (state !== 0) {
      const end = cursor.at
      for (let ending = hit[state] as number; ending !== 0; ending = hit[fail[ending] as number] as number)
        for (let one = phrase[ending] as number; one >= 0; one = same[one] as number) visit(one, end)
      state = advance(tables, value, end, state, cursor)
    }
  }

  return {
    test: (value) => advance(tables, value, 0, 0, cursor) !== 0,
    first,
    scan,
    bytes: Object.values(tables).reduce((sum, table) => sum + table.byteLength, 0),
  }
}

interface Tables extends PhraseAutomaton {
  readonly classes: Readonly<Uint8Array>
  readonly same: Readonly<Int32Array>
}

/** Reads on from `from` in `state` until a phrase ends; gives the state there, or 0, and leaves the place behind it in `cursor`. */
function advance(tables: Tables, value: Bytes, from: number, state: number, cursor: { at: number }): number {
  const { classes, base, check, fail, hit } = tables
  const length = value.length
  let at = from
  let here = state
  while (at < length) {
    if (here === 0) {
      at = beginning(tables, value, at)
      if (at === length) return 0
    }
    const byteClass = classes[value.charCodeAt(at)] as number
    let next = (base[here] as number) + byteClass
    while (check[next] !== here && here !== 0) {
      here = fail[here] as number
      next = (base[here] as number) + byteClass
    }
    here = check[next] === here ? next : 0
    at += 1
    if (hit[here] !== 0) {
      cursor.at = at
      return here
    }
  }
  return 0
}

/** The next place at which the first two bytes of a phrase stand, or the value's length. */
function beginning({ rows, pairs, classes }: Tables, value: Bytes, from: number): number {
  const last = value.length - 1
  let at = from
  for (; at < last; at += 1) {
    const row = rows[value.charCodeAt(at)] as number
    if (row !== 0 && pairs[row + (classes[value.charCodeAt(at + 1)] as number)] === 1) return at
  }
  const row = at === last ? (rows[value.charCodeAt(at)] as number) : 0
  return row !== 0 && pairs[row] === 1 ? at : value.length
}
