import type { Bytes } from '../model.ts'
import type { TransformationName } from '../names.ts'
import { GATES, kindsAfter, kindsOf } from './kinds.ts'
import { SHORT_LENGTH_MAX, type Value, type Values } from './value.ts'

type Transform = (value: Bytes) => Bytes

/** A list of transformations, known by the last and by the list before it, so that equal beginnings are worked out once. */
export interface Chain {
  /** 0 is the empty list. */
  readonly number: number
  readonly parent: Chain | null
  readonly name: TransformationName | null
  readonly transform: Transform
  /** A text without any of these kinds of bytes is not changed by this or any earlier transformation; null when nothing is known. */
  readonly gate: number | null
  /** As `gate`, of its last transformation alone. */
  readonly own: number | null
}

/** The chains of a set of rules. */
export interface Chains {
  readonly none: Chain
  of(names: readonly TransformationName[]): Chain
}

function gateOf(name: TransformationName): number | null {
  const own = GATES[name]
  return own === undefined ? null : kindsOf(own)
}

function gateAfter(parent: Chain, name: TransformationName): number | null {
  const own = gateOf(name)
  return own === null || parent.gate === null ? null : own | parent.gate
}

/** The kinds of bytes that a text of these kinds can hold after a chain. */
export function reach(chain: Chain, kinds: number): number {
  const { gate, own, parent, name } = chain
  if (parent === null || name === null || (gate !== null && (gate & kinds) === 0)) return kinds
  const before = reach(parent, kinds)
  return own !== null && (own & before) === 0 ? before : kindsAfter(name, before)
}

/** As `reach`, of the text and every stage of the chain. */
export function reachOfStages(chain: Chain, kinds: number): number {
  return chain.parent === null ? kinds : reachOfStages(chain.parent, kinds) | reach(chain, kinds)
}

/** Numbers the lists of transformations; a list asked for again is the same. */
export function createChains(transformations: Readonly<Record<TransformationName, Transform>>): Chains {
  const none: Chain = { number: 0, parent: null, name: null, transform: (value) => value, gate: 0, own: 0 }
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
      own: gateOf(name),
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
  if (chain.gate !== null && (chain.gate & value.kinds) === 0) return value
  const before = derive(values, value, parent)
  if (chain.own !== null && (chain.own & before.kinds) === 0) return before
  return before.text.length <= SHORT_LENGTH_MAX
    ? transformed(values, before, chain)
    : transformedOnce(values, before, chain)
}

/** Many chains apply the same transformation to the same long text. */
function transformedOnce(values: Values, before: Value, chain: Chain): Value {
  const applied = (before.applied ??= new Map())
  const known = applied.get(chain.transform)
  if (known !== undefined) return known
  const made = transformed(values, before, chain)
  applied.set(chain.transform, made)
  return made
}

function transformed(values: Values, before: Value, { transform }: Chain): Value {
  const text = transform(before.text)
  return text === before.text ? before : values.of(text)
}

/** The values that `multiMatch` tries: the text itself, and each that a transformation changed. */
export function stages(values: Values, value: Value, chain: Chain): readonly Value[] {
  if (chain.parent === null || (chain.gate !== null && (chain.gate & value.kinds) === 0)) return [value]
  const before = stages(values, value, chain.parent)
  const made = derive(values, value, chain)
  return before.at(-1) === made ? before : [...before, made]
}

/** The names of a chain's transformations in their order. */
export function namesOf(chain: Chain): readonly TransformationName[] {
  return chain.parent === null || chain.name === null ? [] : [...namesOf(chain.parent), chain.name]
}
