import type { Bytes, ReadFile } from '../model.ts'
import type { Translations } from '../regex/index.ts'
import type { Place } from '../waf-error.ts'

/** 256 bits, one a byte, as eight words of 32; word `byte >> 5`, bit `byte & 31`. */
export type ByteSet = Readonly<Uint32Array>

/**
 * What a value must hold for an operator to come out true: a value without it is a sure no, which is found out for
 * many operators in one pass. Literals are in lower case and looked for in the value with its ASCII letters in lower case.
 */
export interface Needs {
  readonly lengthMin: number
  /** The value shares a byte with every one of these sets. */
  readonly bytes: readonly ByteSet[]
  /** Of every one of these groups at least one literal stands in the value, before which `START` is thought. */
  readonly literals: readonly (readonly Bytes[])[]
  /** Of these literals one stands in a value of plain bytes (`PLAIN`) too; null when no such value will do; absent when no more is known of those. */
  readonly plain?: readonly Bytes[] | null
}

/** Stands in literals for the start of the value; it is no byte. */
export const START: Bytes = '\u0100'

/** What matched: the groups 0 to 9, where group 0 is the whole match and one that took no part is empty. */
export interface Capture {
  readonly groups: readonly Bytes[]
  /** Where group 0 begins in the value; -1 for an operator that knows no place. */
  readonly index: number
}

/** An operator with its argument, ready to be asked; the answer does not yet regard `!`. */
export interface Operator {
  test(value: Bytes): boolean
  /** As `test`, for operators that may give a search up when it takes too long; a search given up counts as a match of its rule. */
  readonly verdict?: (value: Bytes) => 'match' | 'no-match' | 'over-budget'
  /** Asked only after `test` said yes, and only where somebody wants to know; absent for operators that capture nothing. */
  readonly capture?: (value: Bytes) => Capture | null
  /** What the `GEO` collection holds once a rule held; for `geoLookup`. */
  readonly fields?: (value: Bytes) => Readonly<Record<string, string>> | null
  /** What `rsub` makes of a stream. */
  readonly rewrite?: (value: Bytes) => Bytes
  /** Null when nothing can be said beforehand. */
  readonly needs: Needs | null
}

/** What operators get from whoever uses the engine; rules that need what is absent are refused when loaded. */
export interface OperatorHost {
  readonly readFile: ReadFile
  /** What was worked out of patterns at an earlier load; see `openPatternStore`. */
  readonly patterns?: Translations
  /** Country and place of an address, for `geoLookup`: fields of the `GEO` collection; null when unknown. */
  readonly geo?: (address: string) => Readonly<Record<string, string>> | null
  /** Whether a name is on a block list, answered from what is known already, for `rbl`. */
  readonly listed?: (name: string) => boolean
  /** Whether a program or scanner objects to a file's content, for `inspectFile`. */
  readonly inspect?: (program: string, content: Bytes) => boolean
  /** Similarity from 0 to 100 of content to the hashes of a file, for `fuzzyHash`. */
  readonly similarity?: (hashes: Bytes, content: Bytes) => number
  /** Whether a Safe Browsing database lists an address that stands in a text, for `gsbLookup`. */
  readonly unsafeAddress?: (database: string, text: Bytes) => boolean
  /** Whether an address that a pattern covers carries the right hash, for `validateHash`. */
  readonly validHash?: (pattern: Bytes, address: Bytes) => boolean
  /** Whether an XML document is valid by a schema or DTD, for `validateSchema` and `validateDTD`. */
  readonly validXml?: (schema: Bytes, document: Bytes) => boolean
}

/** Makes an operator of an argument without macros; one with macros is made anew for each text it comes to. */
export type MakeOperator = (argument: Bytes, host: OperatorHost, place: Place) => Operator
