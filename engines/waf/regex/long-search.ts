import type { Bytes } from '../model.ts'
import { bytesOf } from './byte-set.ts'
import { LazySearch } from './dfa.ts'
import { firstTable, isAnchored } from './first.ts'
import { automatonOf } from './nfa.ts'
import type { Verdict } from './pattern.ts'
import { PLAIN } from './plain.ts'
import type { Node } from './tree.ts'
import { within } from './within.ts'

const marked = new RegExp(`[^${bytesOf(PLAIN).map(escaped).join('')}]`)

function escaped(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

/** Searches long values in one pass; null for a pattern that an automaton cannot search. */
export function longSearch(root: Node): ((value: Bytes) => Verdict) | null {
  const search = automatonSearch(root)
  if (search === null) return null
  let plain: ((value: Bytes) => Verdict) | null = null
  return (value) => {
    if (marked.test(value)) return search(value)
    plain ??= plainSearch(root) ?? search
    return plain(value)
  }
}

function automatonSearch(root: Node): ((value: Bytes) => Verdict) | null {
  const automaton = automatonOf(root)
  if (automaton === null) return null
  const search = new LazySearch(automaton, firstTable(root), isAnchored(root))
  return (value) => search.verdict(value)
}

/** As `automatonSearch` for values of plain bytes alone, in which most of what a pattern looks for cannot stand. */
function plainSearch(root: Node): ((value: Bytes) => Verdict) | null {
  const inside = within(root, PLAIN)
  return inside === null ? () => 'no-match' : automatonSearch(inside)
}
