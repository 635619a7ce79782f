import { next } from './lexer.ts'
import { concealment, isKind, token, wordText, type Lexer } from './token.ts'
import { fact, peek, type Reading } from './state.ts'
import { word } from './words.ts'

const STAR = 42
const OPEN = 40

/** Whether an item of SELECT stands behind that word which prose would not put there. */
export function selectsSomething(lexer: Lexer): boolean {
  let item = peek(lexer)
  while (isKind(item, token.open) || isKind(item, token.operator) || item.part === word.prefix) {
    if (!isKind(item, token.word) && !isKind(item, token.open) && !isKind(item, token.operator)) break
    if (isKind(item, token.end)) return true
    if (isKind(item, token.operator) && item.text.charCodeAt(item.start) === STAR) return true
    item = peek(item)
  }
  if (!isKind(item, token.word)) return !isKind(item, token.other) && !isKind(item, token.compare)
  if (item.part === word.constant || item.part === word.select) return true
  const after = peek(item)
  if (isKind(after, token.number) && wordText(item) === 'top') return true
  if (isKind(after, token.word)) return after.part === word.from || after.part === word.as
  if (isKind(after, token.open)) return after.start === item.at || after.commented || item.part >= word.effect
  return isKind(after, token.comma) || isKind(after, token.comment)
}

/** UNION and what follows it; the reader stands on that word. */
export function judgeUnion(reading: Reading): false {
  const { lexer } = reading
  const direct = reading.quote !== 0 && reading.operands === 1 && !lexer.commented
  const strong = reading.quote !== 0 || (reading.facts & fact.hard) !== 0 || lexer.commented
  let all = false
  let grouped = false
  for (;;) {
    next(lexer)
    if (isKind(lexer, token.word) && lexer.part === word.prefix) all = true
    else if (isKind(lexer, token.open)) grouped = true
    else if (!isKind(lexer, token.operator)) break
  }
  if (isKind(lexer, token.word) && lexer.part === word.select) {
    if (isKind(peek(lexer), token.end) && !strong) return false
    if ((strong && !direct) || grouped || selectsSomething(lexer)) reading.found = 'union-select'
  } else if (isKind(lexer, token.end) || isKind(lexer, token.comment) || lexer.part === word.union) {
    const computes = (reading.facts & (fact.calculates | fact.signed)) !== 0
    const certain =
      all ||
      (lexer.commented && (reading.facts & fact.hard) !== 0) ||
      (computes && (reading.facts & fact.soft) === 0)
    if (strong && certain && (reading.facts & fact.outside) === 0) reading.found = 'union'
  }
  return false
}

/** Whether comments hide SQL from whoever reads it as another server would. */
export function hides(reading: Reading): boolean {
  const { hidden } = reading.lexer
  if (hidden === concealment.none) return false
  if (hidden !== concealment.nested || reading.quote !== 0) return true
  return (reading.facts & fact.hard) !== 0 || reading.frames.length > 0 || reading.frame.query !== 0
}

const mayBeUnion = /union|\/\*/i

/** How far behind a place that is no SQL a UNION is still looked for. */
const LOOK_BYTES_MAX = 2048

/**
 * Looks for `UNION SELECT` with a list that no prose has, behind something that could not be read: another dialect,
 * or bytes put there to mislead.
 */
export function unionBehind(reading: Reading): boolean {
  const { lexer } = reading
  const until = lexer.at + LOOK_BYTES_MAX
  if (!mayBeUnion.test(lexer.text.slice(lexer.at, until))) return false
  let wasUnion = false
  while (!isKind(lexer, token.end) && !isKind(lexer, token.comment) && lexer.at < until) {
    next(lexer)
    if (hides(reading)) return true
    if (isKind(lexer, token.word) && lexer.part === word.union) wasUnion = true
    else if (isKind(lexer, token.word) && lexer.part === word.select && wasUnion) return listed(lexer)
    else if (lexer.part === word.prefix && wasUnion && lexer.commented) return true
    else if (lexer.part !== word.prefix && !isKind(lexer, token.open)) wasUnion = false
  }
  return false
}

function listed(lexer: Lexer): boolean {
  let item = peek(lexer)
  while (isKind(item, token.open)) item = peek(item)
  const star = isKind(item, token.operator) && item.text.charCodeAt(item.start) === STAR
  if (isKind(item, token.word) && item.part === word.select) return true
  const hard =
    star ||
    isKind(item, token.number) ||
    isKind(item, token.variable) ||
    isKind(item, token.string) ||
    (isKind(item, token.word) && item.part === word.constant)
  if (!hard) return isKind(item, token.word) && item.text.charCodeAt(item.at) === OPEN
  const after = peek(item)
  return !isKind(after, token.word) || after.part === word.from
}
