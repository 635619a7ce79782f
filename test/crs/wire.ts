import type { StageInput } from './case.ts'

/** What one stage hands on to the next. */
export interface Carried {
  readonly cookies: Map<string, string>
  location: string | null
}

interface Draft {
  readonly method: string
  readonly headers: [name: string, value: string][]
  data: string
}

const FORM = 'application/x-www-form-urlencoded'
const REPEAT = /\{\{\s*"((?:[^"\\]|\\.)*)"\s*\|\s*repeat\s+(\d+)\s*\}\}/g
const HAS_BODY = /^(?:POST|PUT|PATCH|DELETE)$/

/** The bytes that go-ftw sends for a stage, one character a byte. */
export function wireText(input: StageInput, carried: Carried): string {
  if (input.encoded_request !== undefined)
    return Buffer.from(input.encoded_request, 'base64').toString('latin1')
  if (input.raw_request !== undefined) return latin1(input.raw_request)
  const draft: Draft = {
    method: latin1(String(input.method ?? 'GET')),
    headers: headersOf(input),
    data: dataOf(input),
  }
  const target =
    input.follow_redirect === true && carried.location !== null ? carried.location : String(input.uri ?? '/')
  if (carried.cookies.size > 0 && valuesOf(draft, 'cookie').length === 0)
    draft.headers.push(['Cookie', [...carried.cookies].map(([name, value]) => `${name}=${value}`).join('; ')])
  const complete = input.autocomplete_headers ?? input.stop_magic !== true
  if (complete && draft.data !== '') completeForm(draft)
  if (valuesOf(draft, 'content-type').some((value) => value.includes('multipart/form-data;')))
    draft.data = draft.data.replaceAll(/\r?\n/g, '\r\n')
  if (complete) completeHeaders(draft)
  const lines = draft.headers.map(([name, value]) => `${name}: ${value}\r\n`)
  const first = `${draft.method} ${latin1(repeated(target))} ${latin1(String(input.version ?? 'HTTP/1.1'))}`
  return `${first}\r\n${lines.join('')}\r\n${draft.data}`
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function repeated(text: string): string {
  return text.replaceAll(REPEAT, (_whole, piece: string, times: string) =>
    (JSON.parse(`"${piece}"`) as string).repeat(Number(times)),
  )
}

function headersOf(input: StageInput): [string, string][] {
  const pairs: [string, string][] =
    input.ordered_headers === undefined
      ? Object.entries(input.headers ?? {}).map(([name, value]) => [name, value ?? ''])
      : input.ordered_headers.map(({ name, value }) => [name, value])
  return pairs.map(([name, value]) => [latin1(name), latin1(repeated(value))])
}

function dataOf(input: StageInput): string {
  if (input.encoded_data !== undefined) return Buffer.from(input.encoded_data, 'base64').toString('latin1')
  const { data } = input
  if (data === undefined || data === null) return ''
  return latin1(repeated(Array.isArray(data) ? data.join('\r\n') : String(data)))
}

function valuesOf(draft: Draft, name: string): readonly string[] {
  return draft.headers.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value.toLowerCase())
}

/** Data without a type is a form; a form that is not encoded yet is encoded, piece by piece. */
function completeForm(draft: Draft): void {
  const types = valuesOf(draft, 'content-type')
  if (types.length === 0) draft.headers.push(['Content-Type', FORM])
  if ((types.length === 0 || types.includes(FORM)) && isPlain(draft.data))
    draft.data = draft.data
      .split('&')
      .map((piece) => {
        const equals = piece.indexOf('=')
        if (equals === -1) return encoded(piece)
        return `${encoded(piece.slice(0, equals))}=${encoded(piece.slice(equals + 1))}`
      })
      .join('&')
}

/** Whether decoding changes nothing; what cannot be decoded counts as encoded. */
function isPlain(data: string): boolean {
  return !data.includes('%') && !data.includes('+')
}

function encoded(text: string): string {
  return text
    .replaceAll(
      /[^A-Za-z0-9_.~ -]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .replaceAll(' ', '+')
}

function completeHeaders(draft: Draft): void {
  if (valuesOf(draft, 'connection').length === 0) draft.headers.push(['Connection', 'close'])
  const needsLength = draft.data !== '' || HAS_BODY.test(draft.method)
  if (needsLength && valuesOf(draft, 'content-length').length === 0)
    draft.headers.push(['Content-Length', String(draft.data.length)])
}
