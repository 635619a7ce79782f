import type { Bytes } from '../model.ts'
import { START, type ByteSet } from '../operators/operator.ts'
import { bytesOf } from './byte-set.ts'

/** Bytes of ordinary values (prose, names, dates, addresses) by how often, per thousand, one stands at a place. */
const PER_MILLE: readonly (readonly [number, string])[] = [
  [130, ' '],
  [100, 'e'],
  [70, 't'],
  [60, 'aoin'],
  [50, 'srh'],
  [33, 'ld'],
  [22, 'ucmfw'],
  [17, 'ygp'],
  [12, 'b'],
  [10, '0123456789.,'],
  [8, 'v'],
  [6, 'k\n'],
  [5, '-/'],
  [3, '\'"=:_\r'],
  [2, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ&@?'],
  [1.5, 'xqj;()+%'],
  [1, 'z!'],
]
const RARE_PER_MILLE = 0.3
/** Ordinary values have some fifty bytes. */
const STARTS_PER_MILLE = 20

const share = new Float64Array(256).fill(RARE_PER_MILLE / 1000)
for (const [mille, bytes] of PER_MILLE) for (const byte of bytes) share[byte.charCodeAt(0)] = mille / 1000

const shares = new WeakMap<ByteSet, number>()

/** The share of the bytes of ordinary values that are in a set: 0 to about 1. */
export function shareOf(set: ByteSet): number {
  const known = shares.get(set)
  if (known !== undefined) return known
  const sum = bytesOf(set).reduce((sum, byte) => sum + (share[byte] ?? 0), 0)
  shares.set(set, sum)
  return sum
}

/** How many of some literals are to be expected for each byte of ordinary values. */
export function expectedOf(literals: readonly Bytes[]): number {
  let sum = 0
  for (const literal of literals) {
    let product = 1
    for (let i = 0; i < literal.length; i++)
      product *= literal[i] === START ? STARTS_PER_MILLE / 1000 : (share[literal.charCodeAt(i)] ?? 0)
    sum += product
  }
  return sum
}
