import type { ByteSet } from '../operators/operator.ts'
import { complement, DIGIT, HORIZONTAL, NEWLINE, setOfText, SPACE, VERTICAL, WORD, FULL } from './byte-set.ts'
import { groupsNamed, refuse, take, unsupported, type Cursor } from './cursor.ts'
import type { Edge, Node } from './tree.ts'

/** What stands after a backslash: one byte, or a set of bytes. */
export type Escaped = { readonly byte: number } | { readonly set: ByteSet }

const SETS: ReadonlyMap<string, ByteSet> = new Map([
  ['d', DIGIT],
  ['D', complement(DIGIT)],
  ['w', WORD],
  ['W', complement(WORD)],
  ['s', SPACE],
  ['S', complement(SPACE)],
  ['h', HORIZONTAL],
  ['H', complement(HORIZONTAL)],
  ['v', VERTICAL],
  ['V', complement(VERTICAL)],
])

const BYTES: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['e', 27],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
])

const EDGES: ReadonlyMap<string, Edge> = new Map([
  ['A', 'start'],
  ['z', 'end'],
  ['Z', 'end-newline'],
  ['b', 'word'],
  ['B', 'not-word'],
  ['G', 'start'],
])

function byteOf(cursor: Cursor, digits: string, base: number): { byte: number } {
  const byte = digits === '' ? 0 : parseInt(digits, base)
  if (byte > 255) refuse(cursor, `character code ${digits} is more than a byte`)
  return { byte }
}

function hexadecimal(cursor: Cursor): { byte: number } {
  const braced = take(cursor, /\{([0-9a-fA-F]+)\}/y)
  return byteOf(cursor, braced?.[1] ?? take(cursor, /[0-9a-fA-F]{0,2}/y)?.[0] ?? '', 16)
}

function control(cursor: Cursor): { byte: number } {
  const letter = take(cursor, /[ -~]/y)?.[0]
  if (letter === undefined) return refuse(cursor, '\\c is not followed by a printable character')
  return { byte: letter.toUpperCase().charCodeAt(0) ^ 64 }
}

/** Reads an escape that means the same inside and outside of a class; the backslash and `letter` are behind the cursor. */
export function readPlainEscape(cursor: Cursor, letter: string): Escaped {
  const set = SETS.get(letter)
  if (set !== undefined) return { set }
  const byte = BYTES.get(letter)
  if (byte !== undefined) return { byte }
  if (letter === 'x') return hexadecimal(cursor)
  if (letter === 'c') return control(cursor)
  if (letter === 'o') {
    const digits = take(cursor, /\{([0-7]+)\}/y)?.[1]
    return digits === undefined ? refuse(cursor, '\\o without {…}') : byteOf(cursor, digits, 8)
  }
  if (/[0-7]/.test(letter)) {
    const more = take(cursor, letter === '0' ? /[0-7]{0,2}/y : /[0-7]{0,2}/y)?.[0] ?? ''
    return { byte: parseInt(letter + more, 8) & 255 }
  }
  if ('pPX'.includes(letter) && letter !== '') return unsupported(cursor, `\\${letter} (Unicode)`)
  if (/[A-Za-z]/.test(letter)) return refuse(cursor, `unknown escape \\${letter}`)
  if (letter === '') return refuse(cursor, 'backslash at the end')
  return { byte: letter.charCodeAt(0) }
}

function reference(cursor: Cursor, group: number): Node {
  if (group < 1) return refuse(cursor, 'a reference to a group that does not exist')
  cursor.referred = Math.max(cursor.referred, group)
  return { kind: 'back', groups: [group], fold: cursor.flags.fold }
}

/** A reference to all groups of a name. */
export function namedReference(cursor: Cursor, name: string): Node {
  return { kind: 'back', groups: groupsNamed(cursor, name), fold: cursor.flags.fold }
}

function bracedReference(cursor: Cursor): Node {
  const number = take(cursor, /\{([+-]?)(\d+)\}|([+-]?)(\d+)/y)
  if (number !== null) {
    const sign = number[1] ?? number[3] ?? ''
    const value = Number(number[2] ?? number[4])
    if (sign === '') return reference(cursor, value)
    return reference(cursor, sign === '-' ? cursor.groups + 1 - value : cursor.groups + value)
  }
  const name = take(cursor, /\{([A-Za-z_]\w*)\}/y)?.[1]
  if (name !== undefined) return namedReference(cursor, name)
  return unsupported(cursor, 'a call of a group')
}

function numbered(cursor: Cursor, first: string): Node | null {
  const rest = /^\d*/.exec(cursor.text.slice(cursor.at, cursor.at + 5))?.[0] ?? ''
  const number = Number(first + rest)
  if (number >= 10 && number > cursor.groups && first < '8') return null
  cursor.at += rest.length
  return reference(cursor, number)
}

const LINE_BREAK: Node = {
  kind: 'atomic',
  body: {
    kind: 'choice',
    options: [
      {
        kind: 'sequence',
        parts: [
          { kind: 'set', set: setOfText('\r') },
          { kind: 'set', set: NEWLINE },
        ],
      },
      { kind: 'set', set: VERTICAL },
    ],
  },
}

/** Reads an escape outside of a class, other than `\Q`; the cursor stands behind the backslash. */
export function readEscape(cursor: Cursor): Node | { readonly byte: number } {
  const letter = cursor.text.charAt(cursor.at++)
  const edge = EDGES.get(letter)
  if (edge !== undefined) return { kind: 'edge', edge }
  if (letter === 'N') return { kind: 'set', set: complement(NEWLINE) }
  if (letter === 'C') return { kind: 'set', set: FULL }
  if (letter === 'R') return LINE_BREAK
  if (letter === 'K') return { kind: 'keep' }
  if (letter === 'g') return bracedReference(cursor)
  if (letter === 'k') {
    const name = take(cursor, /<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'|\{([A-Za-z_]\w*)\}/y)
    if (name === null) return refuse(cursor, '\\k without a name')
    return namedReference(cursor, name[1] ?? name[2] ?? name[3] ?? '')
  }
  if (/[1-9]/.test(letter)) {
    const back = numbered(cursor, letter)
    if (back !== null) return back
  }
  const escaped = readPlainEscape(cursor, letter)
  return 'set' in escaped ? { kind: 'set', set: escaped.set } : escaped
}
