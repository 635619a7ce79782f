import type { ByteSet } from '../operators/operator.ts'
import { has } from './byte-set.ts'
import { lengthsOf, type Edge, type Node, type Repeat, type Tree } from './tree.ts'

/** Instructions of the backtracking machine; after each stand its operands. */
export const OP = {
  match: 0,
  /** set */
  set: 1,
  /** set, min, max (-1: none), mode: a repeated set. */
  span: 2,
  /** target */
  jump: 3,
  /** target tried when what follows fails */
  split: 4,
  /** count register, start register, min, max, mode, exit: head of a loop; `enter` follows. */
  loop: 5,
  /** count register, start register: a round begins. */
  enter: 6,
  /** count register, start register, min, max, head: end of a round; the exit follows. */
  again: 7,
  fail: 8,
  /** register := position */
  save: 9,
  /** register := 0 */
  zero: 10,
  edge: 11,
  /** reference */
  back: 12,
  /** register := height of the stack of choices */
  mark: 13,
  /** register: forget the choices above that height */
  cut: 14,
  /** register: position := register */
  restore: 15,
  /** bytes to step back */
  behind: 16,
  /** group, register of its start: the group ends here. */
  close: 17,
} as const

export const MODES: Readonly<Record<Repeat['mode'], number>> = { greedy: 0, lazy: 1, possessive: 2 }
export const EDGE_NUMBERS: Readonly<Record<Edge, number>> = {
  start: 0,
  end: 1,
  'end-newline': 2,
  'line-start': 3,
  'line-end': 4,
  word: 5,
  'not-word': 6,
}

/** A tree as instructions; registers 2n and 2n+1 are the ends of group n, then come those of loops. */
export interface Program {
  readonly code: Int32Array
  readonly sets: readonly Uint8Array[]
  readonly references: readonly { readonly groups: readonly number[]; readonly fold: boolean }[]
  readonly registers: number
}

interface Draft {
  readonly code: number[]
  readonly sets: Uint8Array[]
  readonly references: { groups: readonly number[]; fold: boolean }[]
  registers: number
}

function addSet(draft: Draft, set: ByteSet): number {
  const table = Uint8Array.from({ length: 256 }, (_, byte) => Number(has(set, byte)))
  const known = draft.sets.findIndex((other) => other.every((bit, byte) => bit === table[byte]))
  return known >= 0 ? known : draft.sets.push(table) - 1
}

function emit(draft: Draft, ...words: readonly number[]): number {
  const at = draft.code.length
  draft.code.push(...words)
  return at
}

function patch(draft: Draft, at: number): void {
  draft.code[at] = draft.code.length
}

/** Tries one way after the other. */
function either(draft: Draft, ways: readonly (() => void)[]): void {
  const ends: number[] = []
  ways.forEach((way, i) => {
    if (i === ways.length - 1) return way()
    const split = emit(draft, OP.split, 0)
    way()
    ends.push(emit(draft, OP.jump, 0) + 1)
    patch(draft, split + 1)
  })
  for (const end of ends) patch(draft, end)
}

/** Runs its body and forgets the ways it did not take. */
function once(draft: Draft, body: () => void): void {
  const mark = draft.registers++
  emit(draft, OP.mark, mark)
  body()
  emit(draft, OP.cut, mark)
}

function look(draft: Draft, node: Extract<Node, { kind: 'look' }>): void {
  const options = node.body.kind === 'choice' ? node.body.options : [node.body]
  const ways = options.map((option) => () => {
    if (!node.ahead) emit(draft, OP.behind, lengthsOf(option)[0])
    write(draft, option)
  })
  if (!node.negative) {
    const start = draft.registers++
    emit(draft, OP.save, start)
    once(draft, () => either(draft, ways))
    emit(draft, OP.restore, start)
    return
  }
  const mark = draft.registers++
  emit(draft, OP.mark, mark)
  const split = emit(draft, OP.split, 0)
  either(draft, ways)
  emit(draft, OP.cut, mark)
  emit(draft, OP.fail)
  patch(draft, split + 1)
}

function repeat(draft: Draft, node: Repeat): void {
  const max = node.max === Infinity ? -1 : node.max
  if (node.body.kind === 'set') {
    emit(draft, OP.span, addSet(draft, node.body.set), node.min, max, MODES[node.mode])
    return
  }
  if (node.mode === 'possessive') return once(draft, () => repeat(draft, { ...node, mode: 'greedy' }))
  if (node.min === 0 && node.max === 1) {
    const ways = [() => write(draft, node.body), () => undefined]
    return either(draft, node.mode === 'lazy' ? ways.reverse() : ways)
  }
  const count = draft.registers++
  const start = draft.registers++
  emit(draft, OP.zero, count)
  const head = emit(draft, OP.loop, count, start, node.min, max, MODES[node.mode], 0)
  emit(draft, OP.enter, count, start)
  write(draft, node.body)
  emit(draft, OP.again, count, start, node.min, max, head)
  patch(draft, head + 6)
}

function write(draft: Draft, node: Node): void {
  switch (node.kind) {
    case 'set':
      emit(draft, OP.set, addSet(draft, node.set))
      return
    case 'sequence':
      for (const part of node.parts) write(draft, part)
      return
    case 'choice':
      return either(
        draft,
        node.options.map((option) => () => write(draft, option)),
      )
    case 'repeat':
      return repeat(draft, node)
    case 'group':
      // The beginning goes to a register of its own: a group is changed only once it is complete.
      return capture(draft, node.index, node.body)
    case 'atomic':
      return once(draft, () => write(draft, node.body))
    case 'look':
      return look(draft, node)
    case 'back':
      emit(draft, OP.back, draft.references.push({ groups: node.groups, fold: node.fold }) - 1)
      return
    case 'edge':
      emit(draft, OP.edge, EDGE_NUMBERS[node.edge])
      return
    case 'keep':
      emit(draft, OP.save, 0)
      return
  }
}

function capture(draft: Draft, index: number, body: Node): void {
  const start = draft.registers++
  emit(draft, OP.save, start)
  write(draft, body)
  emit(draft, OP.close, index, start)
}

/** Turns a tree into instructions. */
export function programOf(tree: Tree): Program {
  const draft: Draft = { code: [], sets: [], references: [], registers: 2 * (tree.groups + 1) }
  write(draft, tree.root)
  emit(draft, OP.match)
  const { sets, references, registers } = draft
  return { code: Int32Array.from(draft.code), sets, references, registers }
}
