import type { Bytes } from '../model.ts'
import { compilePattern } from '../regex/index.ts'
import type { Capture, MakeOperator, Operator } from './operator.ts'

/** The value holds a payment card number: a match of the argument, a pattern, whose check digit is right (Luhn). */
export const verifyCC: MakeOperator = (argument, _host, place) =>
  verified(compilePattern(argument, {}, place), isCard)

/** The value holds a Brazilian taxpayer number with both check digits right. */
export const verifyCPF: MakeOperator = (argument, _host, place) =>
  verified(compilePattern(argument, {}, place), isCpf)

/** The value holds a social security number of the United States that may have been given out. */
export const verifySSN: MakeOperator = (argument, _host, place) =>
  verified(compilePattern(argument, {}, place), isSsn)

/** The value holds an Austrian social security number with its check digit right. */
export const verifySVNR: MakeOperator = (argument, _host, place) =>
  verified(compilePattern(argument, {}, place), isSvnr)

const CANDIDATES_MAX = 4096

/** Looks at each match of the pattern, those that overlap too; beyond so many that are no number the value counts as holding one. */
function verified(
  pattern: ReturnType<typeof compilePattern>,
  isValid: (digits: readonly number[]) => boolean,
): Operator {
  const find = (value: Bytes): Capture | null => {
    let from = 0
    for (let tried = 0; tried < CANDIDATES_MAX; tried += 1) {
      const match = pattern.exec(value.slice(from))
      if (match === null) return null
      const text = match.groups[0] ?? ''
      if (isValid(digitsOf(text))) return { groups: [text], index: from + match.index }
      from += match.index + 1
      if (from > value.length) return null
    }
    return { groups: [''], index: from }
  }
  return { test: (value) => find(value) !== null, capture: find, needs: pattern.needs }
}

function digitsOf(text: Bytes): readonly number[] {
  return Array.from(text.slice(0, 256).replace(/\D+/g, ''), Number)
}

function isCard(digits: readonly number[]): boolean {
  const sum = digits.toReversed().reduce((total, digit, place) => {
    const weighted = place % 2 === 1 ? digit * 2 : digit
    return total + (weighted > 9 ? weighted - 9 : weighted)
  }, 0)
  return digits.length > 0 && sum % 10 === 0
}

function weigh(digits: readonly number[], weights: readonly number[]): number {
  return weights.reduce((sum, weight, place) => sum + weight * (digits[place] ?? 0), 0)
}

function isCpf(digits: readonly number[]): boolean {
  if (digits.length !== 11 || new Set(digits).size === 1) return false
  const first = ((weigh(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10
  const second = ((weigh(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10
  return first === digits[9] && second === digits[10]
}

/** Areas 000, 666 and from 740 on, a group 00, a serial 0000, nine equal and nine rising digits were never given out. */
function isSsn(digits: readonly number[]): boolean {
  if (digits.length !== 9 || new Set(digits).size === 1) return false
  if (digits.every((digit, place) => digit === (digits[0] ?? 0) + place)) return false
  const area = Number(digits.slice(0, 3).join(''))
  const group = Number(digits.slice(3, 5).join(''))
  const serial = Number(digits.slice(5).join(''))
  return area > 0 && area < 740 && area !== 666 && group > 0 && serial > 0
}

function isSvnr(digits: readonly number[]): boolean {
  if (digits.length !== 10 || new Set(digits).size === 1) return false
  const check = weigh(digits, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11
  return (check === 10 ? 0 : check) === digits[3]
}
