import type { Bytes } from '../model.ts'
import type { Capture } from '../operators/operator.ts'
import { firstTable, isAnchored } from './first.ts'
import { Machine, type Found } from './machine.ts'
import { programOf } from './program.ts'
import type { Tree } from './tree.ts'

/** Steps that any search may take, and that it may take for each byte of the value in addition. */
const STEPS = 100_000
const STEPS_PER_BYTE = 16
const GROUPS_MAX = 10

/** A search by backtracking under a budget in proportion to the value. */
export interface Backtracker {
  search(value: Bytes): Found
  /** The groups of the match at `index` or, if `index` is null, of the first; null without one or over the budget. */
  capture(value: Bytes, index: number | null): Capture | null
}

/** Makes the backtracking search for a tree. */
export function backtracker(tree: Tree): Backtracker {
  const machine = new Machine(programOf(tree))
  const anchored = isAnchored(tree.root)
  const first = firstTable(tree.root)
  const budget = (value: Bytes): number => STEPS + STEPS_PER_BYTE * value.length
  const search = (value: Bytes): Found => machine.search(value, 0, anchored, first, budget(value))
  const capture = (value: Bytes, index: number | null): Capture | null => {
    const found = index === null ? search(value) : machine.search(value, index, true, null, budget(value))
    if (typeof found === 'string') return null
    const groups = Array.from({ length: Math.min(GROUPS_MAX, tree.groups + 1) }, (_, group) => {
      const end = found[2 * group + 1] ?? -1
      return end < 0 ? '' : value.slice(found[2 * group], end)
    })
    return { groups, index: found[0] ?? 0 }
  }
  return { search, capture }
}
