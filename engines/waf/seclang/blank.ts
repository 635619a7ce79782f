/** Blanks are those of ASCII alone: U+00A0, which JavaScript trims too, is here a byte of some UTF-8 character. */
function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}

/** A text without the blanks at its beginning. */
export function trimStart(text: string): string {
  let start = 0
  while (start < text.length && isBlank(text.charCodeAt(start))) start += 1
  return text.slice(start)
}

/** A text without the blanks at its end. */
export function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(0, end)
}

/** A text without the blanks around it. */
export function trim(text: string): string {
  return trimStart(trimEnd(text))
}
