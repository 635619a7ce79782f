import type { ByteSet } from '../operators/operator.ts'
import { bytesOf, complement, FULL, rangesOf, same } from './byte-set.ts'
import { childrenOf, lengthsOf, some, type Edge, type Node, type Repeat } from './tree.ts'

/** JavaScript source for values of one character a byte, to be compiled without flags. */
export interface Printed {
  readonly source: string
  /** Which group of the pattern each capture of the source stands for; a repeated group is captured by several. */
  readonly captures: readonly number[]
}

/** The linear engine of V8 takes counted repetitions whose nested product is at most this. */
const COUNT_MAX = 16
const SOURCE_LENGTH_MAX = 200_000

interface Piece extends Printed {
  /** Product of the counts of nested repetitions. */
  readonly factor: number
  readonly shape: 'atom' | 'sequence' | 'choice'
}

const EDGES: Readonly<Record<Exclude<Edge, 'end-newline' | 'line-start' | 'line-end'>, string>> = {
  start: '^',
  end: '$',
  word: '\\b',
  'not-word': '\\B',
}

/** Whether V8 answers a tree in linear time once it is printed: nothing that only backtracking can do, and not too large. */
export function isPrintable(root: Node): boolean {
  const beyond = some(root, (node) => {
    if (node.kind === 'edge') return !(node.edge in EDGES)
    if (node.kind === 'look') return node.ahead || some(node.body, (inner) => inner.kind === 'group')
    if (node.kind === 'repeat' && node.mode === 'possessive') return true
    return node.kind === 'atomic' || node.kind === 'back' || node.kind === 'keep'
  })
  return !beyond && sizeOf(root) <= SOURCE_LENGTH_MAX
}

function sizeOf(node: Node): number {
  const below = childrenOf(node).reduce((sum, child) => sum + sizeOf(child), 0)
  if (node.kind !== 'repeat') return below + 8
  return (below + 8) * Math.max(1, node.min + (node.max === Infinity ? 0 : 2 * (node.max - node.min)))
}

function escapeByte(byte: number): string {
  const char = String.fromCharCode(byte)
  if (/[\w !"#%&',:;<=>@`~]/.test(char)) return char
  if (byte > 0x20 && byte < 0x7f) return `\\${char}`
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

function rangeText([from, to]: readonly [number, number]): string {
  return to - from < 2 ? bytesOfRange(from, to) : `${escapeByte(from)}-${escapeByte(to)}`
}

function bytesOfRange(from: number, to: number): string {
  return escapeByte(from) + (to > from ? escapeByte(to) : '')
}

const sources = new WeakMap<ByteSet, string>()

function setSource(set: ByteSet): string {
  const known = sources.get(set) ?? newSetSource(set)
  sources.set(set, known)
  return known
}

function newSetSource(set: ByteSet): string {
  if (same(set, FULL)) return '[^]'
  const bytes = bytesOf(set)
  const [only] = bytes
  if (bytes.length === 1 && only !== undefined) return escapeByte(only)
  const plain = rangesOf(set).map(rangeText).join('')
  const negated = rangesOf(complement(set)).map(rangeText).join('')
  return plain.length <= negated.length + 1 ? `[${plain}]` : `[^${negated}]`
}

const piece = (source: string, shape: Piece['shape'] = 'atom'): Piece => ({
  source,
  captures: [],
  factor: 1,
  shape,
})

function joined(parts: readonly Piece[], between: '' | '|', shape: Piece['shape']): Piece {
  return {
    source: parts.map((part) => part.source).join(between),
    captures: parts.flatMap((part) => part.captures),
    factor: Math.max(1, ...parts.map((part) => part.factor)),
    shape,
  }
}

function grouped(inner: Piece): Piece {
  return inner.shape === 'atom' ? inner : { ...inner, source: `(?:${inner.source})`, shape: 'atom' }
}

const inSequence = (inner: Piece): Piece => (inner.shape === 'choice' ? grouped(inner) : inner)

/** One quantifier, whose count is within what the linear engine takes. */
function counted(body: Piece, min: number, max: number, lazy: boolean): Piece {
  const atom = grouped(body)
  const signs: Record<string, string> = { '0,1': '?', '0,Infinity': '*', '1,Infinity': '+', '1,1': '' }
  const sign = signs[`${min},${max}`] ?? (min === max ? `{${min}}` : `{${min},${max}}`)
  if (sign === '') return body
  const times = max === Infinity ? 1 : Math.max(1, max)
  return {
    source: atom.source + sign + (lazy && min !== max ? '?' : ''),
    captures: atom.captures,
    factor: atom.factor * times,
    shape: 'sequence',
  }
}

/** Up to `count` times without two ways to reach one number, which chained counts would have. */
function upTo(body: Piece, count: number, lazy: boolean): Piece {
  const step = Math.max(1, Math.floor(COUNT_MAX / body.factor))
  let result = counted(body, 0, count % step === 0 ? step : count % step, lazy)
  for (let rest = count % step === 0 ? step : count % step; rest < count; rest += step) {
    const more = joined([counted(body, step, step, lazy), result].map(inSequence), '', 'sequence')
    const fewer = step === 1 ? piece('', 'sequence') : counted(body, 0, step - 1, lazy)
    result = grouped(joined(lazy ? [fewer, more] : [more, fewer], '|', 'choice'))
  }
  return result
}

function exactly(body: Piece, count: number): Piece[] {
  const step = Math.max(1, Math.floor(COUNT_MAX / body.factor))
  const parts: Piece[] = []
  for (let rest = count; rest > 0; rest -= step) {
    const times = Math.min(step, rest)
    parts.push(counted(body, times, times, false))
  }
  return parts
}

function repeat(node: Repeat, capturing: boolean): Piece {
  const body = print(node.body, capturing)
  const { min, max } = node
  const lazy = node.mode === 'lazy'
  if (max === 0) return piece('', 'sequence')
  if (max === Infinity && min <= 1) return counted(body, min, max, lazy)
  if (max !== Infinity && max * body.factor <= COUNT_MAX && node.body.kind === 'set')
    return counted(body, min, max, lazy)
  const required = exactly(body, min)
  const rest =
    max === Infinity ? [counted(body, 0, max, lazy)] : max > min ? [upTo(body, max - min, lazy)] : []
  return joined([...required, ...rest].map(inSequence), '', 'sequence')
}

function print(node: Node, capturing: boolean): Piece {
  switch (node.kind) {
    case 'set':
      return piece(setSource(node.set))
    case 'sequence':
      return joined(
        node.parts.map((part) => inSequence(print(part, capturing))),
        '',
        'sequence',
      )
    case 'choice':
      return joined(
        node.options.map((option) => print(option, capturing)),
        '|',
        'choice',
      )
    case 'repeat':
      return repeat(node, capturing)
    case 'group': {
      const inner = print(node.body, capturing)
      if (!capturing) return inner
      const captures = [node.index, ...inner.captures]
      return { source: `(${inner.source})`, captures, factor: inner.factor, shape: 'atom' }
    }
    case 'look': {
      const inner = print(node.body, capturing)
      const source = `(?${node.ahead ? '' : '<'}${node.negative ? '!' : '='}${inner.source})`
      return { ...inner, source, shape: 'sequence' }
    }
    case 'edge':
      return piece(EDGES[node.edge as keyof typeof EDGES], 'sequence')
    case 'atomic':
    case 'back':
    case 'keep':
    default:
      throw new Error(`${node.kind} cannot be printed`)
  }
}

/** Prints a tree that `isPrintable`; without `capturing` no group captures. */
export function printTree(root: Node, capturing: boolean): Printed {
  const { source, captures } = print(root, capturing)
  return { source: source === '' ? '(?:)' : source, captures }
}

/**
 * Whether JavaScript's groups could differ from PCRE's for the same match: it forgets the groups of earlier rounds of a
 * repetition and does not take empty rounds.
 */
export function capturesDiffer(root: Node): boolean {
  return some(root, (node) => {
    if (node.kind !== 'repeat') return false
    if (node.max > node.min && lengthsOf(node.body)[0] === 0) return true
    const captures = some(node.body, (inner) => inner.kind === 'group')
    return node.max > 1 && captures && !setsAllGroups(node.body)
  })
}

function setsAllGroups(node: Node): boolean {
  const without = (inner: Node): boolean => !some(inner, (deep) => deep.kind === 'group')
  if (without(node)) return true
  switch (node.kind) {
    case 'sequence':
      return node.parts.every(setsAllGroups)
    case 'group':
    case 'atomic':
      return setsAllGroups(node.body)
    case 'repeat':
      return node.min > 0 && setsAllGroups(node.body)
    case 'set':
    case 'choice':
    case 'look':
    case 'back':
    case 'edge':
    case 'keep':
    default:
      return false
  }
}
