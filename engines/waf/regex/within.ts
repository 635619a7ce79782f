import type { ByteSet } from '../operators/operator.ts'
import { EMPTY, type Node, type Repeat } from './tree.ts'

/**
 * A tree that finds the same in every value made of the bytes of a set, without what can take no part there; null when
 * there is nothing to be found in such a value.
 */
export function within(node: Node, bytes: ByteSet): Node | null {
  switch (node.kind) {
    case 'set': {
      const set = node.set.map((word, i) => (word & (bytes[i] ?? 0)) >>> 0)
      return set.every((word) => word === 0) ? null : { kind: 'set', set }
    }
    case 'sequence': {
      const parts: Node[] = []
      for (const part of node.parts) {
        const inside = within(part, bytes)
        if (inside === null) return null
        parts.push(inside)
      }
      return { kind: 'sequence', parts }
    }
    case 'choice': {
      const options = node.options.flatMap((option) => within(option, bytes) ?? [])
      return options.length === 0 ? null : { kind: 'choice', options }
    }
    case 'repeat':
      return repeatWithin(node, bytes)
    case 'group':
    case 'atomic': {
      const body = within(node.body, bytes)
      return body === null ? null : { ...node, body }
    }
    case 'look': {
      const body = within(node.body, bytes)
      if (body !== null) return { ...node, body }
      return node.negative ? EMPTY : null
    }
    case 'back':
    case 'edge':
    case 'keep':
    default:
      return node
  }
}

function repeatWithin(node: Repeat, bytes: ByteSet): Node | null {
  const body = within(node.body, bytes)
  if (body !== null) return { ...node, body }
  return node.min === 0 ? EMPTY : null
}
