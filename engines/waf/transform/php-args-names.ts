import type { Bytes } from '../model.ts'

const firstIndex = /^([^[]*)\[([^\]]*)\]/
const mayChange = /[ .[\0]/

/**
 * An argument's name as PHP spells it: no blanks in front, spaces and dots as underscores up to the first `[`, nothing
 * behind the indexes; a `[` that is not closed is an underscore too. A name that PHP drops is empty.
 */
export function phpArgsNames(value: Bytes): Bytes {
  if (!mayChange.test(value)) return value
  const result = spelled(cutAtNull(value).replace(/^ +/, ''))
  return result === value ? value : result
}

/** Names are texts of C, which a zero byte ends. */
function cutAtNull(value: Bytes): Bytes {
  const end = value.indexOf('\0')
  return end < 0 ? value : value.slice(0, end)
}

function spelled(name: Bytes): Bytes {
  const open = name.indexOf('[')
  const stem = (open < 0 ? name : name.slice(0, open)).replace(/[ .]/g, '_')
  if (open < 0) return stem
  if (stem === '') return ''
  if (!firstIndex.test(name)) return `${stem}_${name.slice(open + 1)}`
  return stem + indexes(name, open)
}

function indexes(name: Bytes, open: number): Bytes {
  let result = ''
  let at = open
  while (name.charAt(at) === '[') {
    const close = name.indexOf(']', at)
    if (close < 0) break
    const index = name.slice(at + 1, close)
    result += /^[\t-\r ]$/.test(index) ? '[]' : `[${index}]`
    at = close + 1
  }
  return result
}
