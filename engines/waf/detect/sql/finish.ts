import { token } from './token.ts'
import { fact, frameKind, operand, query, type Frame, type Reading } from './state.ts'

const DOUBLE = 34
const SLASH = 47
const DASH = 45
const HASH = 35
const EQUALS = 61
const BACKTICK = 96
const DIGIT_FIRST = 48
const DIGIT_LAST = 57

function isBlank(code: number): boolean {
  return code <= 32
}

/** The text of the comment under the reader, without its mark. */
function commentBody(reading: Reading): string {
  const { lexer } = reading
  return lexer.text.slice(lexer.start + (lexer.text.charCodeAt(lexer.start) === HASH ? 1 : 2))
}

/** Whether a comment says nothing: only blanks and signs. */
function saysNothing(body: string): boolean {
  return !/[A-Za-z0-9\x80-\xff]/u.test(body.slice(0, 64))
}

const EVIDENCE =
  fact.logic | fact.compares | fact.call | fact.variable | fact.query | fact.clause | fact.concat

/** A comment hides the rest of the statement. */
function judgeComment(reading: Reading): void {
  const { facts, need, quote, lexer } = reading
  const mark = lexer.kind === token.end ? SLASH : lexer.text.charCodeAt(lexer.start)
  const body = commentBody(reading)
  const glued =
    reading.operands === 1 && isBlank(body.charCodeAt(0)) && !isBlank(lexer.text.charCodeAt(lexer.start - 1))
  if (quote !== 0) {
    if (reading.operands === 1 && (facts & fact.clause) === 0) judgeBareComment(reading, mark, body)
    else if (need ? (facts & fact.logic) !== 0 && saysNothing(body) : convincing(facts) || saysNothing(body))
      reading.found = 'comment'
    return
  }
  if ((facts & fact.hard) === 0) return
  judgeTruncated(reading)
  if (isExpression(reading) || (mark === SLASH && (facts & fact.soft) === 0)) reading.found = 'comment'
  if (reading.frames.length > 1) return
  const level = reading.frame.before | reading.frame.condition
  if (has(facts, fact.call | fact.glued) && (level & fact.soft) === 0 && saysNothing(body))
    reading.found = 'comment'
  if (body.includes('sp_password')) reading.found = 'comment'
  if ((facts & (fact.logic | fact.compares)) !== 0 && (!need || saysNothing(body))) reading.found = 'comment'
  else if (need || (facts & fact.soft) !== 0) return
  else if ((facts & EVIDENCE & ~fact.variable) !== 0) reading.found = 'comment'
  else if ((facts & fact.variable) !== 0 && !/^[A-Za-z]/u.test(body)) reading.found = 'comment'
  else if (mark === HASH || mark === BACKTICK) return
  else if (reading.operands > 1 && (facts & (fact.calculates | fact.group | fact.closes)) === 0) return
  else if ((facts & (fact.number | fact.group | fact.constant)) !== 0 && (touches(body, mark) || glued))
    reading.found = 'comment'
}

function convincing(facts: number): boolean {
  return (facts & EVIDENCE) !== 0 || (facts & (fact.hard | fact.calculates)) === (fact.hard | fact.calculates)
}

/** Whether the comment is empty, begins without a blank, or is one that only a programmer writes. */
function touches(body: string, mark: number): boolean {
  return mark === SLASH || body === '' || !isBlank(body.charCodeAt(0)) || saysNothing(body)
}

/** `name'--`: nothing between the closed quote and the comment. */
function judgeBareComment(reading: Reading, mark: number, body: string): void {
  const { lexer } = reading
  if ((mark === SLASH && touches(body, 0)) || body.includes('sp_password')) reading.found = 'comment'
  else if ((reading.facts & fact.closes) !== 0 || mark !== HASH) {
    if (saysNothing(body) || ((reading.facts & fact.closes) !== 0 && (mark === DASH || touches(body, mark))))
      reading.found = 'comment'
  } else if (body === '' && lexer.start === reading.from && closesWord(reading)) reading.found = 'comment'
}

const OPERATORS = fact.calculates | fact.compares | fact.logic | fact.concat

/** Whether all bits are there. */
function has(facts: number, bits: number): boolean {
  return (facts & bits) === bits
}

/** Whether the only words of prose, if any, are arguments of a call that has others too. */
function isSoft({ facts, frame, frames }: Reading): boolean {
  if ((facts & fact.soft) === 0) return false
  if (frames.length > 0 || ((frame.before | frame.condition) & fact.soft) !== 0) return true
  return !has(facts, fact.glued | fact.call) || (facts & SQL_ARGUMENTS) === 0
}

const SQL_ARGUMENTS = fact.string | fact.variable | fact.constant | fact.query | fact.nested | fact.prefixed

/** Whether a value without a word of prose is more than sums of numbers: SQL's own operands under operators, or a call. */
function isExpression(reading: Reading): boolean {
  const { facts, operands, frames } = reading
  if (isSoft(reading)) return false
  const opens = (facts & fact.group) !== 0 || frames.length > 0
  const operates = (facts & OPERATORS) !== 0 && operands > 1
  if (operates && (facts & fact.call) !== 0) return true
  if (operates && (facts & fact.variable) !== 0 && (facts & (OPERATORS & ~fact.calculates)) !== 0) return true
  if ((facts & fact.outside) !== 0 && (facts & fact.call) === 0)
    return has(facts, fact.logic | fact.compares | fact.hard) && (facts & fact.worded) === 0
  if (has(facts, fact.logic | fact.hard) && joins(facts, opens)) return true
  if (has(facts, fact.compares | fact.constant)) return true
  if (has(facts, fact.worded) && opens && (operands > 3 || (facts & SQL_ARGUMENTS) !== 0)) return true
  if (operates && (facts & fact.closes) !== 0 && (opens || (facts & SQL_ARGUMENTS) !== 0)) return true
  return isCall(facts)
}

/** Whether what AND or OR joins is more than two numbers or two texts. */
function joins(facts: number, opens: boolean): boolean {
  const telling = fact.compares | fact.call | fact.variable | fact.query
  return (
    (facts & telling) !== 0 ||
    (opens && (facts & fact.string) === 0) ||
    has(facts, fact.constant | fact.number)
  )
}

/** A call of a function that SQL has, with an argument that prose has not, as all there is. */
function isCall(facts: number): boolean {
  if ((facts & fact.hard) === 0) return false
  if ((facts & fact.call) === 0) return has(facts, fact.prefixed | fact.group)
  return (
    (facts & (fact.glued | fact.prefixed | fact.string | fact.variable)) !== 0 && (facts & ARGUMENTS) !== 0
  )
}

const ARGUMENTS = fact.string | fact.variable | fact.number | fact.constant | fact.nested

/** Whether the quote follows a word, and is no sign for inches or of Markdown. */
function closesWord({ lexer, from, quote }: Reading): boolean {
  const { text } = lexer
  if (from < 2 || quote === BACKTICK || isBlank(text.charCodeAt(from - 2))) return false
  return !(quote === DOUBLE && isDigit(text.charCodeAt(from - 2)) && text.lastIndexOf(' ', from) !== -1)
}

function isDigit(code: number): boolean {
  return code >= DIGIT_FIRST && code <= DIGIT_LAST
}

/** The value ends. */
function judgeEnd(reading: Reading): void {
  const { facts, need, quote, frame } = reading
  judgeTruncated(reading)
  if (quote === 0 && isExpression(reading)) reading.found = 'expression'
  if (need) return
  if (quote !== 0) {
    if ((facts & fact.logic) !== 0 && frame.joined && (frame.last & fact.hard) !== 0)
      reading.found = 'condition'
    const own = fact.call | fact.variable | fact.constant | fact.query | fact.group
    const operates = (facts & OPERATORS) !== 0
    if (operates && (facts & ((facts & fact.soft) === 0 ? own : fact.call)) !== 0) reading.found = 'call'
  } else {
    if ((frame.last & fact.equation) !== 0 && (facts & fact.soft) === 0) reading.found = 'condition'
    if ((facts & fact.nested) !== 0 && ((frame.before | frame.condition) & fact.soft) === 0)
      reading.found = 'call'
  }
  if (frame.query >= query.from && (frame.before & (fact.hard | fact.star)) !== 0) reading.found = 'query'
  judgeClause(reading)
}

function isBuiltin({ kind, glued }: Frame): boolean {
  return glued && (kind === frameKind.builtin || kind === frameKind.effect)
}

/** A query in parentheses, cut off before their end: one that something stood before, or one that calls a function. */
function judgeTruncated(reading: Reading): void {
  let calls = reading.frame.kind === frameKind.builtin
  let nested = isBuiltin(reading.frame) ? 1 : 0
  for (let level = reading.frames.length - 1; level >= 0; level -= 1) {
    const frame = reading.frames[level]
    if (frame !== undefined && frame.query !== query.none && (frame.embedded || calls))
      reading.found = 'subquery'
    calls ||= frame?.kind === frameKind.builtin
    if (frame !== undefined && isBuiltin(frame)) nested += 1
  }
  if (nested > 1 && (reading.facts & fact.hard) !== 0) reading.found = 'call'
}

/** ORDER BY, HAVING or LIMIT put behind an operand. */
function judgeClause(reading: Reading): void {
  const { facts, quote, frame } = reading
  if ((facts & fact.clause) === 0 || reading.need) return
  const before = quote !== 0 || (frame.before & fact.hard) !== 0
  const hard = (frame.condition & fact.hard) !== 0
  const conditional = (frame.condition & (fact.logic | fact.compares)) !== 0
  if (before ? hard || (facts & fact.sorted) !== 0 : hard && conditional) reading.found = 'clause'
}

/** Whether the last of the value is a block comment. */
function endsInComment({ lexer }: Reading): boolean {
  return lexer.kind === token.end && lexer.commented && lexer.text.endsWith('*/')
}

/** The value or its statement is over. */
export function finish(reading: Reading): false {
  if (reading.lexer.kind === token.comment || endsInComment(reading)) {
    judgeComment(reading)
    if (reading.found === null && reading.lexer.kind === token.end) judgeEnd(reading)
    if (reading.found === null) judgeClause(reading)
  } else judgeEnd(reading)
  return false
}

/** A string begins that the value does not close: the quote behind the value will. */
export function finishOpenString(reading: Reading): false {
  const { lexer, quote } = reading
  if (quote === 0 || lexer.quote !== quote) {
    operand(reading, fact.hard | fact.string)
    const empty = lexer.start + 1 >= lexer.text.length
    return (empty || (reading.facts & fact.call) !== 0 || reading.frames.length > 1) && finish(reading)
  }
  if (quoted(reading)) return false
  reading.found = 'reopened'
  return false
}

/** A word in quotes with prose around it: blanks or nothing outside of them. */
function isQuotedWord(reading: Reading, rest: string): boolean {
  const { text } = reading.lexer
  if (reading.from === 1) return reading.quote === DOUBLE
  return isBlank(text.charCodeAt(reading.from - 2)) && (rest === '' || isBlank(rest.charCodeAt(0)))
}

/** Whether the two quotes look like those of prose or markup around a word or sign, not like closed and opened strings. */
function quoted(reading: Reading): boolean {
  const { lexer, quote, facts, from } = reading
  const { text } = lexer
  const evidence = fact.hard | fact.compares | fact.logic | fact.query | fact.variable
  const rest = text.slice(lexer.start + 1)
  const spaced = from > 1 && isBlank(text.charCodeAt(from - 2)) && isBlank(rest.charCodeAt(0))
  if (reading.operands > 1) return quotedExpression(reading, spaced, facts & evidence)
  if (spaced || text.charCodeAt(from - 2) === EQUALS) return true
  if (rest.length > 2 && rest === rest.charAt(0).repeat(rest.length) && lexer.quote === rest.charCodeAt(0))
    return true
  const between = text.slice(from, lexer.start)
  if (/^[A-Za-z]+$/u.test(between) && isQuotedWord(reading, rest)) return true
  if (quote !== DOUBLE) return false
  if (from === 1) return text.length === 3
  return (
    /^ ?and ?$/iu.test(between) && /[a-z]/iu.test(text.charAt(from - 2)) && /[a-z]/iu.test(rest.charAt(0))
  )
}

/** The same where words or numbers stand between: a text quoted in markup, or inches. */
function quotedExpression(reading: Reading, spaced: boolean, evidence: number): boolean {
  const before = reading.lexer.text.charCodeAt(reading.from - 2)
  if (spaced) return (evidence & ~fact.logic) === 0
  if (before === EQUALS) return evidence === 0
  const inches = reading.quote === DOUBLE && isDigit(before)
  const sql = fact.worded | fact.constant | fact.variable | fact.call
  return inches && (evidence & ~fact.hard) === 0 && (reading.facts & sql) === 0
}
