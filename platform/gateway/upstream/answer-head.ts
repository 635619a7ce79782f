import type { IncomingHttpHeaders } from 'node:http'

/** How the body of an answer ends: by its bytes, by its last chunk, with the connection, or there is none (RFC 9112 §6.3). */
export type Framing = number | 'chunked' | 'until-close'

/** The head of an answer of the protected service. */
export interface AnswerHead {
  readonly status: number
  readonly httpVersion: '1.0' | '1.1'
  /** By small name; what stands twice is joined by commas, or the first counts where only one may stand. */
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, in the order and spelling of the wire. */
  readonly rawHeaders: readonly string[]
  readonly framing: Framing
  /** Whether another request may follow on the connection. */
  readonly keeps: boolean
  /** Seconds that the service keeps an unused connection, where it says so. */
  readonly keptSeconds: number | null
}

/** What the protected service sent is not HTTP/1.1 as it must be written: nothing of it is handed on. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer'
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/** Of these the first counts. */
const SINGLE: ReadonlySet<string> = new Set([
  'age',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
  'server',
])

/**
 * Reads the head of an answer to a request of this method; `text` is what stands before the empty line, as latin1. It is
 * strict, because what two readers take apart differently is how answers are smuggled: whoever cannot be read in one way
 * only gets no reader at all.
 */
export function readAnswerHead(text: string, method: string): AnswerHead {
  const end = text.indexOf('\r\n')
  const line = STATUS_LINE.exec(end < 0 ? text : text.slice(0, end))
  if (line === null) throw new MalformedAnswer('the first line is none of HTTP/1.1')
  const status = Number(line[2])
  const httpVersion = line[1] === '0' ? '1.0' : '1.1'
  const { headers, rawHeaders } = readFields(text, end < 0 ? text.length : end + 2)
  const framing = framingOf(headers, httpVersion, method, status)
  return {
    status,
    httpVersion,
    headers,
    rawHeaders,
    framing,
    keeps:
      framing !== 'until-close' &&
      httpVersion === '1.1' &&
      !/\bclose\b/i.test(headers.connection ?? '') &&
      !tellsOfNoBody(status, headers),
    keptSeconds: keptSeconds(headers['keep-alive']),
  }
}

function readFields(text: string, from: number): Pick<AnswerHead, 'headers' | 'rawHeaders'> {
  const rawHeaders: string[] = []
  const headers: IncomingHttpHeaders = {}
  for (let at = from; at < text.length;) {
    const next = text.indexOf('\r\n', at)
    const end = next < 0 ? text.length : next
    const colon = text.indexOf(':', at)
    const name = text.slice(at, colon)
    // Also a line without a colon, one that goes on from the line before, and a blank before the colon.
    if (colon < 0 || colon > end || !NAME.test(name)) throw new MalformedAnswer('a line is no header')
    const value = unpadded(text, colon + 1, end)
    if (NOT_IN_VALUE.test(value)) throw new MalformedAnswer('a header holds a control character')
    rawHeaders.push(name, value)
    put(headers, name.toLowerCase(), value)
    at = end + 2
  }
  return { headers, rawHeaders }
}

/** Without the blanks around it; a no-break space is none. */
function unpadded(text: string, start: number, stop: number): string {
  let [from, to] = [start, stop]
  while (from < to && isBlank(text.charCodeAt(from))) from += 1
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function put(headers: IncomingHttpHeaders, name: string, value: string): void {
  if (name === 'set-cookie') {
    const cookies = headers['set-cookie']
    if (cookies === undefined) headers['set-cookie'] = [value]
    else cookies.push(value)
    return
  }
  // A header may be called like what every object has.
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (before === undefined) headers[name] = value
  else if (name === 'content-length') throw new MalformedAnswer('the length is told twice')
  else if (!SINGLE.has(name)) headers[name] = `${String(before)}, ${value}`
}

function framingOf(
  headers: IncomingHttpHeaders,
  httpVersion: string,
  method: string,
  status: number,
): Framing {
  const { 'transfer-encoding': coding, 'content-length': length } = headers
  if (length !== undefined && !/^[0-9]{1,15}$/.test(length))
    throw new MalformedAnswer('the length is no number')
  if (coding !== undefined) {
    if (length !== undefined) throw new MalformedAnswer('the length is told in two ways')
    if (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked')
      throw new MalformedAnswer('the transfer coding is not known')
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0
  if (coding !== undefined) return 'chunked'
  return length === undefined ? 'until-close' : Number(length)
}

/** Whether an answer that has no body tells how long it is: who sends it may send one all the same. */
function tellsOfNoBody(status: number, headers: IncomingHttpHeaders): boolean {
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = headers
  return status === 204 && (coding !== undefined || Number(length) > 0)
}

/** Whether an answer is an event stream, which has no end of its own; types are spelled as anybody likes (RFC 9110 §8.3.1). */
export function isEventStream({ headers }: Pick<AnswerHead, 'headers'>): boolean {
  return /^text\/event-stream\b/i.test(headers['content-type'] ?? '')
}

function keptSeconds(keepAlive: string | string[] | undefined): number | null {
  const said = typeof keepAlive === 'string' ? /(?:^|,\s*)timeout=([0-9]{1,6})\b/i.exec(keepAlive) : null
  return said === null ? null : Number(said[1])
}
