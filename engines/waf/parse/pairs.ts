import type { Bytes } from '../model.ts'
import { decodePercent } from './percent.ts'

/** A name and its value, both decoded. */
export type Pair = readonly [name: Bytes, value: Bytes]

/** What a query or form holds, in its order; names may come again. */
export interface Pairs {
  readonly pairs: readonly Pair[]
  /** A percent sign stood without two hexadecimal digits (`URLENCODED_ERROR`). */
  readonly invalidEncoding: boolean
  /** There were more than `argumentsMax`; the rest was left out. */
  readonly overflow: boolean
}

/** Reads a query string or a form; a piece without `=` is a name with an empty value, an empty piece is nothing. */
export function readPairs(
  text: Bytes,
  separator: Bytes = '&',
  argumentsMax = Number.POSITIVE_INFINITY,
): Pairs {
  const pairs: Pair[] = []
  let invalidEncoding = false
  for (const piece of text.split(separator)) {
    if (piece === '') continue
    if (pairs.length >= argumentsMax) return { pairs, invalidEncoding, overflow: true }
    const equals = piece.indexOf('=')
    const name = decodePercent(equals === -1 ? piece : piece.slice(0, equals), true)
    const value = decodePercent(equals === -1 ? '' : piece.slice(equals + 1), true)
    invalidEncoding ||= name.invalid || value.invalid
    pairs.push([name.text, value.text])
  }
  return { pairs, invalidEncoding, overflow: false }
}
