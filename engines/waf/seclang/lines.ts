import type { RuleFile } from '../model.ts'
import { trimBlank, trimBlankStart } from '../blank.ts'
import { WafError, type Place } from '../waf-error.ts'

/** One directive with its continuations joined; `place` names the line on which it begins. */
export interface Line {
  readonly place: Place
  readonly text: string
}

const BYTE_ORDER_MARK = '\u00EF\u00BB\u00BF'
const DIRECTIVE = /^[\t-\r ]*(?:Sec[A-Z]|Include)/i

/**
 * Joins lines that end in a backslash and leaves out comments and empty lines. A comment goes on like any other line,
 * but one that would take a directive with it is refused, as are NUL bytes and a last line that is not finished.
 */
export function readLines(file: RuleFile): Line[] {
  const lines: Line[] = []
  const text = file.text.startsWith(BYTE_ORDER_MARK) ? file.text.slice(BYTE_ORDER_MARK.length) : file.text
  let start = 0
  let line = 0
  let begun = 0
  let comment = false
  let parts: string[] = []
  while (start < text.length) {
    line += 1
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const part = text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end)
    start = end + 1
    const place = { file: file.name, line }
    if (part.includes('\0')) throw new WafError('syntax', 'a NUL byte', place)
    if (parts.length === 0) {
      begun = line
      comment = trimBlankStart(part).startsWith('#')
    } else if (comment && DIRECTIVE.test(part)) {
      throw new WafError(
        'syntax',
        'the comment above ends in a backslash and would take this directive with it',
        place,
      )
    }
    if (part.endsWith('\\')) {
      parts.push(part.slice(0, -1))
      continue
    }
    const whole = parts.length === 0 ? trimBlank(part) : trimBlank(`${parts.join('')}${part}`)
    parts = []
    if (whole !== '' && !comment) lines.push({ place: { file: file.name, line: begun }, text: whole })
  }
  if (parts.length > 0) {
    throw new WafError('syntax', 'the file ends after a backslash', { file: file.name, line: begun })
  }
  return lines
}
