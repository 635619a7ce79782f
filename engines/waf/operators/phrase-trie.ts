import type { Bytes } from '../model.ts'

/** Phrases as a tree of bytes, laid out so that the children of a node are found along `sibling` from `child`; 0 is the root and also none. */
export interface PhraseTrie {
  /** Which of the bytes that phrases use each byte is, capital ASCII letters as small ones; 0 for one that no phrase uses. */
  readonly classes: Readonly<Uint8Array>
  readonly classCount: number
  readonly nodeCount: number
  /** By node: the class of the byte that leads to it. */
  readonly label: Readonly<Uint8Array>
  readonly child: Readonly<Int32Array>
  readonly sibling: Readonly<Int32Array>
  /** By node: the first phrase that ends here, or -1. */
  readonly phrase: Readonly<Int32Array>
}

/** Builds the tree; an empty phrase stands nowhere in it. */
export function phraseTrie(phrases: readonly Bytes[]): PhraseTrie {
  const { classes, classCount } = byteClasses(phrases)
  const room = phrases.reduce((sum, phrase) => sum + phrase.length, 1)
  const label = new Uint8Array(room)
  const child = new Int32Array(room)
  const sibling = new Int32Array(room)
  const phrase = new Int32Array(room).fill(-1)
  const newest = new Int32Array(room)
  let nodeCount = 1
  for (const { text, index } of inOrder(phrases, classes)) {
    let node = 0
    for (const byteClass of text) {
      // Phrases come in order, so a child that is there already is the newest.
      const last = newest[node] ?? 0
      if (last !== 0 && label[last] === byteClass) node = last
      else {
        label[nodeCount] = byteClass
        if (last === 0) child[node] = nodeCount
        else sibling[last] = nodeCount
        newest[node] = nodeCount
        node = nodeCount
        nodeCount += 1
      }
    }
    phrase[node] = index
  }
  return { classes, classCount, nodeCount, label, child, sibling, phrase }
}

function byteClasses(phrases: readonly Bytes[]): { classes: Uint8Array; classCount: number } {
  const used = new Set<number>()
  for (const phrase of phrases)
    for (let at = 0; at < phrase.length; at += 1) used.add(folded(phrase.charCodeAt(at)))
  const inOrder = [...used].sort((a, b) => a - b)
  const classOf = new Map(inOrder.map((byte, place) => [byte, place + 1]))
  // All 256 bytes in use would be 257 classes; the class of none is then never asked for.
  const classes = Uint8Array.from({ length: 256 }, (_, byte) => classOf.get(folded(byte)) ?? 0)
  return { classes, classCount: inOrder.length + 1 }
}

function folded(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}

function inOrder(
  phrases: readonly Bytes[],
  classes: Readonly<Uint8Array>,
): readonly { readonly text: Uint8Array; readonly index: number }[] {
  return phrases
    .map((phrase, index) => ({
      text: Uint8Array.from(phrase, (character) => classes[character.charCodeAt(0)] ?? 0),
      index,
    }))
    .filter(({ text }) => text.length > 0)
    .sort((a, b) => compare(a.text, b.text) || b.index - a.index)
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let at = 0; at < shared; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
