import type { ByteSet } from '../operators/operator.ts'

const WORDS = 8
const FULL_WORD = 0xffffffff

/** The set of the bytes of inclusive ranges, given as pairs `from, to, from, to …`. */
export function setOfRanges(...bounds: readonly number[]): ByteSet {
  const set = new Uint32Array(WORDS)
  for (let i = 0; i + 1 < bounds.length; i += 2)
    for (let byte = bounds[i] ?? 0; byte <= (bounds[i + 1] ?? 0); byte++) put(set, byte)
  return set
}

/** The set of the characters of a text of bytes. */
export function setOfText(text: string): ByteSet {
  const set = new Uint32Array(WORDS)
  for (let i = 0; i < text.length; i++) put(set, text.charCodeAt(i))
  return set
}

/** Every byte. */
export const FULL: ByteSet = new Uint32Array(WORDS).fill(FULL_WORD)

/** Adds a byte to a set that is still being made. */
export function put(set: Uint32Array, byte: number): void {
  set[byte >> 5] = ((set[byte >> 5] ?? 0) | (1 << (byte & 31))) >>> 0
}

/** Whether a byte is in a set. */
export function has(set: ByteSet, byte: number): boolean {
  return (((set[byte >> 5] ?? 0) >>> (byte & 31)) & 1) === 1
}

/** The bytes of two sets. */
export function union(a: ByteSet, b: ByteSet): ByteSet {
  return a.map((word, i) => (word | (b[i] ?? 0)) >>> 0)
}

/** The bytes that are not in a set. */
export function complement(a: ByteSet): ByteSet {
  return a.map((word) => ~word >>> 0)
}

/** Whether two sets hold the same bytes. */
export function same(a: ByteSet, b: ByteSet): boolean {
  return a.every((word, i) => word === b[i])
}

/** The bytes of a set in ascending order. */
export function bytesOf(set: ByteSet): number[] {
  const bytes: number[] = []
  for (let byte = 0; byte < 256; byte++) if (has(set, byte)) bytes.push(byte)
  return bytes
}

/** A set with the other case of each of its ASCII letters. */
export function folded(set: ByteSet): ByteSet {
  const result = Uint32Array.from(set)
  for (let lower = 0x61; lower <= 0x7a; lower++) {
    if (has(set, lower)) put(result, lower - 32)
    if (has(set, lower - 32)) put(result, lower)
  }
  return result
}

/** The inclusive ranges that make up a set, ascending. */
export function rangesOf(set: ByteSet): [number, number][] {
  const ranges: [number, number][] = []
  for (const byte of bytesOf(set)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === byte - 1) last[1] = byte
    else ranges.push([byte, byte])
  }
  return ranges
}

export const DIGIT = setOfRanges(0x30, 0x39)
export const WORD = setOfRanges(0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a)
/** Tab, line feed, vertical tab, form feed, carriage return and space. */
export const SPACE = setOfRanges(0x09, 0x0d, 0x20, 0x20)
export const HORIZONTAL = setOfText('\t \u00a0')
export const VERTICAL = setOfRanges(0x0a, 0x0d, 0x85, 0x85)
export const NEWLINE = setOfText('\n')

/** The POSIX classes of PCRE in the C locale. */
export const POSIX: ReadonlyMap<string, ByteSet> = new Map([
  ['alpha', setOfRanges(0x41, 0x5a, 0x61, 0x7a)],
  ['lower', setOfRanges(0x61, 0x7a)],
  ['upper', setOfRanges(0x41, 0x5a)],
  ['alnum', setOfRanges(0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a)],
  ['ascii', setOfRanges(0x00, 0x7f)],
  ['blank', setOfText('\t ')],
  ['cntrl', setOfRanges(0x00, 0x1f, 0x7f, 0x7f)],
  ['digit', DIGIT],
  ['graph', setOfRanges(0x21, 0x7e)],
  ['print', setOfRanges(0x20, 0x7e)],
  ['punct', setOfRanges(0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e)],
  ['space', SPACE],
  ['word', WORD],
  ['xdigit', setOfRanges(0x30, 0x39, 0x41, 0x46, 0x61, 0x66)],
])
