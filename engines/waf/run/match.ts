import type { Bytes, Phase } from '../model.ts'
import type { CompiledRule } from './rule.ts'
import type { Entry } from './entry.ts'
import type { Link } from './link.ts'
import type { Value } from './value.ts'

/** One value that a link of a rule matched. */
export interface MatchedPart {
  readonly link: Link
  readonly entry: Entry
  /** After the transformations. */
  readonly value: Value
}

/** A rule that matched, with what it said at that moment. */
export interface MatchRecord {
  readonly rule: CompiledRule
  readonly phase: Phase
  readonly message: Bytes
  readonly data: Bytes
  readonly tags: readonly Bytes[]
  /** The first few. */
  readonly parts: readonly MatchedPart[]
}
