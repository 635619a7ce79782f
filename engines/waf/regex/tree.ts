import type { ByteSet } from '../operators/operator.ts'

/** A place between two bytes; `end-newline` is the end or before a newline that ends the value. */
export type Edge = 'start' | 'end' | 'end-newline' | 'line-start' | 'line-end' | 'word' | 'not-word'

/** A pattern as a tree; flags such as `(?i)` are already part of its sets and edges. */
export type Node =
  /** One byte of a set. */
  | { readonly kind: 'set'; readonly set: ByteSet }
  /** One part after the other; without parts it is the empty text. */
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | Repeat
  | { readonly kind: 'group'; readonly index: number; readonly body: Node }
  /** What matched first is kept. */
  | { readonly kind: 'atomic'; readonly body: Node }
  | { readonly kind: 'look'; readonly ahead: boolean; readonly negative: boolean; readonly body: Node }
  /** The text of the first of the groups that took part. */
  | { readonly kind: 'back'; readonly groups: readonly number[]; readonly fold: boolean }
  | { readonly kind: 'edge'; readonly edge: Edge }
  /** `\K`: the match is said to begin here. */
  | { readonly kind: 'keep' }

/** A part `min` to `max` times (`Infinity`: without bound). */
export interface Repeat {
  readonly kind: 'repeat'
  readonly body: Node
  readonly min: number
  readonly max: number
  readonly mode: 'greedy' | 'lazy' | 'possessive'
}

/** A pattern that was read. */
export interface Tree {
  readonly root: Node
  /** Number of the last capture group. */
  readonly groups: number
}

export const EMPTY: Node = { kind: 'sequence', parts: [] }

/** Nodes directly below a node. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'sequence':
      return node.parts
    case 'choice':
      return node.options
    case 'repeat':
    case 'group':
    case 'atomic':
    case 'look':
      return [node.body]
    case 'set':
    case 'back':
    case 'edge':
    case 'keep':
    default:
      return []
  }
}

/** Whether a node or one below it is such a one. */
export function some(node: Node, is: (node: Node) => boolean): boolean {
  return is(node) || childrenOf(node).some((child) => some(child, is))
}

/** The least and the greatest number of bytes that a node takes; of a reference, 0 to `Infinity`. */
export function lengthsOf(node: Node): readonly [number, number] {
  switch (node.kind) {
    case 'set':
      return [1, 1]
    case 'sequence':
      return node.parts.map(lengthsOf).reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0])
    case 'choice':
      return node.options
        .map(lengthsOf)
        .reduce(([a, b], [c, d]) => [Math.min(a, c), Math.max(b, d)], [Infinity, 0])
    case 'repeat': {
      const [min, max] = lengthsOf(node.body)
      return [min * node.min, max === 0 ? 0 : max * node.max]
    }
    case 'group':
    case 'atomic':
      return lengthsOf(node.body)
    case 'back':
      return [0, Infinity]
    case 'look':
    case 'edge':
    case 'keep':
    default:
      return [0, 0]
  }
}
