import type { RequestHead } from '../api.ts'
import type { Bytes } from '../model.ts'
import { trimBlank } from '../blank.ts'

/** Bytes of a request read as far as they can be. */
export interface RawRequest {
  readonly head: RequestHead
  readonly body: Uint8Array
}

const METHOD_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const PROTOCOL = /^HTTP\/[0-9]\.[0-9]$/
const VISIBLE = /^[\x21-\x7e\x80-\xff]+$/
const PROTOCOL_AFTER = /^HTTP(?:\/|$)/i
const HTTP_09 = 'HTTP/0.9'

/**
 * Reads request bytes that a strict parser refused, so that rules can look at them: a first line of any shape, bare
 * line feeds, folded and colonless header lines, control bytes, a missing end. Never throws.
 */
export function readRawRequest(bytes: Uint8Array): RawRequest {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const start = emptyLinesEnd(text)
  const first = lineAt(text, start)
  const { headers, end } = readHeaders(text, first.next)
  return { head: { ...readFirstLine(first.line), headers }, body: readBody(text, end, headers) }
}

function emptyLinesEnd(text: Bytes): number {
  let at = 0
  for (;;) {
    if (text[at] === '\n') at += 1
    else if (text[at] === '\r' && text[at + 1] === '\n') at += 2
    else return at
  }
}

function lineAt(text: Bytes, from: number): { line: Bytes; next: number } {
  const feed = text.indexOf('\n', from)
  const end = feed === -1 ? text.length : feed
  const cut = end > from && text[end - 1] === '\r' ? end - 1 : end
  return { line: text.slice(from, cut), next: feed === -1 ? text.length : feed + 1 }
}

/** Takes a first line apart; `line` is there when it is not well formed. */
function readFirstLine(line: Bytes): Omit<RequestHead, 'headers'> {
  const words = line.split(' ')
  const [method = '', target = '', protocol = ''] = words
  const wellFormed =
    words.length === 3 && METHOD_TOKEN.test(method) && VISIBLE.test(target) && PROTOCOL.test(protocol)
  if (wellFormed) return { method, target, protocol }
  const parts = line.split(/[ \t\v\f\r]+/).filter((part) => part !== '')
  const last = parts.length > 1 ? (parts.at(-1) ?? '') : ''
  const hasProtocol = PROTOCOL_AFTER.test(last)
  const between = parts.slice(1, hasProtocol ? -1 : undefined)
  return {
    method: parts[0] ?? '',
    target: between.join(' '),
    protocol: hasProtocol ? last : HTTP_09,
    line,
  }
}

function readHeaders(text: Bytes, from: number): { headers: Bytes[]; end: number } {
  const headers: Bytes[] = []
  let at = from
  while (at < text.length) {
    const { line, next } = lineAt(text, at)
    at = next
    if (line === '') break
    const folded = (line.startsWith(' ') || line.startsWith('\t')) && headers.length > 0
    const colon = line.indexOf(':')
    if (folded) headers.push(`${headers.pop() ?? ''} ${trimBlank(line)}`)
    else if (colon === -1) headers.push(trimBlank(line), '')
    else headers.push(trimBlank(line.slice(0, colon)), trimBlank(line.slice(colon + 1)))
  }
  return { headers, end: at }
}

function headerValue(headers: readonly Bytes[], wanted: string): Bytes | null {
  for (let at = 0; at < headers.length; at += 2)
    if (headers[at]?.toLowerCase() === wanted) return headers[at + 1] ?? ''
  return null
}

function readBody(text: Bytes, from: number, headers: readonly Bytes[]): Uint8Array {
  const coding = headerValue(headers, 'transfer-encoding')
  if (coding !== null && /chunked/i.test(coding)) return Buffer.from(withoutChunks(text, from), 'latin1')
  const length = headerValue(headers, 'content-length')
  const end = length !== null && /^[0-9]{1,15}$/.test(length) ? from + Number(length) : text.length
  return Buffer.from(text.slice(from, end), 'latin1')
}

/** Joins chunks; from the first that is malformed on, everything counts as body. */
function withoutChunks(text: Bytes, from: number): Bytes {
  const pieces: Bytes[] = []
  let at = from
  while (at < text.length) {
    const { line, next } = lineAt(text, at)
    const size = /^[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;|$)/.exec(line)?.[1]
    if (size === undefined) return pieces.join('') + text.slice(at)
    const bytes = Number.parseInt(size, 16)
    if (bytes === 0) break
    pieces.push(text.slice(next, next + bytes))
    at = lineAt(text, next + bytes).next
  }
  return pieces.join('')
}
