import type { Bytes } from '../model.ts'
import { isBlank, trimBlank, trimBlankEnd, trimBlankStart } from '../blank.ts'
import type { MultipartNotes } from './multipart-notes.ts'

const TYPE = /^multipart\/form-data/i
const HEADER_BYTES_MAX = 1024
const BOUNDARY_CHARACTERS = /^[0-9A-Za-z'()+_,\-./:=? ]*[0-9A-Za-z'()+_,\-./:=?]$/
const [SEMICOLON, COMMA] = [0x3b, 0x2c]
const PARAMETER_NAMES = /boundary/gi

/** Finds the boundary in a `Content-Type` (RFC 2046 section 5.1.1), noting what is odd; null when there is none to go by. */
export function readBoundary(contentType: Bytes, notes: MultipartNotes): Bytes | null {
  const type = TYPE.exec(contentType)?.[0]
  if (type === undefined) return fail(notes, 'Multipart: Invalid MIME type.')
  if (contentType.length > HEADER_BYTES_MAX) notes.fail('Multipart: Invalid boundary in C-T (length).')
  const found = boundaryParameters(contentType, type.length)
  const [first] = found
  if (first === undefined) return fail(notes, 'Multipart: Boundary not found in C-T.')
  if (found.length > 1) notes.fail('Multipart: Multiple boundary parameters in C-T.')
  noteBefore(contentType.slice(type.length, first.from), notes)
  const between = contentType.slice(first.from + 'boundary'.length, first.equals)
  if (between !== '') notes.flag('MULTIPART_BOUNDARY_WHITESPACE')
  return readValue(contentType.slice(first.equals + 1), notes)
}

function fail(notes: MultipartNotes, message: string): null {
  notes.fail(message)
  return null
}

/** Where the word stands as a parameter's name, and its equals sign. */
function boundaryParameters(text: Bytes, from: number): readonly { from: number; equals: number }[] {
  const found: { from: number; equals: number }[] = []
  PARAMETER_NAMES.lastIndex = from
  for (let match = PARAMETER_NAMES.exec(text); match !== null; match = PARAMETER_NAMES.exec(text)) {
    let equals = match.index + match[0].length
    while (isBlank(text.charCodeAt(equals))) equals += 1
    if (text[equals] === '=' && isBetween(text.charCodeAt(match.index - 1)))
      found.push({ from: match.index, equals })
  }
  return found
}

function isBetween(code: number): boolean {
  return isBlank(code) || code === SEMICOLON || code === COMMA
}

/** What stands between the type and the boundary: a semicolon, or whole parameters before it. */
function noteBefore(before: Bytes, notes: MultipartNotes): void {
  const bare = trimBlank(before)
  if (bare === '') notes.flag('MULTIPART_MISSING_SEMICOLON')
  else if (!bare.endsWith(';') || !bare.startsWith(';'))
    notes.fail('Multipart: Invalid boundary in C-T (malformed).')
}

function readValue(after: Bytes, notes: MultipartNotes): Bytes | null {
  const trimmed = trimBlankStart(after)
  if (trimmed.length < after.length) notes.flag('MULTIPART_BOUNDARY_WHITESPACE')
  const isQuoted = trimmed.startsWith('"')
  const end = trimmed.indexOf(isQuoted ? '"' : ';', 1)
  const value = trimmed.slice(isQuoted ? 1 : 0, end === -1 ? undefined : end)
  const boundary = isQuoted ? value : trimBlankEnd(value)
  if (isQuoted) notes.flag('MULTIPART_BOUNDARY_QUOTED')
  if (isQuoted ? end === -1 : boundary.includes('"'))
    notes.fail('Multipart: Invalid boundary in C-T (quote).')
  if (boundary === '') return fail(notes, 'Multipart: Invalid boundary in C-T (empty).')
  if (!BOUNDARY_CHARACTERS.test(boundary)) notes.fail('Multipart: Invalid boundary in C-T (characters).')
  return boundary
}
