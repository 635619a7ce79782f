import type { Bytes } from '../model.ts'

/** Every comment of C as one space, one that is not closed up to the end of the value; a lone end stays. */
export function replaceComments(value: Bytes): Bytes {
  if (!value.includes('/*')) return value
  let result = ''
  let from = 0
  for (;;) {
    const start = value.indexOf('/*', from)
    if (start < 0) return result + value.slice(from)
    result += `${value.slice(from, start)} `
    const end = value.indexOf('*/', start + 2)
    if (end < 0) return result
    from = end + 2
  }
}

const commentStart = /\/\*|<!--|--|#/g
const commentEnd = /\*\/|-->/g

/**
 * Without comments of C and HTML; what follows `--` or `#` is cut off. As in ModSecurity, the byte behind a comment is
 * never read as the beginning of another, a comment at the very end leaves a zero byte, and an open one a space.
 */
export function removeComments(value: Bytes): Bytes {
  let result = ''
  let from = 0
  for (;;) {
    commentStart.lastIndex = from
    const start = commentStart.exec(value)
    if (start === null) return result + value.slice(from)
    result += value.slice(from, start.index)
    if (start[0] === '--' || start[0] === '#') return result
    commentEnd.lastIndex = commentStart.lastIndex
    if (!commentEnd.test(value)) return `${result} `
    const end = commentEnd.lastIndex
    result += end < value.length ? value.charAt(end) : '\0'
    from = end + 1
  }
}

const commentMarks = /\/\*|\*\/|<!--|-->|--|#/g

/** Without the marks of comments: `/*`, its end, `<!--`, `-->`, `--`, `#`. */
export function removeCommentsChar(value: Bytes): Bytes {
  return value.replace(commentMarks, '')
}
