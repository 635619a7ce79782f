import type { Bytes } from '../../model.ts'
import { haveOperand } from './have.ts'
import { next } from './lexer.ts'
import { token, type Dialect } from './token.ts'
import { needOperand } from './need.ts'
import { createReading } from './state.ts'
import { hides, unionBehind } from './union.ts'

/**
 * Reads `text` from `from` on as the continuation of an SQL statement whose last token is the string that `quote`
 * closed there (0: any operand may come), and names the structure that makes it an injection; null for none.
 * Reading ends at the first token that SQL would not have there, which in prose is soon.
 */
export function judge(text: Bytes, from: number, quote: number, dialect: Dialect): string | null {
  const reading = createReading(text, from, quote, dialect)
  const { lexer } = reading
  let reads = true
  while (reads && reading.found === null) {
    next(lexer)
    if (hides(reading)) return 'hidden'
    reads = reading.need ? needOperand(reading, haveOperand) : haveOperand(reading)
  }
  if (reading.found !== null) return reading.found
  if (hides(reading)) return 'hidden'
  const over = lexer.kind === token.end || lexer.kind === token.comment
  return !over && unionBehind(reading) ? 'union-select' : null
}
