import { finish } from './finish.ts'
import { next } from './lexer.ts'
import { symbolAt, token, wordText, type Lexer } from './token.ts'
import { judgeNextStatement } from './need.ts'
import { enter, fact, frameKind, leave, operand, peek, query, type Frame, type Reading } from './state.ts'
import { beginsStatement, isStatement } from './statement.ts'
import { judgeUnion } from './union.ts'
import { word } from './words.ts'

const PIPE = 124
const BACKTICK = 96

function operator(reading: Reading, facts: number): true {
  reading.frame.condition |= facts
  reading.frame.alias = false
  reading.facts |= facts
  reading.need = true
  return true
}

/** `IS` compares with NULL and truth values; prose says what is how many. */
function tellsNumber(lexer: Lexer): boolean {
  return wordText(lexer) === 'is' && peek(lexer).kind === token.number
}

function compare(reading: Reading): boolean {
  const { frame, lexer } = reading
  if (reading.quote === 0 && lexer.kind === token.word && tellsNumber(lexer)) return false
  frame.left = frame.condition | fact.compares
  return operator(reading, lexer.kind === token.word ? fact.compares | fact.worded : fact.compares)
}

/** What was read so far is no part of the condition that begins. */
function beginCondition(frame: Frame): void {
  frame.before |= frame.condition
  frame.condition = 0
  frame.joined = false
}

/** AND, OR and what joins conditions like them. */
function join(reading: Reading, facts: number): true {
  beginCondition(reading.frame)
  reading.frame.joined = true
  return operator(reading, facts)
}

/** A row of INSERT closed and the next one opened, as in `x'),('y`. */
function opensRow({ frames, facts, lexer, quote }: Reading): boolean {
  const { text, start } = lexer
  return (
    quote !== 0 && frames.length === 0 && (facts & fact.closes) !== 0 && text.startsWith('),(', start - 1)
  )
}

function separate(reading: Reading): true {
  const { frame } = reading
  if (opensRow(reading)) reading.found = 'row'
  beginCondition(frame)
  frame.aliased = false
  if (frame.query === query.clauses) frame.query = query.from
  return operator(reading, 0)
}

/** A part of a query, or put behind an operand as if it were one. */
function clause(reading: Reading, facts: number): true {
  const { frame } = reading
  if (frame.query !== query.none) frame.query = query.clauses
  beginCondition(frame)
  return operator(reading, fact.clause | facts)
}

function sorted(reading: Reading): boolean {
  const { lexer } = reading
  const after = peek(lexer)
  if (after.kind !== token.word || after.part !== word.by) return false
  next(lexer)
  return clause(reading, fact.sorted)
}

function into(reading: Reading): false {
  const { lexer } = reading
  next(lexer)
  const name = lexer.kind === token.word ? wordText(lexer) : ''
  if (name === 'outfile' || name === 'dumpfile') reading.found = 'into-file'
  else if (lexer.kind === token.variable && (reading.facts & fact.hard) !== 0) reading.found = 'into'
  return false
}

function procedure(reading: Reading): false {
  const { lexer } = reading
  next(lexer)
  if (lexer.kind === token.word && wordText(lexer) === 'analyse') reading.found = 'procedure'
  return false
}

const lockingWords = new Set(['update', 'share', 'in', 'mode', 'of', 'nowait', 'skip', 'locked'])

/** FOR UPDATE and LOCK IN SHARE MODE, which change nothing; in a call FOR separates operands. */
function locking(reading: Reading): boolean {
  const { lexer, frame } = reading
  if (frame.kind !== frameKind.group) return operator(reading, 0)
  if ((reading.facts & fact.clause) !== 0 && (frame.before & frame.condition & fact.hard) !== 0)
    reading.found = 'clause'
  let after = peek(lexer)
  let words = 0
  while (after.kind === token.word && lockingWords.has(wordText(after))) {
    next(lexer)
    words += 1
    after = peek(lexer)
  }
  return words > 0
}

function from(reading: Reading): boolean {
  const { frame } = reading
  if (frame.query === query.none && frame.kind !== frameKind.group) return operator(reading, 0)
  if (frame.query === query.none) {
    if (reading.quote === 0 && (reading.facts & fact.hard) === 0) return false
    frame.query = query.from
    frame.before = 0
    frame.condition = 0
    return operator(reading, 0)
  }
  frame.query = query.from
  beginCondition(frame)
  return operator(reading, 0)
}

function where(reading: Reading): boolean {
  const { frame, facts, quote } = reading
  if (frame.query === query.from && (quote !== 0 || (facts & fact.closes) !== 0)) reading.found = 'query'
  if (frame.query !== query.none) clause(reading, 0)
  return join(reading, 0)
}

/** A name given to what stands before it, or the unit of an interval. */
function alias(reading: Reading): boolean {
  const { frame, lexer } = reading
  const mayName = frame.query !== query.none || frame.alias
  if (mayName && !frame.aliased) {
    frame.aliased = true
    frame.alias = false
    return true
  }
  if (reading.operands > 1 || lexer.part !== word.effect) return false
  const nameEnd = lexer.at
  const after = peek(lexer)
  if (after.kind !== token.open || (reading.quote === 0 && after.start !== nameEnd)) return false
  next(lexer)
  return enter(reading, frameKind.effect, lexer.start === nameEnd)
}

function named(reading: Reading): boolean {
  const { frame, lexer } = reading
  const after = peek(lexer)
  if (after.kind === token.word && after.part === word.name && peek(after).kind !== token.open) {
    next(lexer)
    return true
  }
  operator(reading, 0)
  frame.alias = true
  return true
}

/** ASC and DESC behind what is sorted by, and similar words. */
const trailing = new Set([
  'asc',
  'desc',
  'rows',
  'row',
  'only',
  'first',
  'last',
  'next',
  'nulls',
  'unsigned',
  'signed',
])

function haveName(reading: Reading): boolean {
  if ((reading.facts & fact.clause) !== 0 && trailing.has(wordText(reading.lexer))) return true
  if (reading.lexer.part === word.statement && judgeUnseparated(reading)) return false
  const quoted = reading.quote !== 0 && reading.quote !== BACKTICK
  if (quoted && wordText(reading.lexer) === 'if' && beginsStatement({ ...reading.lexer })) {
    reading.found = 'statement'
    return false
  }
  return alias(reading)
}

/** SQL Server needs no `;` between statements. */
function judgeUnseparated(reading: Reading): boolean {
  const ahead = { ...reading.lexer }
  const waits = wordText(ahead) === 'waitfor'
  if (!waits && reading.quote === 0 && (reading.facts & fact.hard) === 0) return false
  if (!isStatement(ahead)) return false
  reading.found = 'statement'
  return true
}

/** `IN BOOLEAN MODE` and `IN NATURAL LANGUAGE MODE` end an operand. */
function fullText(reading: Reading): boolean {
  const { lexer } = reading
  const after = peek(lexer)
  if (after.kind !== token.word || !['boolean', 'natural'].includes(wordText(after))) return false
  while (after.kind === token.word && wordText(after) !== 'mode') next(after)
  if (after.kind !== token.word) return false
  lexer.at = after.at
  return true
}

function haveCaseWord(reading: Reading, part: number): boolean {
  const { frame } = reading
  if (frame.kind !== frameKind.case) return false
  if (part === word.thenPart && ((frame.before | frame.condition) & fact.hard) !== 0) reading.found = 'case'
  if (part === word.end) {
    if (((frame.before | frame.condition) & fact.hard) !== 0) reading.found = 'case'
    return leave(reading)
  }
  return separate(reading)
}

function haveNot(reading: Reading): boolean {
  const { part, kind } = peek(reading.lexer)
  return kind === token.word && (part === word.compares || part === word.between)
}

function haveWord(reading: Reading): boolean {
  const { lexer, frame } = reading
  switch (lexer.part) {
    case word.logic:
      if (!frame.between) return join(reading, fact.logic)
      frame.between = false
      return operator(reading, 0)
    case word.not:
      return haveNot(reading)
    case word.compares:
      return fullText(reading) || compare(reading)
    case word.calculates:
      return operator(reading, fact.calculates | fact.worded)
    case word.between:
      frame.between = true
      return compare(reading)
    case word.union:
      return judgeUnion(reading)
    case word.select:
      return haveSelect(reading)
    case word.when:
    case word.thenPart:
    case word.else:
    case word.end:
      return haveCaseWord(reading, lexer.part)
    default:
      return haveClauseWord(reading)
  }
}

function haveClauseWord(reading: Reading): boolean {
  const { lexer, frame } = reading
  switch (lexer.part) {
    case word.from:
      return from(reading)
    case word.sorted:
      return sorted(reading)
    case word.clause:
      return clause(reading, 0)
    case word.into:
      return into(reading)
    case word.procedure:
      return procedure(reading)
    case word.locking:
      return locking(reading)
    case word.where:
      return where(reading)
    case word.join:
      return frame.query >= query.from && haveJoin(reading)
    case word.as:
      return named(reading)
    case word.using:
      return frame.kind !== frameKind.group || frame.query !== query.none ? operator(reading, 0) : false
    default:
      return haveName(reading)
  }
}

/** SELECT behind the quote that the value closes, where a batch needs nothing between statements. */
function haveSelect(reading: Reading): boolean {
  if (reading.quote === 0 || reading.operands !== 1) return haveName(reading)
  const item = peek(reading.lexer)
  const calls = item.kind === token.word && item.part >= word.effect && peek(item).kind === token.open
  if (calls || item.kind === token.variable) reading.found = 'subquery'
  return false
}

function haveJoin(reading: Reading): true {
  let after = peek(reading.lexer)
  while (after.kind === token.word && after.part === word.join) {
    next(reading.lexer)
    after = peek(reading.lexer)
  }
  return separate(reading)
}

/** As far as a query is looked for behind several parentheses. */
const PARENTHESES_BYTES_MAX = 64

/** `(SELECT` where no operand may stand: a line comment or another dialect hides what stands between. */
function haveOpen(reading: Reading): boolean {
  let ahead = peek(reading.lexer)
  while (ahead.kind === token.open && ahead.at - reading.lexer.at < PARENTHESES_BYTES_MAX) ahead = peek(ahead)
  const { part, kind } = ahead
  const selects = kind === token.word && part === word.select
  if (selects && (reading.quote !== 0 || (reading.facts & fact.hard) !== 0)) reading.found = 'subquery'
  if (kind === token.word && part === word.union) return enter(reading, frameKind.group, false)
  return reading.frame.aliased && enter(reading, frameKind.call, false)
}

function haveString(reading: Reading): boolean {
  const { frame } = reading
  if (frame.query !== query.none || frame.alias) return alias(reading)
  return (frame.last & fact.string) !== 0 && (frame.last & fact.context) === 0
}

function haveCast(reading: Reading): boolean {
  next(reading.lexer)
  return reading.lexer.kind === token.word
}

function haveLogicSign(reading: Reading): true {
  return join(reading, symbolAt(reading.lexer) === PIPE ? fact.concat : fact.logic)
}

/** Reads the token behind an operand; false when reading ends. */
export function haveOperand(reading: Reading): boolean {
  const { lexer } = reading
  switch (lexer.kind) {
    case token.word:
      return haveWord(reading)
    case token.operator:
      return operator(reading, fact.calculates)
    case token.compare:
      return compare(reading)
    case token.logic:
      return haveLogicSign(reading)
    case token.close:
      return reading.frame.kind !== frameKind.case && leave(reading)
    case token.comma:
      return separate(reading)
    case token.semicolon:
      return reading.frames.length === 0 && judgeNextStatement(reading)
    case token.cast:
      return haveCast(reading)
    case token.open:
      return haveOpen(reading)
    case token.string:
      return haveString(reading)
    case token.end:
    case token.comment:
      return finish(reading)
    case token.openString:
      return reading.quote === 0 && lexer.start + 1 >= lexer.text.length && finish(reading)
    case token.variable:
      return operandInto(reading)
    default:
      return false
  }
}

/** `sp_name @parameter = …` and `ROW@x`: variables follow names only in statements; elsewhere reading ends. */
function operandInto(reading: Reading): boolean {
  return reading.frame.alias && operand(reading, fact.hard | fact.variable)
}
