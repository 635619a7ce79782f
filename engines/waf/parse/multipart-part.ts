import type { Bytes } from '../model.ts'
import { isBlank, trimBlank } from '../blank.ts'
import { readDisposition } from './multipart-disposition.ts'
import type { MultipartNotes } from './multipart-notes.ts'

/** The head of a part. */
export interface PartHead {
  /** The first `name` of its Content-Disposition; empty without one. */
  readonly name: Bytes
  readonly names: readonly Bytes[]
  readonly filenames: readonly Bytes[]
  /** Header lines, folded ones joined, without their ends. */
  readonly lines: readonly Bytes[]
  /** Where its content begins. */
  readonly end: number
}

const NAME = /^[\x21-\x7e]+$/

/** Reads the header lines of a part up to the empty line. */
export function readPartHead(part: Bytes, notes: MultipartNotes): PartHead {
  const { lines, end } = readLines(part, notes)
  checkNames(lines, notes)
  const dispositions = lines.filter((line) => /^content-disposition[ \t]*:/i.test(line))
  if (dispositions.length === 0) {
    notes.fail('Multipart: Part missing Content-Disposition header.')
    notes.flag('MULTIPART_INVALID_PART')
  }
  const names: Bytes[] = []
  const filenames: Bytes[] = []
  for (const line of dispositions) {
    const read = readDisposition(trimBlank(line.slice(line.indexOf(':') + 1)), notes)
    names.push(...read.names)
    filenames.push(...read.filenames)
  }
  if (dispositions.length > 0 && names.length === 0) {
    notes.fail('Multipart: Content-Disposition header missing name field.')
    notes.flag('MULTIPART_INVALID_PART')
  }
  return { name: names[0] ?? '', names, filenames, lines: lines.filter((line) => line.includes(':')), end }
}

function readLines(part: Bytes, notes: MultipartNotes): { lines: Bytes[]; end: number } {
  const lines: Bytes[] = []
  let at = 0
  while (at < part.length) {
    const feed = part.indexOf('\n', at)
    const next = feed === -1 ? part.length : feed + 1
    const isCrlf = feed > at && part[feed - 1] === '\r'
    if (feed !== -1) notes.lineEnd(isCrlf)
    const line = part.slice(at, feed === -1 ? part.length : isCrlf ? feed - 1 : feed)
    at = next
    if (line === '') {
      if (at >= part.length) notes.flag('MULTIPART_INVALID_PART')
      return { lines, end: at }
    }
    addLine(lines, line, notes)
  }
  notes.fail('Multipart: Invalid part (data contains boundary).')
  notes.flag('MULTIPART_INVALID_PART')
  return { lines, end: part.length }
}

function addLine(lines: Bytes[], line: Bytes, notes: MultipartNotes): void {
  if (line.includes('\0')) notes.fail('Multipart: Nul byte in part headers.')
  const first = line.charCodeAt(0)
  if (!isBlank(first)) {
    lines.push(line)
    return
  }
  notes.flag('MULTIPART_HEADER_FOLDING')
  if (first !== 0x20 && first !== 0x09) notes.flag('MULTIPART_INVALID_HEADER_FOLDING')
  const before = lines.pop()
  if (before === undefined) notes.fail('Multipart: Invalid part header (folding error).')
  lines.push(before === undefined ? trimBlank(line) : `${before} ${trimBlank(line)}`)
}

function checkNames(lines: readonly Bytes[], notes: MultipartNotes): void {
  const seen = new Set<string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase()
    if (colon === -1) notes.fail('Multipart: Invalid part header (colon missing).')
    else if (name === '') notes.fail('Multipart: Invalid part header (header name missing).')
    else if (!NAME.test(name)) notes.fail('Multipart: Invalid part header (contains invalid character).')
    if (colon !== -1 && seen.has(name)) notes.fail('Multipart: Duplicate part header.')
    seen.add(name)
  }
}
