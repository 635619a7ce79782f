import { WafError, type Place, type WafErrorCode } from '../waf-error.ts'

/** How PCRE is told to read a pattern. */
export interface ReadOptions {
  readonly dotAll: boolean
  /** `^` and `$` match at inner newlines too. */
  readonly multiline: boolean
  /** `$` does not match before a newline that ends the value. */
  readonly dollarEndOnly: boolean
  readonly ignoreCase: boolean
}

/** Flags in force at a point of the pattern. */
export interface Flags {
  readonly fold: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  readonly extended: boolean
  readonly swapGreed: boolean
  readonly noCapture: boolean
}

/** Where reading stands. */
export interface Cursor {
  readonly text: string
  readonly options: ReadOptions
  readonly place: Place | undefined
  at: number
  flags: Flags
  /** Number of the last capture group opened. */
  groups: number
  /** The greatest number of a group that a reference named. */
  referred: number
  depth: number
  /** Groups of each name; a name that is only referred to has none yet. */
  readonly names: Map<string, number[]>
}

/** Throws `pattern-malformed` or `pattern-unsupported`, with the offset in the pattern. */
export function refuse(cursor: Cursor, message: string, code: WafErrorCode = 'pattern-malformed'): never {
  throw new WafError(code, `regular expression, offset ${cursor.at}: ${message}`, cursor.place)
}

/** Refuses what PCRE knows and this engine does not. */
export function unsupported(cursor: Cursor, what: string): never {
  return refuse(cursor, `${what} is not supported`, 'pattern-unsupported')
}

/** Steps over a text if it stands here. */
export function skip(cursor: Cursor, text: string): boolean {
  if (!cursor.text.startsWith(text, cursor.at)) return false
  cursor.at += text.length
  return true
}

/** Steps over what a sticky expression matches here; null if it does not. */
export function take(cursor: Cursor, sticky: RegExp): RegExpExecArray | null {
  sticky.lastIndex = cursor.at
  const match = sticky.exec(cursor.text)
  if (match !== null) cursor.at = sticky.lastIndex
  return match
}

/** The groups of a name, a live list that fills as groups are opened. */
export function groupsNamed(cursor: Cursor, name: string): number[] {
  const known = cursor.names.get(name) ?? []
  cursor.names.set(name, known)
  return known
}
