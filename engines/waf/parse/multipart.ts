import type { Bytes } from '../model.ts'
import { type MultipartFlag, multipartNotes, type MultipartNotes } from './multipart-notes.ts'
import { type PartHead, readPartHead } from './multipart-part.ts'
import { readBoundary } from './multipart-type.ts'
import type { Pair } from './pairs.ts'

/** The bounds of a body. */
export interface MultipartLimits {
  readonly argumentsMax: number
  readonly filesMax: number
}

/** A part with a file name. */
export interface MultipartFile {
  readonly name: Bytes
  readonly filename: Bytes
  readonly content: Bytes
}

/** The parts of a form, as far as they could be read: a malformed body is read on, so that nothing in it goes unseen. */
export interface MultipartBody {
  readonly fields: readonly Pair[]
  readonly files: readonly MultipartFile[]
  /** The name of a part, and one of its header lines. */
  readonly partHeaders: readonly Pair[]
  /** `MULTIPART_NAME` and `MULTIPART_FILENAME`: every one written, also those that did not count. */
  readonly names: readonly Bytes[]
  readonly filenames: readonly Bytes[]
  readonly flags: ReadonlySet<MultipartFlag>
  /** Why it is not well formed (RFC 7578, RFC 2046); null when it is. */
  readonly error: string | null
  /** There were more fields than `argumentsMax`; the rest was left out. */
  readonly overflow: boolean
}

interface Delimiter {
  /** Where its line begins and where the next line begins. */
  readonly at: number
  readonly next: number
  readonly isLast: boolean
}

interface Gathered {
  readonly fields: Pair[]
  readonly files: MultipartFile[]
  readonly partHeaders: Pair[]
  readonly names: Bytes[]
  readonly filenames: Bytes[]
  overflow: boolean
}

const LIKE_A_BOUNDARY = /--[0-9A-Za-z'()+_,\-./:=?]{1,70}(?:\r?\n|$)/y
const TRAILING = /(--)?([ \t]*)(\r?\n|$)/y

/** Reads a `multipart/form-data` body in one pass. */
export function readMultipart(contentType: Bytes, text: Bytes, limits: MultipartLimits): MultipartBody {
  const notes = multipartNotes()
  const gathered: Gathered = {
    fields: [],
    files: [],
    partHeaders: [],
    names: [],
    filenames: [],
    overflow: false,
  }
  const boundary = readBoundary(contentType, notes)
  if (boundary !== null) readParts(text, `--${boundary}`, gathered, notes, limits)
  const error = notes.error === null ? null : `Multipart parsing error: ${notes.error}`
  return { ...gathered, flags: notes.flags, error }
}

function readParts(
  text: Bytes,
  delimiter: Bytes,
  gathered: Gathered,
  notes: MultipartNotes,
  limits: MultipartLimits,
): void {
  let open = nextDelimiter(text, delimiter, 0, notes)
  if (open === null) {
    if (text !== '') notes.fail('Multipart: No boundaries found in payload.')
    return
  }
  if (open.at > 0) notes.flag('MULTIPART_DATA_BEFORE')
  while (!open.isLast) {
    const close = nextDelimiter(text, delimiter, open.next, notes)
    readPart(text.slice(open.next, close?.at), gathered, notes, limits)
    if (close === null) {
      notes.fail('Multipart: Final boundary missing.')
      return
    }
    open = close
  }
  if (open.next < text.length) notes.flag('MULTIPART_DATA_AFTER')
}

/** The next line that is the delimiter; lines that only resemble it are noted. */
function nextDelimiter(text: Bytes, delimiter: Bytes, from: number, notes: MultipartNotes): Delimiter | null {
  let at = text.startsWith('--', from) ? from : lineOfDashes(text, from)
  let resembles = false
  for (; at !== -1; at = lineOfDashes(text, at)) {
    if (text.startsWith(delimiter, at)) {
      const found = readDelimiter(text, at, delimiter.length, notes)
      if (found !== null) return found
      notes.fail('Multipart: Invalid boundary.')
    }
    // Noted once: a sender may repeat such lines by the million.
    if (resembles) continue
    LIKE_A_BOUNDARY.lastIndex = at
    resembles = LIKE_A_BOUNDARY.test(text)
    if (resembles) notes.flag('MULTIPART_UNMATCHED_BOUNDARY')
  }
  return null
}

function lineOfDashes(text: Bytes, from: number): number {
  const found = text.indexOf('\n--', from)
  return found === -1 ? -1 : found + 1
}

function readDelimiter(text: Bytes, at: number, length: number, notes: MultipartNotes): Delimiter | null {
  TRAILING.lastIndex = at + length
  const match = TRAILING.exec(text)
  if (match === null) return null
  const [whole, dashes = '', , lineEnd = ''] = match
  if (whole.length > dashes.length + lineEnd.length) notes.fail('Multipart: Invalid boundary (whitespace).')
  if (lineEnd !== '') notes.lineEnd(lineEnd === '\r\n')
  return { at, next: at + length + whole.length, isLast: dashes !== '' }
}

function readPart(part: Bytes, gathered: Gathered, notes: MultipartNotes, limits: MultipartLimits): void {
  const head = readPartHead(part, notes)
  const content = withoutLineEnd(part.slice(head.end), notes)
  for (const line of head.lines) gathered.partHeaders.push([head.name, line])
  gathered.names.push(...head.names)
  gathered.filenames.push(...head.filenames)
  const filenames = head.filenames.filter((filename) => filename !== '')
  if (filenames.length === 0) addField(gathered, [head.name, content], limits)
  else addFiles(gathered, head, filenames, content, notes, limits)
}

function addField(gathered: Gathered, field: Pair, limits: MultipartLimits): void {
  if (gathered.fields.length >= limits.argumentsMax) gathered.overflow = true
  else gathered.fields.push(field)
}

function addFiles(
  gathered: Gathered,
  head: PartHead,
  filenames: readonly Bytes[],
  content: Bytes,
  notes: MultipartNotes,
  limits: MultipartLimits,
): void {
  for (const [index, filename] of filenames.entries()) {
    if (gathered.files.length >= limits.filesMax) {
      notes.flag('MULTIPART_FILE_LIMIT_EXCEEDED')
      return
    }
    // One part is one file, whatever names it gives itself: its content counts once.
    gathered.files.push({ name: head.name, filename, content: index === 0 ? content : '' })
  }
}

/** A part's content ends before the line end that belongs to the next delimiter (RFC 2046 section 5.1.1). */
function withoutLineEnd(content: Bytes, notes: MultipartNotes): Bytes {
  if (!content.endsWith('\n')) return content
  const isCrlf = content.endsWith('\r\n')
  if (!isCrlf) notes.lineEnd(false)
  return content.slice(0, isCrlf ? -2 : -1)
}
