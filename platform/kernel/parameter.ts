import type { ValueType } from './value-type.ts'

/**
 * Which change weakens the promise: a `higher` or `lower` value, or, for a list, a `longer` or a `shorter` one;
 * with `any`, every change of the value is treated as weaker.
 */
export type Weaker = 'higher' | 'lower' | 'longer' | 'shorter' | 'any'

/** A value that the system obeys, declared once in the module that obeys it; the value itself stands in `policy/`. */
export interface Parameter<Value> {
  /** What follows `set:` in the text, e.g. `session.idle`. */
  readonly name: string
  /** The clause whose sentence holds the value. */
  readonly clause: string
  readonly type: ValueType<Value>
  readonly weaker: Weaker
  /** What the system does with it, in one sentence. */
  readonly obeys: string
}

/** A parameter seen without its value type, for lists of them: its values are handled as unknown. */
export interface AnyParameter extends Omit<Parameter<unknown>, 'type'> {
  readonly type: Pick<ValueType<unknown>, 'kind' | 'unit' | 'expects' | 'read'> & {
    show(value: never): string
    compare(a: never, b: never): number
  }
}

/** Declares a parameter. */
export function parameter<Value>(declared: Parameter<Value>): Parameter<Value> {
  return declared
}

/** Whether going from `before` to `after` weakens the promise, strengthens it or says the same. */
export function direction(of: AnyParameter, before: unknown, after: unknown): 'stronger' | 'weaker' | 'same' {
  // Both values were read by this parameter, so they have its type.
  const order = of.type.compare(after as never, before as never)
  if (order === 0) return 'same'
  // Values that cannot be compared (NaN) are taken for weaker: the notice period applies.
  if (of.weaker === 'any' || Number.isNaN(order)) return 'weaker'
  const grew = order > 0
  const weakens = of.weaker === 'higher' || of.weaker === 'longer' ? grew : !grew
  return weakens ? 'weaker' : 'stronger'
}

/** The values in force now; reading one is a map look-up, so rules read at the moment of decision. */
export interface PolicyReader {
  read<Value>(parameter: Parameter<Value>): Value
  /** The number of the published version in force. */
  version(): number
  /** Calls back after another version came into force; returns how to stop. */
  onChange(callback: () => void): () => void
}

/** A reader over given values, for tests and for known-bad runs that break one value on purpose. */
export function policyWith(values: Readonly<Record<string, unknown>>, under?: PolicyReader): PolicyReader {
  return {
    read: <Value>(wanted: Parameter<Value>): Value => {
      if (Object.hasOwn(values, wanted.name)) return values[wanted.name] as Value
      if (under !== undefined) return under.read(wanted)
      throw new Error(`no value is given for ${wanted.name}`)
    },
    version: () => under?.version() ?? 0,
    onChange: () => () => {},
  }
}
