import type { Bytes } from '../model.ts'
import { START } from '../operators/operator.ts'

/** Literals as a tree of bytes, with what an automaton of Aho and Corasick needs; node 0 is the root, and stands for none too. */
export interface LiteralTrie {
  /** By byte, and by `START` behind those: its number among those of the literals, the same for a letter in both cases; 0 for one that no literal has. */
  readonly classes: Uint8Array
  readonly classCount: number
  /** By node: its first child, and the next child of its parent. */
  readonly child: Int32Array
  readonly sibling: Int32Array
  /** By node: the class of the byte that leads to it. */
  readonly label: Uint8Array
  /** By node: where the longest end of its text that is the beginning of a literal leads to. */
  readonly fail: Int32Array
  /** By node: the number of the literal that is its text, or -1. */
  readonly literal: Int32Array
  /** By node: the nearest of itself and what `fail` leads to that is a literal; 0 for none. */
  readonly ending: Int32Array
}

/** Makes the tree of literals, which are in lower case, not empty, not twice there, and may begin with `START`. */
export function createLiteralTrie(literals: readonly Bytes[]): LiteralTrie {
  const { classes, classCount } = classesOf(literals)
  const room = literals.reduce((sum, { length }) => sum + length, 1)
  const trie = {
    classes,
    classCount,
    child: new Int32Array(room),
    sibling: new Int32Array(room),
    label: new Uint8Array(room),
    fail: new Int32Array(room),
    literal: new Int32Array(room).fill(-1),
    ending: new Int32Array(room),
  }
  let count = 1
  for (const [number, literal] of literals.entries()) {
    let node = 0
    for (let at = 0; at < literal.length; at++) {
      const label = classes[literal.charCodeAt(at)] as number
      const known = childOf(trie, node, label)
      if (known === 0) {
        trie.label[count] = label
        trie.sibling[count] = trie.child[node] as number
        trie.child[node] = count
      }
      node = known === 0 ? count++ : known
    }
    if (node === 0 || trie.literal[node] !== -1) throw new Error('a literal that is empty or there already')
    trie.literal[node] = number
  }
  link(trie, count)
  return trie
}

/** The node below a node that a byte of a class leads to; 0 for none. */
function childOf({ child, sibling, label }: LiteralTrie, node: number, wanted: number): number {
  let here = child[node] as number
  while (here !== 0 && label[here] !== wanted) here = sibling[here] as number
  return here
}

/** The node that stands for the longest beginning of a literal that a text ends with, a byte after `node` did. */
export function nodeAfter(trie: LiteralTrie, node: number, column: number): number {
  for (let from = node; ; from = trie.fail[from] as number) {
    const next = childOf(trie, from, column)
    if (next !== 0 || from === 0) return next
  }
}

/** Fills in `fail` and `ending`, from the root downwards. */
function link(trie: LiteralTrie, count: number): void {
  const { child, sibling, label, fail, literal, ending } = trie
  const order = new Int32Array(count)
  let last = 0
  for (let at = 0; at < count; at++) {
    const node = order[at] as number
    for (let below = child[node] as number; below !== 0; below = sibling[below] as number) {
      if (node !== 0) fail[below] = nodeAfter(trie, fail[node] as number, label[below] as number)
      ending[below] = literal[below] === -1 ? (ending[fail[below] as number] as number) : below
      order[++last] = below
    }
  }
}

function classesOf(literals: readonly Bytes[]): { classes: Uint8Array; classCount: number } {
  const classes = new Uint8Array(START.charCodeAt(0) + 1)
  let classCount = 1
  for (const literal of literals) {
    for (let at = 0; at < literal.length; at++) {
      const byte = literal.charCodeAt(at)
      if (classes[byte] === 0) classes[byte] = classCount++
    }
  }
  for (let capital = 0x41; capital <= 0x5a; capital++) classes[capital] = classes[capital + 32] as number
  return { classes, classCount }
}
