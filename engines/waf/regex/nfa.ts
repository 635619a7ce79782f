import type { ByteSet } from '../operators/operator.ts'
import { has, WORD } from './byte-set.ts'
import { EDGE_NUMBERS } from './program.ts'
import type { Node, Repeat } from './tree.ts'

/** States of a nondeterministic automaton by number; `next` are the states that follow. */
export interface Automaton {
  /** `SET`: reads a byte of the set `detail`; `EDGE`: holds at the edge `detail`; otherwise `FORK` or `MATCH`. */
  readonly kinds: readonly number[]
  readonly details: readonly number[]
  readonly next: readonly (readonly number[])[]
  readonly start: number
  /** Class of each byte: those that no set of the pattern tells apart share one. */
  readonly classes: Uint8Array
  readonly classCount: number
  /** For each set and class (`set * classCount + class`): whether the class is in the set. */
  readonly members: Uint8Array
  /** Whether a class is of word bytes. */
  readonly words: Uint8Array
}

export const SET = 0
export const EDGE = 1
export const FORK = 2
export const MATCH = 3
const STATES_MAX = 40_000

interface Draft {
  readonly kinds: number[]
  readonly details: number[]
  readonly next: number[][]
  readonly sets: ByteSet[]
  readonly numbers: Map<string, number>
}

/** Thrown inside only: the pattern is not for an automaton. */
class NotForAutomaton extends Error {}

function add(draft: Draft, kind: number, detail: number, next: number[]): number {
  if (draft.kinds.length >= STATES_MAX) throw new NotForAutomaton()
  draft.next.push(next)
  draft.details.push(detail)
  return draft.kinds.push(kind) - 1
}

function numberOf(draft: Draft, set: ByteSet): number {
  const key = set.join()
  const known = draft.numbers.get(key) ?? draft.sets.push(set) - 1
  draft.numbers.set(key, known)
  return known
}

function repeated(draft: Draft, node: Repeat, after: number): number {
  let start = after
  if (node.max === Infinity) {
    const ways = [after]
    start = add(draft, FORK, 0, ways)
    ways.push(build(draft, node.body, start))
  } else
    for (let i = node.min; i < node.max; i++)
      start = add(draft, FORK, 0, [after, build(draft, node.body, start)])
  for (let i = 0; i < node.min; i++) start = build(draft, node.body, start)
  return start
}

/** Adds a node that is followed by the state `after`; the state it begins with. */
function build(draft: Draft, node: Node, after: number): number {
  switch (node.kind) {
    case 'set':
      return add(draft, SET, numberOf(draft, node.set), [after])
    case 'sequence':
      return node.parts.reduceRight((next, part) => build(draft, part, next), after)
    case 'choice':
      return add(
        draft,
        FORK,
        0,
        node.options.map((option) => build(draft, option, after)),
      )
    case 'repeat':
      if (node.mode === 'possessive') throw new NotForAutomaton()
      return repeated(draft, node, after)
    case 'group':
      return build(draft, node.body, after)
    case 'edge':
      if (EDGE_NUMBERS[node.edge] > 1 && !node.edge.endsWith('word')) throw new NotForAutomaton()
      return add(draft, EDGE, EDGE_NUMBERS[node.edge], [after])
    case 'look':
    case 'atomic':
    case 'back':
    case 'keep':
    default:
      throw new NotForAutomaton()
  }
}

function classify(sets: readonly ByteSet[]): { classes: Uint8Array; count: number } {
  let classes = new Uint8Array(256)
  let count = 1
  for (const set of sets) {
    const renamed = new Map<number, number>()
    const finer = new Uint8Array(256)
    for (let byte = 0; byte < 256; byte++) {
      const key = 2 * (classes[byte] ?? 0) + Number(has(set, byte))
      if (!renamed.has(key)) renamed.set(key, renamed.size)
      finer[byte] = renamed.get(key) ?? 0
    }
    classes = finer
    count = renamed.size
  }
  return { classes, count }
}

/** The automaton of a tree; null for what an automaton cannot tell, or that is too large. */
export function automatonOf(root: Node): Automaton | null {
  const draft: Draft = { kinds: [], details: [], next: [], sets: [], numbers: new Map() }
  try {
    const match = add(draft, MATCH, 0, [])
    const start = build(draft, root, match)
    const { classes, count } = classify([...draft.sets, WORD])
    const members = new Uint8Array(draft.sets.length * count)
    const words = new Uint8Array(count)
    for (let byte = 0; byte < 256; byte++) {
      const own = classes[byte] ?? 0
      words[own] = Number(has(WORD, byte))
      draft.sets.forEach((set, i) => (members[i * count + own] = Number(has(set, byte))))
    }
    const { kinds, details, next } = draft
    return { kinds, details, next, start, classes, classCount: count, members, words }
  } catch (error) {
    if (error instanceof NotForAutomaton) return null
    throw error
  }
}
