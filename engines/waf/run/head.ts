import type { RequestHead } from '../api.ts'
import type { BodyProcessor, Settings } from '../model.ts'
import { readCookies, readPairs, splitTarget, type Pair } from '../parse/index.ts'
import type { Member } from './entry.ts'
import type { HeadParts } from './state.ts'

/** Names and values as members of a collection. */
export function toMembers(pairs: readonly Pair[]): readonly Member[] {
  return pairs.map(([name, value]) => ({ name, value }))
}

/** Reads what rules see of a request's head. */
export function readHead(head: RequestHead, settings: Settings): HeadParts {
  const { uri, filename, basename, query } = splitTarget(head.target)
  const asked = readPairs(query, settings.argumentSeparator, settings.argumentsMax)
  const headers = headersOf(head)
  return {
    uri,
    filename,
    basename,
    query,
    line: head.line ?? `${head.method} ${head.target} ${head.protocol}`,
    arguments: toMembers(asked.pairs),
    headers,
    cookies: headers
      .filter(({ name }) => name.toLowerCase() === 'cookie')
      .flatMap(({ value }) => toMembers(readCookies(value, settings.cookieFormat))),
    encodingError: asked.invalidEncoding,
    overflow: asked.overflow,
  }
}

function headersOf({ headers }: RequestHead): readonly Member[] {
  const members: Member[] = []
  for (let index = 0; index + 1 < headers.length; index += 2) {
    members.push({ name: headers[index] ?? '', value: headers[index + 1] ?? '' })
  }
  return members
}

/** The value of the first header of this name, which is in lower case; empty when there is none. */
export function headerOf(headers: readonly Member[], name: string): string {
  return headers.find((header) => header.name.toLowerCase() === name)?.value ?? ''
}

const PROCESSORS: readonly (readonly [RegExp, BodyProcessor])[] = [
  [/^\s*application\/x-www-form-urlencoded/i, 'URLENCODED'],
  [/^\s*multipart\/form-data/i, 'MULTIPART'],
  [/^\s*(?:application|text)\/(?:[\w.-]+\+)?json/i, 'JSON'],
  [/^\s*(?:application|text)\/(?:[\w.-]+\+)?xml/i, 'XML'],
]

/** What reads a body of this content type unless a rule says otherwise; null for types that nothing reads. */
export function processorOf(contentType: string): BodyProcessor | null {
  return PROCESSORS.find(([pattern]) => pattern.test(contentType))?.[1] ?? null
}
