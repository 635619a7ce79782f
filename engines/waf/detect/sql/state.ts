import { next } from './lexer.ts'
import { createLexer, type Dialect, type Lexer } from './token.ts'
import type { Bytes } from '../../model.ts'

/** What was seen, as bits; of an operand, of a condition, of a parenthesis or of the whole value. */
export const fact = {
  /** An operand that prose has not: number, string, variable, constant, call of a built-in function. */
  hard: 1,
  /** A bare word that means nothing to SQL. */
  soft: 2,
  call: 4,
  string: 8,
  variable: 16,
  query: 32,
  constant: 64,
  number: 128,
  compares: 256,
  calculates: 512,
  logic: 1024,
  /** `||`, which joins texts or conditions. */
  concat: 2048,
  clause: 4096,
  /** A call within a call. */
  nested: 8192,
  /** The text before the quote that the value closes. */
  context: 16_384,
  group: 32_768,
  /** A parenthesis closed that the value did not open. */
  closes: 65_536,
  star: 131_072,
  /** A call whose parenthesis touches the name. */
  glued: 262_144,
  sorted: 524_288,
  /** A comparison with nothing of prose on either side. */
  equation: 1_048_576,
  /** A sign before an operand. */
  signed: 2_097_152,
  /** A comparison written as a word: LIKE, IN, BETWEEN … */
  worded: 4_194_304,
  /** BINARY, DISTINCT and similar words before an operand. */
  prefixed: 8_388_608,
  /** The value begins with an operator. */
  outside: 16_777_216,
} as const

/** Why a parenthesis was opened. */
export const frameKind = { group: 0, call: 1, builtin: 2, effect: 3, case: 4 } as const

/** How far a query at this level has been read. */
export const query = { none: 0, list: 1, from: 2, clauses: 3 } as const

/** A level of parentheses. */
export interface Frame {
  readonly kind: number
  /** Whether the name of the function touches its parenthesis. */
  readonly glued: boolean
  /** What the condition that is being read holds. */
  condition: number
  /** What stood before it at this level. */
  before: number
  /** The condition follows AND, OR or WHERE. */
  joined: boolean
  /** What stood left of the comparison that is being read; 0 outside of one. */
  left: number
  last: number
  /** BETWEEN waits for its AND. */
  between: boolean
  query: number
  /** The query is no beginning of a text: something of SQL stood before it. */
  embedded: boolean
  /** A name may follow the operand. */
  alias: boolean
  aliased: boolean
  operands: number
}

/** A reading of a value in one context. */
export interface Reading {
  readonly lexer: Lexer
  /** The quote the value is thought to stand in, as a char code; 0 for none. */
  readonly quote: number
  /** Where the text ends that the context's quote encloses: the index after the quote. */
  readonly from: number
  readonly frames: Frame[]
  frame: Frame
  /** An operand comes next. */
  need: boolean
  /** Nothing but closing parentheses has been read. */
  fresh: boolean
  /** Everything seen so far. */
  facts: number
  operands: number
  found: string | null
}

export function createFrame(kind: number, glued: boolean): Frame {
  return {
    kind,
    glued,
    condition: 0,
    before: 0,
    joined: false,
    left: 0,
    last: 0,
    between: false,
    query: query.none,
    embedded: false,
    alias: false,
    aliased: false,
    operands: 0,
  }
}

/** A reading of `text` that stands behind the quote at `from - 1`, or at the beginning. */
export function createReading(text: Bytes, from: number, quote: number, dialect: Dialect): Reading {
  const reading: Reading = {
    lexer: createLexer(text, from, dialect),
    quote,
    from,
    frames: [],
    frame: createFrame(frameKind.group, false),
    need: true,
    fresh: true,
    facts: 0,
    operands: 0,
    found: null,
  }
  if (quote !== 0) operand(reading, fact.string | fact.context)
  return reading
}

/** Takes an operand in, and says what a comparison or a condition comes to by it. */
export function operand(reading: Reading, facts: number): true {
  const { frame } = reading
  frame.last = facts
  frame.condition |= facts
  frame.operands += 1
  if (facts !== 0) reading.operands += 1
  reading.facts |= facts & ~fact.closes
  reading.need = false
  reading.fresh = false
  if (frame.query === query.list) judgeItem(reading, frame, facts)
  else if (frame.query >= query.from) judgeSource(reading, frame, facts)
  if (frame.joined) judgeCondition(reading, frame, facts)
  if (frame.left !== 0) judgeComparison(reading, frame, facts)
  frame.left = 0
  return true
}

/** An item of SELECT. */
function judgeItem(reading: Reading, frame: Frame, facts: number): void {
  const strong = fact.hard | fact.star
  if (frame.embedded && (facts & strong) !== 0) reading.found ??= 'subquery'
  else if ((facts & (fact.variable | fact.query | fact.nested)) !== 0) reading.found ??= 'query'
  else if ((facts & fact.call) !== 0 && reading.frames.length > 0) reading.found ??= 'query'
}

/** A table of FROM, or an operand of what follows it. */
function judgeSource(reading: Reading, frame: Frame, facts: number): void {
  const strong = fact.hard | fact.star
  const inside = reading.frames.length > 0 && (frame.before & strong) !== 0
  if (frame.embedded || inside) reading.found ??= 'subquery'
  else if (frame.query === query.clauses && (facts & fact.hard) !== 0) reading.found ??= 'query'
}

/** How many levels of parentheses around a comparison are asked whether they are a condition. */
const LEVELS_MAX = 32

function judgeComparison(reading: Reading, frame: Frame, facts: number): void {
  frame.condition |= fact.compares
  if ((frame.left & facts & fact.hard) === 0) return
  frame.condition |= fact.equation
  reading.facts |= fact.equation
  let inner = frame
  const { frames } = reading
  for (let level = frames.length - 1; level >= 0 && frames.length - level < LEVELS_MAX; level -= 1) {
    const outer = frames[level]
    if (outer === undefined || inner.kind !== frameKind.group) return
    if (outer.joined) reading.found ??= 'condition'
    inner = outer
  }
}

function judgeCondition(reading: Reading, frame: Frame, facts: number): void {
  const right = facts & fact.hard
  if ((facts & fact.query) !== 0) reading.found ??= 'condition-query'
  if ((facts & fact.call) !== 0 && (reading.quote !== 0 || (frame.before & fact.hard) !== 0))
    reading.found ??= 'condition-call'
  if ((facts & fact.glued) !== 0 && (facts & fact.hard) !== 0) reading.found ??= 'condition-call'
  if (frame.left === 0) return
  const left = frame.left & fact.hard
  const before = reading.quote !== 0 || (frame.before & (fact.hard | fact.soft)) === fact.hard
  const certain = before ? left | right : left & right
  if (certain !== 0) reading.found ??= 'condition'
}

/** Goes into a parenthesis. */
export function enter(reading: Reading, kind: number, glued: boolean): true {
  reading.frames.push(reading.frame)
  reading.frame = createFrame(kind, glued)
  reading.need = true
  reading.fresh = false
  return true
}

/** What an operand in parentheses hands to the level around it. */
const HANDED =
  fact.hard |
  fact.soft |
  fact.call |
  fact.string |
  fact.variable |
  fact.query |
  fact.constant |
  fact.number |
  fact.logic |
  fact.nested |
  fact.equation

/** Comes out of a parenthesis; at the outermost level it is one that the value did not open. */
export function leave(reading: Reading): true {
  const { frame } = reading
  const outer = reading.frames.pop()
  if (outer === undefined) {
    reading.facts |= fact.closes
    frame.before |= frame.condition
    frame.condition = 0
    frame.condition |= frame.last
    frame.joined = false
    reading.need = false
    return true
  }
  const inner = frame.before | frame.condition
  if (frame.query !== query.none) judgeQueryEnd(reading, frame, inner)
  reading.frame = outer
  return operand(reading, handed(reading, frame, inner))
}

/** A query that ended with its parenthesis. */
function judgeQueryEnd(reading: Reading, frame: Frame, inner: number): void {
  const strong = (inner & (fact.hard | fact.star)) !== 0 && !frame.aliased
  if (strong || frame.embedded || frame.query >= query.from) reading.found ??= 'subquery'
}

function handed(reading: Reading, frame: Frame, inner: number): number {
  if (frame.query !== query.none) return fact.query | (inner & fact.hard)
  if (frame.kind === frameKind.group) return (inner & HANDED) | fact.group
  if (frame.kind === frameKind.call) return fact.soft | (inner & (fact.nested | fact.query | fact.variable))
  const sure = reading.quote !== 0 || (inner & (fact.hard | fact.query | fact.nested)) !== 0
  if (frame.kind === frameKind.effect && frame.operands > 0 && sure) reading.found ??= 'effect'
  const nested = (inner & (fact.call | fact.query | fact.nested | fact.equation)) === 0 ? 0 : fact.nested
  if ((inner & fact.equation) !== 0) reading.found ??= 'call'
  return fact.hard | fact.call | nested | (inner & fact.variable) | (frame.glued ? fact.glued : 0)
}

/** Looks at the token after this one without moving; the answer is a copy. */
export function peek(lexer: Lexer): Lexer {
  const ahead = createLexer(lexer.text, lexer.at, lexer.dialect)
  next(ahead)
  return ahead
}
