import type { Bytes } from '../model.ts'
import type { TransformationName } from '../names.ts'
import { intersects, type Value, type Values } from './value.ts'

type Transform = (value: Bytes) => Bytes

/** A list of transformations, known by the last and by the list before it, so that equal beginnings are worked out once. */
export interface Chain {
  /** 0 is the empty list. */
  readonly number: number
  readonly parent: Chain | null
  readonly name: TransformationName | null
  readonly transform: Transform
  /** A text without any of these bytes is not changed by this or any earlier transformation; null when nothing is known. */
  readonly gate: Int32Array | null
}

/** The chains of a set of rules. */
export interface Chains {
  readonly none: Chain
  of(names: readonly TransformationName[]): Chain
}

const space = '\t\n\v\f\r \u00A0'
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const high = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(128 + index)).join('')

/** Without any of these bytes the transformation leaves a text as it is; the property test holds this table to account. */
export const GATES: Readonly<Partial<Record<TransformationName, string>>> = {
  cmdLine: `${upper}${space}\\"'^,;`,
  compressWhitespace: space,
  cssDecode: '\\',
  escapeSeqDecode: '\\',
  htmlEntityDecode: '&',
  jsDecode: '\\',
  lowercase: upper,
  normalizePath: './',
  normalizePathWin: './\\',
  parityZero7bit: high,
  removeCommentsChar: '/*-#',
  removeNulls: '\0',
  removeWhitespace: space,
  replaceComments: '/*',
  replaceNulls: '\0',
  trim: space,
  trimLeft: space,
  trimRight: space,
  uppercase: upper.toLowerCase(),
  urlDecode: '%+',
  urlDecodeUni: '%+',
  utf8toUnicode: high,
}

/** A set of bytes as words. */
export function byteSet(bytes: Iterable<string>): Int32Array {
  const set = new Int32Array(8)
  for (const byte of bytes) {
    const code = byte.charCodeAt(0)
    set[code >>> 5] = (set[code >>> 5] ?? 0) | (1 << (code & 31))
  }
  return set
}

function gateAfter(parent: Chain, name: TransformationName): Int32Array | null {
  const own = GATES[name]
  if (own === undefined || parent.gate === null) return null
  const gate = byteSet(own)
  return gate.map((word, index) => word | (parent.gate?.[index] ?? 0))
}

/** Numbers the lists of transformations; a list asked for again is the same. */
export function createChains(transformations: Readonly<Record<TransformationName, Transform>>): Chains {
  const none: Chain = { number: 0, parent: null, name: null, transform: (value) => value, gate: byteSet('') }
  const after = new Map<Chain, Map<TransformationName, Chain>>()
  let count = 1
  const next = (parent: Chain, name: TransformationName): Chain => {
    const known = after.get(parent) ?? new Map<TransformationName, Chain>()
    after.set(parent, known)
    const chain = known.get(name) ?? {
      number: count++,
      parent,
      name,
      transform: transformations[name],
      gate: gateAfter(parent, name),
    }
    known.set(name, chain)
    return chain
  }
  return { none, of: (names) => names.reduce(next, none) }
}

/** What a chain makes of a value; the value itself when nothing changes. */
export function derive(values: Values, value: Value, chain: Chain): Value {
  if (chain.parent === null) return value
  const known = value.derived?.[chain.number]
  if (known !== undefined) return known
  const made = work(values, value, chain, chain.parent)
  value.derived ??= []
  value.derived[chain.number] = made
  return made
}

function work(values: Values, value: Value, chain: Chain, parent: Chain): Value {
  if (chain.gate !== null && !intersects(chain.gate, value.bytes())) return value
  const before = derive(values, value, parent)
  const text = chain.transform(before.text)
  return text === before.text ? before : values.of(text)
}

/** The values that `multiMatch` tries: the text itself, and each that a transformation changed. */
export function stages(values: Values, value: Value, chain: Chain): readonly Value[] {
  if (chain.parent === null) return [value]
  const before = stages(values, value, chain.parent)
  const made = derive(values, value, chain)
  return before.at(-1) === made ? before : [...before, made]
}

/** The names of a chain's transformations in their order. */
export function namesOf(chain: Chain): readonly TransformationName[] {
  return chain.parent === null || chain.name === null ? [] : [...namesOf(chain.parent), chain.name]
}
