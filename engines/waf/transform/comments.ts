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
const anyComment = /\/\*|<!--|--|#/

/**
 * Without comments of C and HTML; what follows `--` or `#` is cut off. As in ModSecurity, the byte behind a comment is
 * never read as the beginning of another, a comment at the very end leaves a zero byte, and an open one a space.
 */
export function removeComments(value: Bytes): Bytes {
  if (!anyComment.test(value)) return value
  const pattern = new RegExp(commentStart)
  const ends = endFinder(value)
  let result = ''
  let from = 0
  for (;;) {
    pattern.lastIndex = from
    const start = pattern.exec(value)
    if (start === null) return result + value.slice(from)
    result += value.slice(from, start.index)
    if (start[0] === '--' || start[0] === '#') return result
    const end = ends(start.index + start[0].length)
    if (end < 0) return `${result} `
    result += end < value.length ? value.charAt(end) : '\0'
    from = end + 1
  }
}

/** Finds where the next comment ends, whether as in C or in HTML; asked for rising places, it looks at each byte once. */
function endFinder(value: Bytes): (from: number) => number {
  const pattern = /\*\/|-->/g
  return (from) => {
    pattern.lastIndex = from
    return pattern.test(value) ? pattern.lastIndex : -1
  }
}

const commentMarks = /\/\*|\*\/|<!--|-->|--|#/g

/** Without the marks of comments: `/*`, its end, `<!--`, `-->`, `--`, `#`. */
export function removeCommentsChar(value: Bytes): Bytes {
  return marks.test(value) ? value.replace(commentMarks, '') : value
}

const marks = /\/\*|\*\/|--|#/
