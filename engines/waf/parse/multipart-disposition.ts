import type { Bytes } from '../model.ts'
import { trimBlankEnd } from '../blank.ts'
import type { MultipartNotes } from './multipart-notes.ts'
import { decodePercent } from './percent.ts'

/** The names in a Content-Disposition, each as often as it is written. */
export interface Disposition {
  readonly names: readonly Bytes[]
  readonly filenames: readonly Bytes[]
}

interface Reading {
  readonly text: Bytes
  readonly notes: MultipartNotes
  at: number
}

const TYPE = /^form-data/i
const SPACE = /[ \t]*/y
const PARAMETER = /([^=; \t]*)[ \t]*(=?)[ \t]*/y
const TOKEN = /[^;]*/y
/** What some readers stop at in a value without quotes. */
const NOT_BARE = /[\s'"]/
const EXTENDED = /^[0-9A-Za-z!#$%&+\-^_`{}~]*'[0-9A-Za-z-]*'/

/** Reads a Content-Disposition (RFC 7578 section 4.2; RFC 5987 for `filename*`), noting what is malformed and reading on. */
export function readDisposition(text: Bytes, notes: MultipartNotes): Disposition {
  const type = TYPE.exec(text)?.[0]
  if (type === undefined) malformed(notes)
  const reading: Reading = { text, notes, at: type?.length ?? Math.max(text.indexOf(';'), 0) }
  const names: Bytes[] = []
  const filenames: Bytes[] = []
  while (reading.at < text.length) {
    skip(reading, SPACE)
    if (reading.at >= text.length) break
    if (text[reading.at] === ';') reading.at += 1
    else malformed(notes)
    const [name, value] = readParameter(reading)
    if (name === 'name') names.push(value)
    else if (name === 'filename') filenames.push(value)
    else if (name === 'filename*') filenames.push(extended(value, notes))
    else malformed(notes)
  }
  if (names.length > 1 || filenames.length > 2) malformed(notes)
  return { names, filenames }
}

function malformed(notes: MultipartNotes): void {
  notes.fail('Multipart: Invalid Content-Disposition header.')
  notes.flag('MULTIPART_INVALID_PART')
}

function skip(reading: Reading, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = reading.at
  const match = pattern.exec(reading.text)
  reading.at += match?.[0].length ?? 0
  return match
}

/** Always moves on by a character at least, as its caller stood at a semicolon or at something else that it takes in. */
function readParameter(reading: Reading): readonly [name: string, value: Bytes] {
  skip(reading, SPACE)
  const match = skip(reading, PARAMETER)
  const name = (match?.[1] ?? '').toLowerCase()
  if (match?.[2] !== '=') return [name === '' ? 'missing' : name, '']
  const quote = reading.text[reading.at]
  if (quote === '"' || quote === "'") return [name, readQuoted(reading, quote)]
  const value = trimBlankEnd(skip(reading, TOKEN)?.[0] ?? '')
  if (NOT_BARE.test(value) && name !== 'filename*') reading.notes.flag('MULTIPART_INVALID_QUOTING')
  return [name, value]
}

function readQuoted(reading: Reading, quote: string): Bytes {
  const { text, notes } = reading
  if (quote === "'") notes.flag('MULTIPART_INVALID_QUOTING')
  const pieces: Bytes[] = []
  let from = reading.at + 1
  for (let at = from; at < text.length; at += 1) {
    const char = text[at]
    if (char === quote) {
      pieces.push(text.slice(from, at))
      reading.at = at + 1
      skip(reading, SPACE)
      if (reading.at < text.length && text[reading.at] !== ';') notes.flag('MULTIPART_INVALID_QUOTING')
      return pieces.join('')
    }
    // Browsers escape the quote alone, so that a backslash before anything else is itself.
    if (char === '\\' && (text[at + 1] === quote || text[at + 1] === '\\')) {
      pieces.push(text.slice(from, at))
      at += 1
      from = at
    }
  }
  malformed(notes)
  reading.at = text.length
  return pieces.join('') + text.slice(from)
}

function extended(value: Bytes, notes: MultipartNotes): Bytes {
  const prefix = EXTENDED.exec(value)?.[0]
  if (prefix === undefined) malformed(notes)
  return decodePercent(value.slice(prefix?.length ?? 0), false).text
}
