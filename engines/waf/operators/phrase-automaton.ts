import type { PhraseTrie } from './phrase-trie.ts'

/**
 * An Aho-Corasick automaton in a double array: from state `s` the class `c` leads to `base[s] + c` if `check` there is
 * `s`; otherwise the search goes on from `fail[s]`. State 0 is the root.
 */
export interface PhraseAutomaton {
  readonly base: Readonly<Int32Array>
  readonly check: Readonly<Int32Array>
  readonly fail: Readonly<Int32Array>
  /** By state: the nearest state that ends a phrase among itself and its suffixes; 0 for none. */
  readonly hit: Readonly<Int32Array>
  /** By state: the first phrase that ends here, or -1. */
  readonly phrase: Readonly<Int32Array>
  /** By byte: where its row in `pairs` begins; 0 for a byte that begins no phrase. */
  readonly rows: Readonly<Uint16Array>
  /** By row and class of the next byte: 1 if a phrase may begin with the two. */
  readonly pairs: Readonly<Uint8Array>
}

const FREE = -1
const TRIES_MAX = 256

/** Slots of the double array, handed out to families of children. */
class Slots {
  base = new Int32Array(0)
  check = new Int32Array(0)
  #lowestFree: number
  #end: number
  readonly #classCount: number

  constructor(classCount: number, nodeCount: number) {
    this.#classCount = classCount
    // The first slots stay empty, so that no base plus class is ever negative.
    this.#lowestFree = classCount + 1
    this.#end = classCount + 1
    this.#grow(nodeCount + 4 * classCount)
  }

  /** Gives `parent` a base at which all of these classes, which rise, are free. */
  place(parent: number, classes: readonly number[]): number {
    while (this.check[this.#lowestFree] !== FREE) this.#lowestFree += 1
    const first = classes[0] ?? 0
    let base = this.#lowestFree - first
    for (let tries = 0; classes.some((byteClass) => this.check[base + byteClass] !== FREE); tries += 1)
      base = tries < TRIES_MAX ? base + 1 : Math.max(this.#end, base + 1)
    if (base + 2 * this.#classCount >= this.check.length) this.#grow(this.check.length * 1.5)
    this.base[parent] = base
    for (const byteClass of classes) this.check[base + byteClass] = parent
    this.#end = Math.max(this.#end, base + this.#classCount)
    return base
  }

  /** The arrays without the room that was not needed. */
  trimmed(): { base: Int32Array; check: Int32Array } {
    const length = this.#end + this.#classCount
    return { base: this.base.slice(0, length), check: this.check.slice(0, length) }
  }

  #grow(length: number): void {
    const base = new Int32Array(length)
    const check = new Int32Array(length).fill(FREE)
    base.set(this.base)
    check.set(this.check)
    this.base = base
    this.check = check
  }
}

/** Builds the automaton, level by level. */
export function phraseAutomaton(trie: PhraseTrie): PhraseAutomaton {
  const slots = new Slots(trie.classCount, trie.nodeCount)
  const stateOf = new Int32Array(trie.nodeCount)
  const order: number[] = [0]
  for (const node of order) {
    const children = childrenOf(trie, node)
    if (children.length === 0) continue
    const classes = children.map((child) => trie.label[child] ?? 0)
    const base = slots.place(stateOf[node] ?? 0, classes)
    children.forEach((child, place) => {
      stateOf[child] = base + (classes[place] ?? 0)
      order.push(child)
    })
  }
  const { base, check } = slots.trimmed()
  return { base, check, ...links(trie, { order, stateOf, base, check }), ...firstPairs(trie) }
}

function childrenOf(trie: PhraseTrie, node: number): readonly number[] {
  const children: number[] = []
  for (let child = trie.child[node] ?? 0; child !== 0; child = trie.sibling[child] ?? 0) children.push(child)
  return children
}

interface Laid {
  readonly order: readonly number[]
  readonly stateOf: Int32Array
  readonly base: Int32Array
  readonly check: Int32Array
}

function links(
  trie: PhraseTrie,
  { order, stateOf, base, check }: Laid,
): Pick<PhraseAutomaton, 'fail' | 'hit' | 'phrase'> {
  const fail = new Int32Array(base.length)
  const hit = new Int32Array(base.length)
  const phrase = new Int32Array(base.length).fill(-1)
  for (const node of order) {
    const parent = stateOf[node] ?? 0
    for (const child of childrenOf(trie, node)) {
      const state = stateOf[child] ?? 0
      const byteClass = trie.label[child] ?? 0
      const suffix = parent === 0 ? 0 : step(fail[parent] ?? 0, byteClass, { base, check, fail })
      fail[state] = suffix
      phrase[state] = trie.phrase[child] ?? -1
      hit[state] = (trie.phrase[child] ?? -1) >= 0 ? state : (hit[suffix] ?? 0)
    }
  }
  return { fail, hit, phrase }
}

function step(
  from: number,
  byteClass: number,
  { base, check, fail }: Pick<PhraseAutomaton, 'base' | 'check' | 'fail'>,
): number {
  for (let state = from; ; state = fail[state] ?? 0) {
    const next = (base[state] ?? 0) + byteClass
    if (check[next] === state) return next
    if (state === 0) return 0
  }
}

function firstPairs(trie: PhraseTrie): Pick<PhraseAutomaton, 'rows' | 'pairs'> {
  const pairs = new Uint8Array(trie.classCount * trie.classCount)
  const begins = new Uint8Array(trie.classCount)
  for (const first of childrenOf(trie, 0)) {
    const byteClass = trie.label[first] ?? 0
    const row = byteClass * trie.classCount
    begins[byteClass] = 1
    if ((trie.phrase[first] ?? -1) >= 0) pairs.fill(1, row, row + trie.classCount)
    for (const second of childrenOf(trie, first)) pairs[row + (trie.label[second] ?? 0)] = 1
  }
  const rows = Uint16Array.from(trie.classes, (byteClass) =>
    begins[byteClass] === 1 ? byteClass * trie.classCount : 0,
  )
  return { rows, pairs }
}
