import type { VariableName } from '../names.ts'
import type { Bytes } from '../model.ts'
import type { Value } from './value.ts'

/** One value that a rule looks at, and where it stands. */
export interface Entry {
  readonly variable: VariableName
  /** Within a collection, as it came in; null for a variable that is one value. */
  readonly name: Bytes | null
  /** The name in lower case. */
  readonly key: Bytes | null
  /** Whether it is a number of members and not a member. */
  readonly count: boolean
  /** Whether it came out of a request's body. */
  readonly body: boolean
  readonly value: Value
}

/** A collection's member before any rule asked for it. */
export interface Member {
  readonly name: Bytes
  readonly value: Bytes
}

/** A name with its ASCII letters in lower case; other bytes stay as they are. */
export function lowerAscii(name: Bytes): Bytes {
  const lower = name.toLowerCase()
  return NOT_ASCII.test(name) ? name.replace(CAPITALS, (letters) => letters.toLowerCase()) : lower
}

const NOT_ASCII = /[\x80-\xFF]/
const CAPITALS = /[A-Z]+/g

/** `ARGS:q`, `&ARGS`, `REQUEST_URI`. */
export function labelOf(entry: Entry): Bytes {
  const name = entry.name === null ? entry.variable : `${entry.variable}:${entry.name}`
  return entry.count ? `&${name}` : name
}
