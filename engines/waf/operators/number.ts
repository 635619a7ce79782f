import { isBlank } from '../blank.ts'
import type { Bytes } from '../model.ts'
import type { OperatorName } from '../names.ts'
import type { MakeOperator } from './operator.ts'

/** Whether a value and an argument, as numbers, stand to each other as the operator says. */
export type Compare = (value: number, argument: number) => boolean

/** What operators that compare numbers ask. */
export const COMPARISONS = {
  eq: (value, argument) => value === argument,
  ge: (value, argument) => value >= argument,
  gt: (value, argument) => value > argument,
  le: (value, argument) => value <= argument,
  lt: (value, argument) => value < argument,
} satisfies Partial<Record<OperatorName, Compare>>

function comparing(compare: Compare): MakeOperator {
  return (argument) => {
    const number = readNumber(argument)
    return { test: (value) => compare(readNumber(value), number), needs: null }
  }
}

/** The value as a number is that of the argument. */
export const eq = comparing(COMPARISONS.eq)

/** The value as a number is at least that of the argument. */
export const ge = comparing(COMPARISONS.ge)

/** The value as a number is greater than that of the argument. */
export const gt = comparing(COMPARISONS.gt)

/** The value as a number is at most that of the argument. */
export const le = comparing(COMPARISONS.le)

/** The value as a number is less than that of the argument. */
export const lt = comparing(COMPARISONS.lt)

/** As C's `atoi`: blanks, a sign, digits; what follows is not looked at and a text without digits is 0. Large numbers stay large. */
export function readNumber(text: Bytes): number {
  let at = 0
  let byte = text.charCodeAt(at)
  while (isBlank(byte)) byte = text.charCodeAt((at += 1))
  const negative = byte === 0x2d
  if (negative || byte === 0x2b) byte = text.charCodeAt((at += 1))
  let number = 0
  while (byte >= 0x30 && byte <= 0x39) {
    number = number * 10 + byte - 0x30
    byte = text.charCodeAt((at += 1))
  }
  // A zero with a sign is zero.
  return negative ? 0 - number : number
}
