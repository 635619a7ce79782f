import type { Bytes } from '../model.ts'
import { needsOneOf } from './needs.ts'
import type { MakeOperator, Operator } from './operator.ts'

/** The argument stands somewhere in the value; also `strmatch`, which ModSecurity tells apart only by the way it searches. */
export const contains: MakeOperator = (text) =>
  holding(
    text,
    (value) => value.includes(text),
    (value) => value.indexOf(text),
  )

/** The value begins with the argument. */
export const beginsWith: MakeOperator = (text) =>
  holding(
    text,
    (value) => value.startsWith(text),
    () => 0,
  )

/** The value ends with the argument. */
export const endsWith: MakeOperator = (text) =>
  holding(
    text,
    (value) => value.endsWith(text),
    (value) => value.length - text.length,
  )

/** The value is the argument. */
export const streq: MakeOperator = (text) =>
  holding(
    text,
    (value) => value === text,
    () => 0,
  )

/** The argument stands in the value with no ASCII letter right before or behind it; digits are no letters. */
export const containsWord: MakeOperator = (text) =>
  holding(
    text,
    (value) => wordIndex(value, text) >= 0,
    (value) => wordIndex(value, text),
  )

/** The value stands somewhere in the argument. */
export const within: MakeOperator = (text) => ({
  test: (value) => text.includes(value),
  capture: (value) => ({ groups: [value], index: 0 }),
  needs: null,
})

function holding(text: Bytes, test: (value: Bytes) => boolean, indexIn: (value: Bytes) => number): Operator {
  return {
    test,
    capture: (value) => ({ groups: [text], index: indexIn(value) }),
    // Only asked when rules are loaded; a macro's operator is made for one value.
    get needs() {
      return needsOneOf([text])
    },
  }
}

function wordIndex(value: Bytes, word: Bytes): number {
  if (word === '') return 0
  let at = value.indexOf(word)
  while (at >= 0 && (isLetter(value, at - 1) || isLetter(value, at + word.length)))
    at = value.indexOf(word, at + 1)
  return at
}

function isLetter(value: Bytes, index: number): boolean {
  const small = value.charCodeAt(index) | 0x20
  return small >= 0x61 && small <= 0x7a
}
