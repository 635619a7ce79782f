import type { Bytes } from '../model.ts'
import { phraseAutomaton, type PhraseAutomaton } from './phrase-automaton.ts'
import { phraseTrie } from './phrase-trie.ts'

/** Where a phrase was found: its number in the list, and the place behind its last byte. */
interface PhraseHit {
  readonly phrase: number
  readonly end: number
}

/** Looks for many phrases in one pass, without regard to ASCII case. */
export interface PhraseScanner {
  /** Whether any phrase stands in the value. */
  test(value: Bytes): boolean
  /** The phrase that ends first, the longest of those that end there; null for none. */
  first(value: Bytes): PhraseHit | null
  /** What the tables take. */
  readonly bytes: number
}

/** Makes a scanner of phrases; empty ones are never found, of equal ones the first is. */
export function phraseScanner(phrases: readonly Bytes[]): PhraseScanner {
  const trie = phraseTrie(phrases)
  const tables: Tables = { ...phraseAutomaton(trie), classes: trie.classes }
  const { hit, phrase } = tables
  const cursor = { at: 0 }
  return {
    test: (value) => advance(tables, value, cursor) !== 0,
    first(value) {
      const state = advance(tables, value, cursor)
      return state === 0 ? null : { phrase: phrase[hit[state] as number] as number, end: cursor.at }
    },
    bytes: Object.values(tables).reduce((sum, table) => sum + table.byteLength, 0),
  }
}

interface Tables extends PhraseAutomaton {
  readonly classes: Readonly<Uint8Array>
}

/** Reads until a phrase ends; gives the state there, or 0, and leaves the place behind it in `cursor`. */
function advance(tables: Tables, value: Bytes, cursor: { at: number }): number {
  const { classes, base, check, fail, hit } = tables
  const length = value.length
  let at = 0
  let here = 0
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
