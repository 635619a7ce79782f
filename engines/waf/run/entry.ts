import type { VariableName } from '../names.ts'
import type { Bytes } from '../model.ts'
import { lowercase } from '../transform/case.ts'
import type { Value } from './value.ts'

/** One value that a rule looks at, and where it stands. */
export class Entry {
  readonly variable: VariableName
  /** Within a collection, as it came in; null for a variable that is one value. */
  readonly name: Bytes | null
  readonly value: Value
  /** Whether it came out of a request's body. */
  readonly body: boolean
  /** Whether it is a number of members and not a member. */
  readonly count: boolean
  #key: Bytes | null = null

  constructor(variable: VariableName, name: Bytes | null, value: Value, body: boolean, count = false) {
    this.variable = variable
    this.name = name
    this.value = value
    this.body = body
    this.count = count
  }

  /** The name in lower case. */
  get key(): Bytes | null {
    if (this.name === null) return null
    return (this.#key ??= lowercase(this.name))
  }
}

/** A collection's member before any rule asked for it. */
export interface Member {
  readonly name: Bytes
  readonly value: Bytes
}

/** What says which value it is. */
export type Label = Pick<Entry, 'variable' | 'name' | 'count'>

/** `ARGS:q`, `&ARGS`, `REQUEST_URI`. */
export function labelOf({ variable, name, count }: Label): Bytes {
  const full = name === null ? variable : `${variable}:${name}`
  return count ? `&${full}` : full
}
