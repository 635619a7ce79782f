const SECRET_WORDS =
  'pass|pwd|secret|token|otp|code|pin\\b|authori[sz]ation|cookie|session|csrf|api-?key|signature|credential|card|iban'

/** Names of parameters and headers whose values are never kept, whatever the rules say of them. */
const SECRET_NAME = new RegExp(SECRET_WORDS, 'i')

/** Stands in place of a value. */
export const NOT_KEPT = '[not kept]'

/** A secret name with its value in a query, form, line of a header, part of a form, element of XML or document of JSON. */
const SECRET_PAIR = new RegExp(
  `((?:${SECRET_WORDS})[\\w.\\-[\\]%]{0,40}["']?(?:\\s*[=:>]\\s*|[\\r\\n]+))(?:"(?:[^"\\\\]|\\\\.)*"?|[^&;<\\r\\n"]+)`,
  'gi',
)

/** Variables that hold a request or an answer in pieces of many names. */
const WHOLE =
  /^(?:REQUEST_BODY|REQUEST_URI|REQUEST_URI_RAW|REQUEST_LINE|QUERY_STRING|FULL_REQUEST|MATCHED_VARS?|TX|XML|MULTIPART_PART_HEADERS|REQUEST_HEADERS)\b/

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g, '[e-mail]'],
  [/eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, '[token]'],
  [/\b(?:sk|pk|ghp|xox[abp]|whsec)[_-][\w-]{8,}/g, '[token]'],
  // Long unbroken words of letters and digits together are keys more often than attacks; attacks have punctuation.
  [/(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}(?![\w-])/g, '[token]'],
  [/(?<!\d)\+?\d(?:[ ()./-]{0,2}\d){7,18}(?!\d)/g, '[number]'],
]

/** Characters of a value that are kept. */
const KEPT_MAX = 200

/** A text with e-mail addresses, long numbers and what looks like a key replaced, cut to a bounded length. */
export function sanitise(text: string, most = KEPT_MAX): string {
  // Cut before it is searched, with room for what straddles the cut.
  const bounded = text.slice(0, most * 4)
  const clean = PATTERNS.reduce((left, [pattern, put]) => left.replace(pattern, put), bounded)
  return clean.length > most || text.length > bounded.length ? `${clean.slice(0, most)}…` : clean
}

/** Whether a variable such as `ARGS:password` or `REQUEST_HEADERS:Cookie` holds what is never kept. */
export function isSecret(variable: string): boolean {
  const [collection = '', name = ''] = variable.split(/:(.*)/s)
  return collection.startsWith('REQUEST_COOKIES') || SECRET_NAME.test(name)
}

/** The value of a variable as it may be kept. */
export function keepable(variable: string, value: string): string {
  if (isSecret(variable) && !variable.includes('_NAMES')) return NOT_KEPT
  // Of an answer only the part that matched is kept: the rest is about other people.
  if (variable === 'RESPONSE_BODY') return NOT_KEPT
  // Cut first: nothing beyond four times what is kept is searched.
  return sanitise(WHOLE.test(variable) ? value.slice(0, 800).replace(SECRET_PAIR, `$1${NOT_KEPT}`) : value)
}

/** A request target with its path sanitised and every value of its query left out. */
export function keepableTarget(target: string): string {
  const mark = target.indexOf('?')
  const path = sanitise(mark < 0 ? target : target.slice(0, mark), 500)
  if (mark < 0) return path
  const names = target
    .slice(mark + 1)
    .split('&')
    .slice(0, 50)
    .map((pair) => sanitise(pair.split('=')[0] ?? '', 60))
  return `${path}?${names.map((name) => `${name}=…`).join('&')}`
}

/** Headers whose values say nothing about a person; all others leave their names only. */
const OPEN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-length',
  'content-type',
  'host',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'transfer-encoding',
  'user-agent',
])

/** Names and values in turn, as a list of pairs that may be kept. */
export function keepableHeaders(headers: readonly string[]): (readonly [string, string])[] {
  const kept: (readonly [string, string])[] = []
  for (let at = 0; at + 1 < headers.length && kept.length < 60; at += 2) {
    const [name = '', value = ''] = [headers[at], headers[at + 1]]
    kept.push([sanitise(name, 60), OPEN_HEADERS.has(name.toLowerCase()) ? sanitise(value) : NOT_KEPT])
  }
  return kept
}
