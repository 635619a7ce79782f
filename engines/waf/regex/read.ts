import type { Place } from '../waf-error.ts'
import { complement, folded, FULL, NEWLINE, setOfRanges } from './byte-set.ts'
import {
  groupsNamed,
  refuse,
  skip,
  take,
  unsupported,
  type Cursor,
  type Flags,
  type ReadOptions,
} from './cursor.ts'
import { readClass } from './read-class.ts'
import { namedReference, readEscape } from './read-escape.ts'
import { EMPTY, lengthsOf, type Node, type Repeat, type Tree } from './tree.ts'

const DEPTH_MAX = 250
const COUNT_MAX = 65_535

/** Steps over comments, `\E`, and in extended mode white space; whether a flag group `(?i)` stands here is not looked at. */
function skipIgnored(cursor: Cursor): void {
  for (;;) {
    if (skip(cursor, '(?#')) {
      const end = cursor.text.indexOf(')', cursor.at)
      if (end < 0) refuse(cursor, 'a comment without its )')
      cursor.at = end + 1
    } else if (!skip(cursor, '\\E') && !skip(cursor, '\\Q\\E')) {
      if (!cursor.flags.extended || take(cursor, /[\t-\r ]+|#[^\n]*(?:\n|$)/y) === null) return
    }
  }
}

/** Each byte alone, and with its other case: patterns are made of these, so that what is worked out for one serves all. */
const LITERALS: readonly Node[] = Array.from({ length: 256 }, (_, byte) => ({
  kind: 'set',
  set: setOfRanges(byte, byte),
}))
const FOLDED_LITERALS: readonly Node[] = Array.from({ length: 256 }, (_, byte) => ({
  kind: 'set',
  set: folded(setOfRanges(byte, byte)),
}))

function literal(cursor: Cursor, byte: number): Node {
  const node = (cursor.flags.fold ? FOLDED_LITERALS : LITERALS)[byte]
  return node ?? refuse(cursor, 'a character that is more than a byte')
}

function withFlags(cursor: Cursor, letters: string): Flags {
  const reset = letters.startsWith('^')
  const [on = '', off = ''] = letters.replace('^', '').split('-')
  const known = {
    i: 'fold',
    m: 'multiline',
    s: 'dotAll',
    x: 'extended',
    U: 'swapGreed',
    n: 'noCapture',
  } as const
  const flags: { -readonly [K in keyof Flags]: boolean } = { ...cursor.flags }
  if (reset) for (const letter of ['i', 'm', 's', 'x', 'n'] as const) flags[known[letter]] = false
  for (const [texts, value] of [
    [on, true],
    [off, false],
  ] as const)
    for (const letter of texts) if (letter in known) flags[known[letter as keyof typeof known]] = value
  return flags
}

/** Reads up to the `)` of a group, which is stepped over; flags set inside end with it. */
function body(cursor: Cursor, flags: Flags = cursor.flags, fresh = false): Node {
  const outer = cursor.flags
  cursor.flags = flags
  if (++cursor.depth > DEPTH_MAX) refuse(cursor, 'groups nested too deeply')
  const node = choice(cursor, fresh)
  cursor.depth--
  if (!skip(cursor, ')')) refuse(cursor, 'a group without its )')
  cursor.flags = outer
  return node
}

function capture(cursor: Cursor, name: string | null): Node {
  const index = ++cursor.groups
  if (name !== null) {
    for (const [other, groups] of cursor.names)
      if (other !== name && groups.includes(index)) refuse(cursor, 'two names for a group of one number')
    const known = groupsNamed(cursor, name)
    if (!known.includes(index)) known.push(index)
  }
  return { kind: 'group', index, body: body(cursor) }
}

function fixedBehind(cursor: Cursor, inner: Node): void {
  for (const option of inner.kind === 'choice' ? inner.options : [inner]) {
    const [min, max] = lengthsOf(option)
    if (min !== max) refuse(cursor, 'a look-behind whose length varies')
  }
}

function special(cursor: Cursor): Node | null {
  if (skip(cursor, ':')) return body(cursor)
  if (skip(cursor, '|')) return body(cursor, cursor.flags, true)
  if (skip(cursor, '>')) return { kind: 'atomic', body: body(cursor) }
  const look = take(cursor, /<?[=!]/y)?.[0]
  if (look !== undefined) {
    const ahead = !look.startsWith('<')
    const inner = body(cursor)
    if (!ahead) fixedBehind(cursor, inner)
    return { kind: 'look', ahead, negative: look.endsWith('!'), body: inner }
  }
  const name = take(cursor, /P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'/y)
  if (name !== null) return capture(cursor, name[1] ?? name[2] ?? '')
  const back = take(cursor, /P=([A-Za-z_]\w*)\)/y)?.[1]
  if (back !== undefined) return namedReference(cursor, back)
  const flags = take(cursor, /(\^?[imsxnUJ]*(?:-[imsxnUJ]*)?)([:)])/y)
  if (flags !== null) {
    const next = withFlags(cursor, flags[1] ?? '')
    if (flags[2] === ':') return body(cursor, next)
    cursor.flags = next
    return null
  }
  if (skip(cursor, '(')) return unsupported(cursor, 'a conditional group')
  if (take(cursor, /R|[+-]?\d|&|P>|C/y) !== null)
    return unsupported(cursor, 'recursion, a call of a group or a callout')
  return refuse(cursor, 'an unknown kind of group')
}

/** A group, or null for a change of flags; the cursor stands behind `(`. */
function group(cursor: Cursor): Node | null {
  if (skip(cursor, '?')) return special(cursor)
  if (/^\*[A-Za-z_:]/.test(cursor.text.slice(cursor.at, cursor.at + 2)))
    return unsupported(cursor, 'a verb (*…)')
  return cursor.flags.noCapture ? body(cursor) : capture(cursor, null)
}

function atom(cursor: Cursor): Node | null {
  const { flags, options } = cursor
  const byte = cursor.text.charCodeAt(cursor.at++)
  switch (String.fromCharCode(byte)) {
    case '(':
      return group(cursor)
    case '[':
      return { kind: 'set', set: readClass(cursor) }
    case '\\': {
      const escaped = readEscape(cursor)
      return 'kind' in escaped ? escaped : literal(cursor, escaped.byte)
    }
    case '.':
      return { kind: 'set', set: flags.dotAll ? FULL : complement(NEWLINE) }
    case '^':
      return { kind: 'edge', edge: flags.multiline ? 'line-start' : 'start' }
    case '$':
      return {
        kind: 'edge',
        edge: flags.multiline ? 'line-end' : options.dollarEndOnly ? 'end' : 'end-newline',
      }
    case '*':
    case '+':
    case '?':
      cursor.at--
      return refuse(cursor, 'nothing to repeat')
    default:
      cursor.at--
      if (/^\{\d+(?:,\d*)?\}/.test(cursor.text.slice(cursor.at, cursor.at + 16)))
        refuse(cursor, 'nothing to repeat')
      cursor.at++
      return literal(cursor, byte)
  }
}

function quantified(cursor: Cursor, inner: Node): Node {
  const match = take(cursor, /(?:([*+?])|\{(\d{1,6})(,?)(\d{0,6})\})/y)
  if (match === null || (match[1] === undefined && match[3] === '' && match[4] !== '')) {
    if (match !== null) cursor.at -= match[0].length
    return inner
  }
  // Blanks and comments may stand between the two.
  skipIgnored(cursor)
  const suffix = take(cursor, /[+?]/y)?.[0]
  const [, sign, least = '', comma, most = ''] = match
  const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0
  const bound = comma === '' ? min : most === '' ? Infinity : Number(most)
  const max = sign === undefined ? bound : sign === '?' ? 1 : Infinity
  if (min > COUNT_MAX || (max !== Infinity && max > COUNT_MAX)) refuse(cursor, 'a count over 65535')
  if (max < min) refuse(cursor, 'a count whose ends are swapped')
  const lazy = (suffix === '?') !== cursor.flags.swapGreed
  const mode: Repeat['mode'] = suffix === '+' ? 'possessive' : lazy ? 'lazy' : 'greedy'
  if (lengthsOf(inner)[1] === 0 && inner.kind !== 'group' && inner.kind !== 'back')
    return min > 0 ? inner : { kind: 'repeat', body: inner, min: 0, max: 1, mode }
  return { kind: 'repeat', body: inner, min, max, mode }
}

function quote(cursor: Cursor, parts: Node[]): boolean {
  if (!skip(cursor, '\\Q')) return false
  const end = cursor.text.indexOf('\\E', cursor.at)
  const stop = end < 0 ? cursor.text.length : end
  while (cursor.at < stop) {
    const byte = literal(cursor, cursor.text.charCodeAt(cursor.at++))
    if (cursor.at < stop) parts.push(byte)
    else {
      skipIgnored(cursor)
      parts.push(quantified(cursor, byte))
      return true
    }
  }
  return true
}

function sequence(cursor: Cursor): Node {
  const parts: Node[] = []
  for (;;) {
    skipIgnored(cursor)
    const next = cursor.text.charAt(cursor.at)
    if (next === '' || next === '|' || next === ')') break
    if (quote(cursor, parts)) continue
    const node = atom(cursor)
    if (node === null) continue
    skipIgnored(cursor)
    parts.push(quantified(cursor, node))
  }
  const [only] = parts
  return parts.length === 1 && only !== undefined
    ? only
    : parts.length === 0
      ? EMPTY
      : { kind: 'sequence', parts }
}

/** Alternatives; `fresh` numbers the groups of each from the same start. */
function choice(cursor: Cursor, fresh = false): Node {
  const start = cursor.groups
  let most = start
  const options = [sequence(cursor)]
  while (skip(cursor, '|')) {
    most = Math.max(most, cursor.groups)
    if (fresh) cursor.groups = start
    options.push(sequence(cursor))
  }
  cursor.groups = Math.max(most, cursor.groups)
  const [only] = options
  return options.length === 1 && only !== undefined ? only : { kind: 'choice', options }
}

/** Reads a PCRE pattern over bytes; throws `pattern-malformed` or `pattern-unsupported`. */
export function readPattern(text: string, options: ReadOptions, place?: Place): Tree {
  const { ignoreCase: fold, multiline, dotAll } = options
  const flags = { fold, multiline, dotAll, extended: false, swapGreed: false, noCapture: false }
  const cursor: Cursor = {
    text,
    options,
    place,
    at: 0,
    flags,
    groups: 0,
    referred: 0,
    depth: 0,
    names: new Map(),
  }
  const root = choice(cursor)
  if (cursor.at < text.length) refuse(cursor, 'a ) without its group')
  if (cursor.referred > cursor.groups) refuse(cursor, 'a reference to a group that does not exist')
  for (const [name, groups] of cursor.names)
    if (groups.length === 0) refuse(cursor, `a reference to a group that does not exist: ${name}`)
  return { root, groups: cursor.groups }
}
