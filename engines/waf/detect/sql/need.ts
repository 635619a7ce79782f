import { finish, finishOpenString } from './finish.ts'
import { next } from './lexer.ts'
import { symbolAt, token, wordText } from './token.ts'
import { createFrame, enter, fact, frameKind, leave, operand, peek, query, type Reading } from './state.ts'
import { beginsStatement, isStatement } from './statement.ts'
import { judgeUnion, selectsSomething } from './union.ts'
import { word } from './words.ts'

const STAR = 42
/** Signs that may stand before an operand: `!`, `+`, `-`, `~`. */
const signs = new Set([33, 43, 45, 126])

/** What the reader does when a value begins in the midst of an expression: the operand before it is unknown. */
export type Continue = (reading: Reading) => boolean

/** Bytes behind blanks with which a parenthesis, or a comment or escape before one, begins. */
const mayOpen = new Set(Array.from('({#-/*\\', (character) => character.charCodeAt(0)))
const DELETE = 127
const NO_BREAK_SPACE = 160

function isOpen(reading: Reading): boolean {
  const { text, at } = reading.lexer
  let from = at
  let code = text.charCodeAt(from)
  while (code <= 32 || code === DELETE || code === NO_BREAK_SPACE) {
    from += 1
    code = text.charCodeAt(from)
  }
  return mayOpen.has(code) && peek(reading.lexer).kind === token.open
}

/** Goes into the parenthesis behind a name. */
function callOf(reading: Reading, kind: number): true {
  const { lexer } = reading
  const nameEnd = lexer.at
  next(lexer)
  const glued = lexer.start === nameEnd
  const known = kind === frameKind.builtin || kind === frameKind.effect
  if (glued && known && reading.frame.joined && reading.quote !== 0) reading.found = 'condition-call'
  return enter(reading, kind, glued)
}

function nameOrCall(reading: Reading, kind: number): boolean {
  const { lexer, frame } = reading
  if (isOpen(reading)) return callOf(reading, kind)
  if (frame.query === query.list && frame.operands === 0 && wordText(lexer) === 'top') {
    if (peek(lexer).kind === token.number) {
      next(lexer)
      frame.before |= fact.hard
    }
    return true
  }
  return operand(reading, fact.soft)
}

function isEmbedded(reading: Reading): boolean {
  const { facts, quote } = reading
  const operators = fact.calculates | fact.compares | fact.logic | fact.concat
  if (quote !== 0) return reading.operands > 1 || (facts & (operators | fact.closes)) !== 0
  return (facts & (fact.hard | operators | fact.closes)) !== 0
}

/** SELECT where an operand may stand. */
function beginQuery(reading: Reading): boolean {
  const { frame } = reading
  if (frame.operands > 0 || frame.query !== query.none) {
    const strong = reading.quote !== 0 || (reading.facts & fact.hard) !== 0
    if (strong && selectsSomething(reading.lexer)) reading.found = 'subquery'
    return false
  }
  frame.query = query.list
  frame.embedded = isEmbedded(reading)
  reading.fresh = false
  return true
}

/** A word that cannot begin an operand: the operand before it lies outside the value, if the value has just begun. */
function outside(reading: Reading, carryOn: Continue): boolean {
  if (!reading.fresh) return false
  operand(reading, 0)
  reading.facts |= fact.outside
  return carryOn(reading)
}

function needWord(reading: Reading, carryOn: Continue): boolean {
  const { lexer, frame } = reading
  switch (lexer.part) {
    case word.name:
      return nameOrCall(reading, frameKind.call)
    case word.effect:
      return nameOrCall(reading, frameKind.effect)
    case word.informs:
    case word.builtin:
      return nameOrCall(reading, frameKind.builtin)
    case word.constant:
      return isOpen(reading)
        ? callOf(reading, frameKind.builtin)
        : operand(reading, fact.hard | fact.constant)
    case word.prefix:
      reading.facts |= fact.prefixed
      if (wordText(lexer).includes('_')) frame.before |= fact.hard
      frame.alias = true
      return true
    case word.not:
      frame.alias = true
      return true
    case word.select:
      return beginQuery(reading)
    case word.case:
      return enter(reading, frameKind.case, false)
    case word.when:
      return frame.kind === frameKind.case && frame.operands === 0
    case word.statement:
      return needStatement(reading)
    case word.union:
      return judgeUnion(reading)
    default:
      return needOperatorWord(reading, carryOn)
  }
}

/** Words of operators are names of functions too (`like(…)`, `mod(…)`), and `IS LIKE` is one operator. */
function needOperatorWord(reading: Reading, carryOn: Continue): boolean {
  const { lexer, frame } = reading
  const operates = lexer.part === word.compares || lexer.part === word.calculates
  if (operates && frame.left !== 0) return true
  if (reading.fresh && lexer.part === word.logic) return outside(reading, carryOn)
  if (operates && isOpen(reading)) return callOf(reading, frameKind.builtin)
  return outside(reading, carryOn)
}

function needStatement(reading: Reading): boolean {
  if (reading.fresh && reading.quote === 0 && reading.frames.length === 0) {
    const ahead = { ...reading.lexer }
    if (isStatement(ahead)) {
      reading.found = 'statement'
      return false
    }
  }
  if (isOpen(reading)) return callOf(reading, frameKind.call)
  return operand(reading, fact.soft)
}

function needOperator(reading: Reading): boolean {
  const { lexer, frame } = reading
  const code = symbolAt(lexer)
  if (signs.has(code)) {
    reading.facts |= fact.signed
    return true
  }
  if (code === STAR && frame.operands === 0 && (frame.query === query.list || reading.frames.length > 0))
    return operand(reading, frame.query === query.list ? fact.star : 0)
  if (code === STAR && frame.query === query.list) return operand(reading, fact.star)
  if (!reading.fresh) return false
  operand(reading, 0)
  reading.facts |= fact.outside
  frame.condition |= fact.calculates
  reading.facts |= fact.calculates
  reading.need = true
  return true
}

function needClose(reading: Reading): boolean {
  const { frame, lexer } = reading
  if (reading.frames.length === 0) {
    if (!reading.fresh) return false
    reading.facts |= fact.closes
    return true
  }
  if (frame.operands > 0 || frame.query !== query.none || frame.kind === frameKind.case) return false
  if (frame.kind === frameKind.group && symbolAt(lexer) === 41 && reading.operands === 0) return false
  return leave(reading)
}

/** A statement after `;`, where the one before is over. */
export function judgeNextStatement(reading: Reading): boolean {
  const { lexer } = reading
  next(lexer)
  while (lexer.kind === token.semicolon || lexer.kind === token.open) next(lexer)
  if (lexer.kind === token.word && lexer.part === word.select) {
    reading.frame = createFrame(frameKind.group, false)
    reading.frame.query = query.list
    reading.frame.embedded = true
    reading.need = true
    return true
  }
  if (lexer.kind === token.comment || lexer.kind === token.end) return finish(reading)
  if (beginsStatement(lexer)) reading.found = 'statement'
  return false
}

/** Reads the token where an operand should stand; false when reading ends. */
export function needOperand(reading: Reading, carryOn: Continue): boolean {
  const { lexer } = reading
  switch (lexer.kind) {
    case token.number:
      return operand(reading, fact.hard | fact.number)
    case token.string:
      return operand(reading, fact.hard | fact.string)
    case token.variable:
      return operand(reading, fact.hard | fact.variable)
    case token.word:
      return needWord(reading, carryOn)
    case token.operator:
      return needOperator(reading)
    case token.open:
      return enter(reading, frameKind.group, false)
    case token.close:
      return needClose(reading)
    case token.comma:
      return reading.fresh
    case token.compare:
    case token.logic:
      return outside(reading, carryOn)
    case token.semicolon:
      return reading.fresh && judgeNextStatement(reading)
    case token.openString:
      return finishOpenString(reading)
    case token.end:
    case token.comment:
      return finish(reading)
    default:
      return false
  }
}
