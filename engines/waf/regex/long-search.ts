import type { Bytes } from '../model.ts'
import { complement, setOfRanges, setOfText, union } from './byte-set.ts'
import { LazySearch } from './dfa.ts'
import { firstTable, isAnchored } from './first.ts'
import { needsOf } from './needs.ts'
import { automatonOf } from './nfa.ts'
import type { Verdict } from './pattern.ts'
import type { Node } from './tree.ts'
import { within } from './within.ts'

/** Bytes with a meaning of their own in some language, and those of control: ordinary words have none of them. */
const MARKS = union(setOfRanges(0x00, 0x1f), setOfText('"\'`;={}|&$<>()[]\\'))
const PLAIN = complement(MARKS)
const marked = /[^ !#%*+,\-./0-9:?@A-Z^_a-z~\x7F-\xFF]/
/** More literals are looked for no faster than the pattern itself. */
const LITERALS_MAX = 64

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
  if (inside === null) return () => 'no-match'
  const searches = byBeginning(inside).map(literalSearch)
  const [first, second] = searches
  if (first === undefined || first === null || second === null) return null
  if (second === undefined) return first
  return (value) => {
    const verdict = first(value)
    return verdict === 'no-match' ? second(value) : verdict
  }
}

/** Searches for literals that the pattern needs before it searches for the pattern. */
function literalSearch(root: Node): ((value: Bytes) => Verdict) | null {
  const search = automatonSearch(root)
  if (search === null || isAnchored(root)) return search
  const literals = needsOf(root)?.literals.find((group) => group.length <= LITERALS_MAX)
  if (literals === undefined) return search
  const needed = new RegExp(literals.map(inAnyCase).join('|'))
  return (value) => (needed.test(value) ? search(value) : 'no-match')
}

/** What begins at the start of a value only, and the rest, where a tree begins with a choice of both: the former is done with soon. */
function byBeginning(root: Node): readonly Node[] {
  const [first, ...rest] = root.kind === 'sequence' ? root.parts : [root]
  if (first?.kind !== 'choice') return [root]
  const anchored = first.options.filter(isAnchored)
  if (anchored.length === 0 || anchored.length === first.options.length) return [root]
  const others = first.options.filter((option) => !isAnchored(option))
  return [anchored, others].map((options) => ({
    kind: 'sequence',
    parts: [{ kind: 'choice', options }, ...rest],
  }))
}

/** A pattern for the text in which ASCII letters alone have two cases. */
function inAnyCase(text: Bytes): string {
  return text.replace(/[\s\S]/g, (character) =>
    /[A-Za-z]/.test(character)
      ? `[${character.toLowerCase()}${character.toUpperCase()}]`
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
