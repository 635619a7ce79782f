import type { Bytes } from '../model.ts'
import type { Pair } from './pairs.ts'

const SPACE = /^[ \t\r\n\v\f]+/
const SPACE_AFTER = /[ \t\r\n\v\f]+$/

/**
 * Reads a `Cookie` header: names and values as sent, nothing decoded, names that come again kept. Format 0 is what
 * browsers send (RFC 6265); format 1 is RFC 2965, whose values may be quoted and which also parts at commas.
 * A cookie without a name has the name `''`.
 */
export function readCookies(header: Bytes, format: 0 | 1 = 0): readonly Pair[] {
  const pieces = format === 1 ? splitOutsideQuotes(header) : trimEnd(header).split(';')
  const pairs: Pair[] = []
  for (const piece of pieces) {
    const equals = piece.indexOf('=')
    const name = (equals === -1 ? piece : piece.slice(0, equals)).replace(SPACE, '')
    const value = equals === -1 ? '' : piece.slice(equals + 1)
    if (name === '' && value === '') continue
    pairs.push(format === 1 ? [trimEnd(name), unquoted(value)] : [name, value])
  }
  return pairs
}

function trimEnd(text: Bytes): Bytes {
  // A pattern anchored at the end would try each run of spaces anew.
  let end = text.length
  while (end > 0 && SPACE_AFTER.test(text[end - 1] ?? '')) end -= 1
  return text.slice(0, end)
}

function splitOutsideQuotes(header: Bytes): readonly Bytes[] {
  const pieces: Bytes[] = []
  let [from, quoted] = [0, false]
  for (let at = 0; at < header.length; at += 1) {
    const char = header[at]
    if (quoted && char === '\\') at += 1
    else if (char === '"') quoted = !quoted
    else if (!quoted && (char === ';' || char === ',')) {
      pieces.push(header.slice(from, at))
      from = at + 1
    }
  }
  pieces.push(header.slice(from))
  return pieces
}

function unquoted(value: Bytes): Bytes {
  const bare = trimEnd(value.replace(SPACE, ''))
  if (!bare.startsWith('"')) return bare
  const inner = bare.length > 1 && bare.endsWith('"') ? bare.slice(1, -1) : bare.slice(1)
  return inner.replaceAll(/\\([\s\S])/g, '$1')
}
