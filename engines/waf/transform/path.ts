import type { Bytes } from '../model.ts'

/** Without empty and `.` segments, and without segments that `..` takes back; a path that is not absolute may begin with `..`. */
export function normalizePath(value: Bytes): Bytes {
  const mayChange = value.includes('//') || value.includes('./') || value.endsWith('.')
  return mayChange ? normalized(value) : value
}

/** As `normalizePath`, with backslashes read as slashes. */
export function normalizePathWin(value: Bytes): Bytes {
  return normalizePath(value.includes('\\') ? value.replaceAll('\\', '/') : value)
}

function normalized(value: Bytes): Bytes {
  const absolute = value.startsWith('/')
  const kept: string[] = []
  for (const segment of value.split('/')) {
    if (segment === '' || segment === '.') continue
    const backs = segment === '..'
    if (!backs) kept.push(segment)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (!absolute) kept.push(segment)
  }
  const body = kept.join('/')
  const end = value.endsWith('/') && kept.length > 0 ? '/' : ''
  const result = `${absolute && (kept.length > 0 || value.endsWith('/')) ? '/' : ''}${body}${end}`
  return result === value ? value : result
}
