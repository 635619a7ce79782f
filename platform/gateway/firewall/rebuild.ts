import type { Entry, KeptValue } from './entry.ts'
import { bytes, type ReplayRequest } from './replay.ts'

const FORM = 'application/x-www-form-urlencoded'
/** Headers that belong to the body as it was. */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'content-encoding'])

/**
 * Puts a request together from what was kept of it: its head, and the values that rules matched in the places where they
 * stood. What was left out is filled with a harmless letter, so that the same rules match, but nothing else does.
 */
export function rebuild(
  entry: Pick<Entry, 'id' | 'method' | 'target' | 'protocol' | 'headers' | 'matches' | 'outcome'>,
): ReplayRequest {
  const values = valuesOf(entry)
  const type = entry.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  const [path, names] = targetOf(entry.target)
  const query = names.map((name): [string, string] => [
    name,
    values.take([`ARGS_GET:${name}`, `ARGS:${name}`]) ?? 'x',
  ])
  const body = bodyOf(type, values, entry.method)
  const headers = entry.headers
    .filter(([name]) => !FRAMING.has(name.toLowerCase()))
    .flatMap(([name, value]) => [
      name,
      values.take([`REQUEST_HEADERS:${name}`]) ?? (value === '[not kept]' ? 'x' : value),
    ])
  const typed = body !== null && type === '' ? ['content-type', FORM] : []
  const length = body === null ? [] : ['content-length', String(Buffer.byteLength(body))]
  return {
    id: entry.id,
    method: bytes(entry.method),
    target: bytes(values.take(['REQUEST_URI_RAW', 'REQUEST_URI']) ?? `${path}${encode(query, '?')}`),
    protocol: entry.protocol === '' ? 'HTTP/1.1' : entry.protocol,
    headers: [...headers, ...typed, ...length].map(bytes),
    body: body === null ? null : bytes(body),
    exact: false,
    was: entry.outcome,
  }
}

interface Values {
  /** The value of the first of these variables that was kept; a variable is used once. */
  take(variables: readonly string[]): string | undefined
  /** Every value of a collection that was not used yet. */
  rest(collections: readonly string[]): [string, string][]
}

function valuesOf({ matches }: Pick<Entry, 'matches'>): Values {
  const kept = new Map<string, KeptValue>()
  for (const { matched } of matches)
    for (const one of matched) if (!kept.has(one.variable)) kept.set(one.variable, one)
  const find = (variable: string): KeptValue | undefined =>
    kept.get(variable) ??
    [...kept.values()].find((one) => one.variable.toLowerCase() === variable.toLowerCase())
  return {
    take: (variables) => {
      for (const variable of variables) {
        const found = find(variable)
        if (found === undefined) continue
        kept.delete(found.variable)
        return found.value
      }
      return undefined
    },
    rest: (collections) =>
      [...kept.values()].flatMap(({ variable, value }): [string, string][] => {
        const [collection = '', name = ''] = variable.split(/:(.*)/s)
        return collections.includes(collection) ? [[name, value]] : []
      }),
  }
}

function targetOf(target: string): readonly [string, readonly string[]] {
  const [path = '/', query = ''] = target.split(/\?(.*)/s)
  return [path, query === '' ? [] : query.split('&').map((pair) => decoded(pair.replace(/=…$/, '')))]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function bodyOf(type: string, values: Values, method: string): string | null {
  const whole = values.take(['REQUEST_BODY'])
  if (whole !== undefined) return whole
  const fields = values.rest(['ARGS_POST', 'ARGS'])
  const named = values
    .rest(['ARGS_NAMES', 'ARGS_POST_NAMES'])
    .map(([, name]): [string, string] => [name, 'x'])
  const xml = values.rest(['XML']).map(([, value]) => value)
  if (xml.length > 0)
    return `<a>${xml.map((value) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')).join(' ')}</a>`
  const all = [...fields, ...named]
  if (all.length === 0) return method === 'POST' && type !== '' ? (type.includes('json') ? '{}' : '') : null
  return type.includes('json') ? JSON.stringify(jsonOf(all)) : encode(all, '')
}

function encode(pairs: readonly (readonly [string, string])[], before: string): string {
  if (pairs.length === 0) return ''
  return (
    before +
    pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
  )
}

/** `json.a.b` as `{a: {b: …}}`; numbers in a name are places in a list, which an object stands for as well. */
function jsonOf(pairs: readonly (readonly [string, string])[]): object {
  const root = new Map<string, unknown>()
  for (const [name, value] of pairs) {
    const path = name
      .replace(/^json\./, '')
      .split('.')
      .slice(0, 20)
    let at = root
    for (const part of path.slice(0, -1)) {
      const below = at.get(part)
      const next = below instanceof Map ? (below as Map<string, unknown>) : new Map<string, unknown>()
      at.set(part, next)
      at = next
    }
    at.set(path.at(-1) ?? '', value)
  }
  return plain(root)
}

function plain(of: Map<string, unknown>): object {
  return Object.fromEntries(
    [...of].map(([name, value]) => [
      name,
      value instanceof Map ? plain(value as Map<string, unknown>) : value,
    ]),
  )
}
