import type { Bytes } from '../model.ts'
import { trimBlank, trimBlankEnd, trimBlankStart } from '../blank.ts'
import type { Pair } from './pairs.ts'

/**
 * Reads a `Cookie` header: names and values as sent, nothing decoded, names that come again kept. Format 0 is what
 * browsers send (RFC 6265); format 1 is RFC 2965, whose values may be quoted and which also parts at commas.
 * A cookie without a name has the name `''`.
 */
export function readCookies(header: Bytes, format: 0 | 1 = 0): readonly Pair[] {
  const pieces = format === 1 ? splitOutsideQuotes(header) : trimBlankEnd(header).split(';')
  const pairs: Pair[] = []
  for (const piece of pieces) {
    const equals = piece.indexOf('=')
    const name = trimBlankStart(equals === -1 ? piece : piece.slice(0, equals))
    const value = equals === -1 ? '' : piece.slice(equals + 1)
    if (name === '' && value === '') continue
    pairs.push(format === 1 ? [trimBlankEnd(name), unquoted(value)] : [name, value])
  }
  return pairs
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
  const bare = trimBlank(value)
  if (!bare.startsWith('"')) return bare
  const inner = bare.length > 1 && bare.endsWith('"') ? bare.slice(1, -1) : bare.slice(1)
  return inner.replaceAll(/\\([\s\S])/g, '$1')
}
