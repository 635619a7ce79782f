import { type Hash, hashBytes, nodeHash, sameBytes } from './merkle-hash.ts'
import type { TreeHead } from './tree-edge.ts'

/** True when `proof` shows that the entry hashed to `leaf` stands at `index` in `tree` (RFC 9162 section 2.1.3.2). */
export function verifyInclusionProof(claim: {
  readonly tree: TreeHead
  readonly index: number
  readonly leaf: Hash
  readonly proof: readonly Hash[]
}): boolean {
  const { tree, index, leaf, proof } = claim
  if (!isIndex(index) || !isIndex(tree.size) || index >= tree.size) return false
  if (![leaf, ...proof].every(isHash)) return false
  let at = index
  let last = tree.size - 1
  let root = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (isOdd(at) || at === last) {
      root = nodeHash(sibling, root)
      ;({ at, last } = climbToRightChild(at, last))
    } else root = nodeHash(root, sibling)
    at = halve(at)
    last = halve(last)
  }
  return last === 0 && sameBytes(root, tree.root)
}

/**
 * True when `proof` shows that `older` is a prefix of `newer` (RFC 9162 section 2.1.4.2). No proof is defined from size 0,
 * so that is false; equal sizes need equal roots and an empty proof.
 */
export function verifyConsistencyProof(claim: {
  readonly older: TreeHead
  readonly newer: TreeHead
  readonly proof: readonly Hash[]
}): boolean {
  const { older, newer, proof } = claim
  if (!isIndex(older.size) || !isIndex(newer.size) || older.size === 0 || older.size > newer.size)
    return false
  if (older.size === newer.size) return proof.length === 0 && sameBytes(older.root, newer.root)
  if (![older.root, newer.root, ...proof].every(isHash)) return false
  const path = isPowerOfTwo(older.size) ? [older.root, ...proof] : proof
  const [first, ...rest] = path
  if (first === undefined) return false
  let { at, last } = dropTrailingOnes(older.size - 1, newer.size - 1)
  let olderRoot = first
  let newerRoot = first
  for (const hash of rest) {
    if (last === 0) return false
    if (isOdd(at) || at === last) {
      olderRoot = nodeHash(hash, olderRoot)
      newerRoot = nodeHash(hash, newerRoot)
      ;({ at, last } = climbToRightChild(at, last))
    } else newerRoot = nodeHash(newerRoot, hash)
    at = halve(at)
    last = halve(last)
  }
  return last === 0 && sameBytes(olderRoot, older.root) && sameBytes(newerRoot, newer.root)
}

// Sizes reach 2 ** 53, so bits are taken by division: JavaScript's bit operators stop at 32.
const isIndex = (value: number) => Number.isSafeInteger(value) && value >= 0
const isHash = (hash: Hash) => hash.length === hashBytes
const isOdd = (value: number) => value % 2 === 1
const halve = (value: number) => Math.floor(value / 2)

function isPowerOfTwo(value: number): boolean {
  let rest = value
  while (!isOdd(rest)) rest = halve(rest)
  return rest === 1
}

function dropTrailingOnes(at: number, last: number) {
  let place = { at, last }
  while (isOdd(place.at)) place = { at: halve(place.at), last: halve(place.last) }
  return place
}

function climbToRightChild(at: number, last: number) {
  let place = { at, last }
  while (!isOdd(place.at) && place.at !== 0) place = { at: halve(place.at), last: halve(place.last) }
  return place
}
