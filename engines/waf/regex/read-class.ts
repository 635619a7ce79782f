import type { ByteSet } from '../operators/operator.ts'
import { complement, folded, POSIX, put, union } from './byte-set.ts'
import { refuse, skip, take, unsupported, type Cursor } from './cursor.ts'
import { readPlainEscape, type Escaped } from './read-escape.ts'

function posix(cursor: Cursor): ByteSet | null {
  if (take(cursor, /\[([.=])[^\]\\]*\1\]/y) !== null) unsupported(cursor, 'a collating element')
  const match = take(cursor, /\[:(\^?)([a-z]+):\]/y)
  if (match === null) return null
  // PCRE reads upper and lower as any letter where case is ignored; folding the class afterwards does the same.
  const set = POSIX.get(match[2] ?? '')
  if (set === undefined) return refuse(cursor, `unknown class [:${match[2]}:]`)
  return match[1] === '^' ? complement(cursor.flags.fold ? folded(set) : set) : set
}

function member(cursor: Cursor): Escaped {
  const set = posix(cursor)
  if (set !== null) return { set }
  if (!skip(cursor, '\\')) return { byte: cursor.text.charCodeAt(cursor.at++) }
  const letter = cursor.text.charAt(cursor.at++)
  if (letter === 'b') return { byte: 8 }
  if ('BRX'.includes(letter) && letter !== '') return refuse(cursor, `\\${letter} in a class`)
  if (letter === 'N') return refuse(cursor, '\\N in a class')
  return readPlainEscape(cursor, letter)
}

/** Steps over `\E`, and over an empty `\Q\E`, which mean nothing. */
function skipQuoteEnds(cursor: Cursor): void {
  while (skip(cursor, '\\E') || skip(cursor, '\\Q\\E'));
}

function quoted(cursor: Cursor, set: Uint32Array): boolean {
  if (!skip(cursor, '\\Q')) return false
  const end = cursor.text.indexOf('\\E', cursor.at)
  if (end < 0) refuse(cursor, 'a class without its ]')
  for (; cursor.at < end; cursor.at++) put(set, cursor.text.charCodeAt(cursor.at))
  cursor.at = end + 2
  return true
}

/** The far end of a range that begins here with `-`; null if the hyphen stands for itself. */
function rangeEnd(cursor: Cursor): number | null {
  const start = cursor.at
  skipQuoteEnds(cursor)
  if (!skip(cursor, '-') || cursor.text.charAt(cursor.at) === ']') {
    cursor.at = start
    return null
  }
  skipQuoteEnds(cursor)
  const far = cursor.at < cursor.text.length ? member(cursor) : refuse(cursor, 'a class without its ]')
  if ('byte' in far) return far.byte
  cursor.at = start
  return null
}

function addMember(cursor: Cursor, set: Uint32Array): Uint32Array {
  const near = member(cursor)
  if ('set' in near) {
    if (skip(cursor, '-')) {
      if (cursor.text.charAt(cursor.at) !== ']' && !cursor.text.startsWith('\\E', cursor.at)) put(set, 0x2d)
      else cursor.at--
    }
    return Uint32Array.from(union(set, near.set))
  }
  const far = rangeEnd(cursor) ?? near.byte
  if (far < near.byte) refuse(cursor, 'a range that runs backwards')
  for (let byte = near.byte; byte <= far; byte++) put(set, byte)
  return set
}

/** Reads a class; the cursor stands behind `[`, and afterwards behind `]`. */
export function readClass(cursor: Cursor): ByteSet {
  const negated = skip(cursor, '^')
  let set = new Uint32Array(8)
  for (let first = true; first || cursor.text.charAt(cursor.at) !== ']'; first = false) {
    if (cursor.at >= cursor.text.length) refuse(cursor, 'a class without its ]')
    if (skip(cursor, '\\E') || quoted(cursor, set)) continue
    set = Uint32Array.from(addMember(cursor, set))
  }
  cursor.at++
  const whole = cursor.flags.fold ? folded(set) : set
  return negated ? complement(whole) : whole
}
