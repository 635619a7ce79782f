import type { ByteSet } from '../operators/operator.ts'
import { FULL, has, union } from './byte-set.ts'
import { lengthsOf, type Node } from './tree.ts'

/** The bytes that a match of a node can begin with; meant for nodes that take at least one byte. */
function firstBytes(node: Node): ByteSet {
  switch (node.kind) {
    case 'set':
      return node.set
    case 'choice':
      return node.options.map(firstBytes).reduce(union)
    case 'repeat':
    case 'group':
    case 'atomic':
      return firstBytes(node.body)
    case 'sequence': {
      let set: ByteSet = new Uint32Array(8)
      for (const part of node.parts) {
        const [min, max] = lengthsOf(part)
        if (max > 0) set = union(set, firstBytes(part))
        if (min > 0) return set
      }
      return set
    }
    case 'back':
      return FULL
    case 'look':
    case 'edge':
    case 'keep':
    default:
      return new Uint32Array(8)
  }
}

/** For each byte whether a match can begin with it; null if a match can be empty. */
export function firstTable(root: Node): Uint8Array | null {
  if (lengthsOf(root)[0] === 0) return null
  const first = firstBytes(root)
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(has(first, byte)))
}

/** Whether every match begins at the start of the value. */
export function isAnchored(node: Node): boolean {
  switch (node.kind) {
    case 'edge':
      return node.edge === 'start'
    case 'sequence': {
      const taking = node.parts.findIndex((part) => lengthsOf(part)[1] > 0)
      const leading = taking < 0 ? node.parts : node.parts.slice(0, taking + 1)
      return leading.some(isAnchored)
    }
    case 'choice':
      return node.options.every(isAnchored)
    case 'repeat':
      return node.min > 0 && isAnchored(node.body)
    case 'group':
    case 'atomic':
      return isAnchored(node.body)
    case 'set':
    case 'back':
    case 'look':
    case 'keep':
    default:
      return false
  }
}
