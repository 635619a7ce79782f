import type { Bytes } from './model.ts'

/**
 * Whether a character is a space or one of the five ASCII control characters that count as one (C's `isspace`); bytes above 127
 * never are, and so not U+00A0, which JavaScript trims too.
 */
export function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

/** A text without blanks at its beginning. */
export function trimBlankStart(text: Bytes): Bytes {
  let from = 0
  while (from < text.length && isBlank(text.charCodeAt(from))) from += 1
  return from === 0 ? text : text.slice(from)
}

/** A text without blanks at its end. */
export function trimBlankEnd(text: Bytes): Bytes {
  let end = text.length
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end -= 1
  return end === text.length ? text : text.slice(0, end)
}

/** A text without blanks at both ends. */
export function trimBlank(text: Bytes): Bytes {
  return trimBlankEnd(trimBlankStart(text))
}
