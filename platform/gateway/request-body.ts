import { Problem } from '../kernel/problem.ts'

const JSON_TYPE = /^application\/json\s*(?:;\s*charset=utf-8\s*)?$/i
const SCIM_TYPE = /^application\/(?:scim\+)?json\s*(?:;\s*charset=utf-8\s*)?$/i

/** A body on its way, with the headers that describe it; null for none. */
export interface Arriving {
  readonly headers: Pick<Headers, 'get'>
  readonly body: () => AsyncIterable<Uint8Array> | null
}

/**
 * Reads the JSON body of an API request, at most `bytesMax` of it; an absent body is an empty object. Only
 * `application/json` is read: a form, which another site can send without asking, is refused.
 */
export function readJsonBody(request: Arriving, bytesMax: number): Promise<unknown> {
  return readJson(request, bytesMax, JSON_TYPE)
}

/** The same for SCIM, whose clients also say `application/scim+json` (RFC 7644 §8.1). */
export function readScimBody(request: Arriving, bytesMax: number): Promise<unknown> {
  return readJson(request, bytesMax, SCIM_TYPE)
}

/** Reads a JSON body as the text that it came as, for a handler that checks a signature over it. */
export async function readTextBody(request: Arriving, bytesMax: number): Promise<string> {
  const bytes = await readBytes(request, bytesMax)
  if (!JSON_TYPE.test(request.headers.get('content-type') ?? ''))
    throw new Problem('request.malformed', 'Send the body as application/json in UTF-8.')
  const text = decoded(request, bytes)
  if (/\\u(?:0000|d[89a-f])/i.test(text)) requireStorable(parsed(text))
  return text
}

async function readJson(request: Arriving, bytesMax: number, type: RegExp): Promise<unknown> {
  const bytes = await readBytes(request, bytesMax)
  if (bytes.length === 0) return {}
  if (!type.test(request.headers.get('content-type') ?? ''))
    throw new Problem('request.malformed', 'Send the body as application/json in UTF-8.')
  const text = decoded(request, bytes)
  const value = parsed(text)
  // In well-formed UTF-8 such characters can only come from an escape, which is rare enough to look closer.
  if (/\\u(?:0000|d[89a-f])/i.test(text)) requireStorable(value)
  return value
}

/**
 * Reads a form (`application/x-www-form-urlencoded`) as an object of texts, at most `bytesMax` of it; only for routes that
 * declare it. A name given twice is refused.
 */
export async function readFormBody(request: Arriving, bytesMax: number): Promise<Record<string, string>> {
  const bytes = await readBytes(request, bytesMax)
  if (bytes.length === 0) return {}
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;\s*charset=utf-8\s*)?$/i.test(type))
    throw new Problem('request.malformed', 'Send the body as application/x-www-form-urlencoded in UTF-8.')
  return onceEach(new URLSearchParams(decoded(request, bytes)), 'body')
}

const strictText = new TextDecoder('utf-8', { fatal: true })

function decoded(request: Arriving, bytes: Uint8Array): string {
  if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity')
    throw new Problem('request.malformed', 'Send the body without a content encoding.')
  try {
    return strictText.decode(bytes)
  } catch {
    throw new Problem('request.malformed', 'The body is not text in UTF-8.')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Problem('request.malformed', 'The body is not JSON in UTF-8.')
  }
}

/** Refuses texts with a zero character or half a character, which neither the database nor an envelope can hold. */
function requireStorable(value: unknown): void {
  const left = [value]
  // No recursion: a body may be nested as deeply as it is long.
  while (left.length > 0) {
    const one = left.pop()
    if (typeof one === 'string' && (one.includes('\0') || !one.isWellFormed()))
      throw new Problem('request.malformed', 'A text in the request holds a character that no text has.')
    if (typeof one === 'object' && one !== null)
      for (const [key, part] of Object.entries(one)) left.push(key, part)
  }
}

async function readBytes(request: Arriving, bytesMax: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > bytesMax) throw tooLarge(bytesMax)
  const body = request.body()
  if (body === null) return new Uint8Array()
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of body) {
      size += part.length
      if (size > bytesMax) throw tooLarge(bytesMax)
      parts.push(part)
    }
  } catch (error) {
    // The client went away or was cut off for being slow; nobody reads this answer.
    throw error instanceof Problem
      ? error
      : new Problem('request.malformed', 'The body did not arrive whole.')
  }
  const [first = new Uint8Array()] = parts
  return parts.length < 2 ? first : Buffer.concat(parts)
}

function tooLarge(bytesMax: number): Problem {
  return new Problem('request.too-large', `A body of at most ${bytesMax} bytes is read here.`)
}

/** The query as an object of texts; a name given twice is refused, since readers differ in which one they take. */
export function readQuery(url: string): Record<string, string> {
  return url.includes('?') ? onceEach(new URL(url).searchParams, 'query') : {}
}

function onceEach(pairs: URLSearchParams, part: string): Record<string, string> {
  const entries = [...pairs]
  const names = new Set(entries.map(([name]) => name))
  if (names.size !== entries.length)
    throw new Problem('request.malformed', `A name stands in the ${part} more than once.`)
  requireStorable(entries)
  return Object.fromEntries(entries)
}
