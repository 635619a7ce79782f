import { LazySearch } from './dfa.ts'
import { firstTable, isAnchored } from './first.ts'
import { MODSECURITY_2 } from './index.ts'
import { automatonOf } from './nfa.ts'
import { diceOf, mutate, randomPattern, randomText, sample } from './random.fixture.ts'
import { readPattern } from './read.ts'
import type { Node } from './tree.ts'

const STATES_MAX = 300
const ROUNDS = 10

/** A random pattern, the search in one pass for it, and values that it may match. */
export interface RandomSearch {
  readonly text: string
  readonly root: Node
  readonly search: LazySearch
  readonly values: readonly string[]
}

/** Makes one of a seed; null for a pattern that is refused, or that has no small automaton. */
export function randomSearch(seed: number): RandomSearch | null {
  const dice = diceOf(seed)
  const text = randomPattern(dice, false)
  const root = rootOrNull(text)
  const automaton = root === null ? null : automatonOf(root)
  if (root === null || automaton === null || automaton.kinds.length > STATES_MAX) return null
  const values = Array.from({ length: ROUNDS }, () => {
    const derived = sample(dice, root)
    return [derived, mutate(dice, derived), ` -${derived}`, randomText(dice, 15)]
  }).flat()
  return { text, root, search: new LazySearch(automaton, firstTable(root), isAnchored(root)), values }
}

function rootOrNull(pattern: string): Node | null {
  try {
    return readPattern(pattern, MODSECURITY_2).root
  } catch {
    return null
  }
}
