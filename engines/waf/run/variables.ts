import type { VariableName } from '../names.ts'
import type { Bytes } from '../model.ts'
import { Entry, labelOf, type Member } from './entry.ts'
import { SINGLE_VALUES } from './single-variables.ts'
import type { State } from './state.ts'
import { readStored } from './collections.ts'

const NOTHING: readonly Entry[] = []

/** Names come again in every request, and so do these headers, which say what a client is and not who. */
const SHARED: ReadonlySet<VariableName> = new Set<VariableName>([
  'ARGS_NAMES',
  'ARGS_GET_NAMES',
  'ARGS_POST_NAMES',
  'REQUEST_COOKIES_NAMES',
  'REQUEST_HEADERS_NAMES',
])
const ALIKE = /^(?:accept(?:-\w+)?|connection|content-type|host|sec-[\w-]+|user-agent)$/i
const NO_MEMBERS: readonly Member[] = []

interface CollectionSource {
  readonly members: (state: State) => readonly Member[]
  readonly body: boolean
}

const head = (members: (state: State) => readonly Member[]): CollectionSource => ({ members, body: false })
const body = (members: (state: State) => readonly Member[]): CollectionSource => ({ members, body: true })
const namesOf = (members: readonly Member[]): readonly Member[] =>
  members.map(({ name }) => ({ name, value: name }))

const inUrl = (state: State): readonly Member[] => state.parts.arguments
const inBody = (state: State): readonly Member[] => state.body?.arguments ?? NO_MEMBERS

function responseHeaders(state: State): readonly Member[] {
  const headers = state.response?.headers ?? []
  const members: Member[] = []
  for (let index = 0; index + 1 < headers.length; index += 2) {
    members.push({ name: headers[index] ?? '', value: headers[index + 1] ?? '' })
  }
  return members
}

/** Collections that hold still during a phase, by where their members come from. */
const SOURCES: ReadonlyMap<VariableName, CollectionSource> = new Map<VariableName, CollectionSource>([
  ['ARGS_GET', head(inUrl)],
  ['ARGS_GET_NAMES', head((state) => namesOf(inUrl(state)))],
  ['ARGS_POST', body(inBody)],
  ['ARGS_POST_NAMES', body((state) => namesOf(inBody(state)))],
  ['REQUEST_HEADERS', head((state) => state.parts.headers)],
  ['REQUEST_HEADERS_NAMES', head((state) => namesOf(state.parts.headers))],
  ['REQUEST_COOKIES', head((state) => state.parts.cookies)],
  ['REQUEST_COOKIES_NAMES', head((state) => namesOf(state.parts.cookies))],
  ['RESPONSE_HEADERS', head(responseHeaders)],
  ['RESPONSE_HEADERS_NAMES', head((state) => namesOf(responseHeaders(state)))],
  ['FILES', body((state) => state.body?.files ?? NO_MEMBERS)],
  ['FILES_NAMES', body((state) => namesOf(state.body?.files ?? NO_MEMBERS))],
  ['FILES_SIZES', body((state) => state.body?.fileSizes ?? NO_MEMBERS)],
  ['FILES_TMP_CONTENT', body((state) => state.body?.fileContents ?? NO_MEMBERS)],
  ['MULTIPART_FILENAME', body((state) => state.body?.files ?? NO_MEMBERS)],
  ['MULTIPART_NAME', body((state) => state.body?.partNames ?? NO_MEMBERS)],
  ['MULTIPART_PART_HEADERS', body((state) => state.body?.partHeaders ?? NO_MEMBERS)],
])

/** Collections made of two others. */
const SUMS: ReadonlyMap<VariableName, readonly [CollectionSource, CollectionSource]> = new Map([
  ['ARGS', [head(inUrl), body(inBody)]],
  ['ARGS_NAMES', [head((state) => namesOf(inUrl(state))), body((state) => namesOf(inBody(state)))]],
] as const)

/** Collections that rules change as they run; the reference manual's others (`FILES_TMPNAMES`, `PERF_RULES`) are empty here. */
const LIVE: ReadonlyMap<VariableName, (state: State) => readonly Member[]> = new Map<
  VariableName,
  (state: State) => readonly Member[]
>([
  ['TX', txMembers],
  ['ENV', (state) => membersOf(state.env)],
  ['GEO', (state) => membersOf(state.geo)],
  ['RULE', ruleMembers],
  ['GLOBAL', (state) => storedMembers(state, 'GLOBAL')],
  ['IP', (state) => storedMembers(state, 'IP')],
  ['RESOURCE', (state) => storedMembers(state, 'RESOURCE')],
  ['SESSION', (state) => storedMembers(state, 'SESSION')],
  ['USER', (state) => storedMembers(state, 'USER')],
  ['MATCHED_VARS', (state) => matchedMembers(state, ({ text }) => text)],
  ['MATCHED_VARS_NAMES', (state) => matchedMembers(state, ({ entry }) => labelOf(entry))],
])

const LIVE_SINGLES: ReadonlySet<VariableName> = new Set<VariableName>([
  'DURATION',
  'HIGHEST_SEVERITY',
  'MATCHED_VAR',
  'MATCHED_VAR_NAME',
  'MSC_PCRE_LIMITS_EXCEEDED',
  'PERF_ALL',
  'PERF_COMBINED',
  'REQBODY_PROCESSOR',
  'SESSIONID',
  'USERID',
])

/** Whether the values of a variable may change while the rules of a phase run. */
export function isLive(variable: VariableName): boolean {
  return LIVE.has(variable) || LIVE_SINGLES.has(variable)
}

/** Variables that are read of a request's head, which is whole before the first rule runs. */
const OF_HEAD: ReadonlySet<VariableName> = new Set<VariableName>([
  'ARGS_GET',
  'ARGS_GET_NAMES',
  'QUERY_STRING',
  'REQUEST_BASENAME',
  'REQUEST_COOKIES',
  'REQUEST_COOKIES_NAMES',
  'REQUEST_FILENAME',
  'REQUEST_HEADERS',
  'REQUEST_HEADERS_NAMES',
  'REQUEST_LINE',
  'REQUEST_METHOD',
  'REQUEST_PROTOCOL',
  'REQUEST_URI',
  'REQUEST_URI_RAW',
])

/** Whether a variable holds the same in every phase. */
export function isLasting(variable: VariableName): boolean {
  return OF_HEAD.has(variable)
}

/** Every value of a variable; a variable without one, or that this engine leaves empty, has none. */
export function entriesOf(state: State, variable: VariableName): readonly Entry[] {
  const live = LIVE.get(variable)
  if (live !== undefined) return toEntries(state, variable, { members: live, body: false })
  if (LIVE_SINGLES.has(variable)) return single(state, variable)
  const entries = isLasting(variable) ? state.lastingEntries : state.entries
  const known = entries.get(variable)
  if (known !== undefined) return known
  const made = fixedEntries(state, variable)
  entries.set(variable, made)
  return made
}

function fixedEntries(state: State, variable: VariableName): readonly Entry[] {
  const source = SOURCES.get(variable)
  if (source !== undefined) return toEntries(state, variable, source)
  const sum = SUMS.get(variable)
  if (sum !== undefined) return sum.flatMap((part) => toEntries(state, variable, part))
  return single(state, variable)
}

function toEntries(state: State, variable: VariableName, source: CollectionSource): readonly Entry[] {
  const members = source.members(state)
  if (members.length === 0) return NOTHING
  const { values } = state
  return members.map(({ name, value }) => {
    const isShared = SHARED.has(variable) || (variable === 'REQUEST_HEADERS' && ALIKE.test(name))
    return new Entry(variable, name, isShared ? values.shared.of(value) : values.of(value), source.body)
  })
}

function single(state: State, variable: VariableName): readonly Entry[] {
  const reader = SINGLE_VALUES[variable]
  const text = reader?.read(state) ?? null
  if (text === null) return NOTHING
  return [new Entry(variable, null, state.values.of(text), reader?.body ?? false)]
}

/** What an XPath expression finds in an XML body. */
export function xmlEntries(state: State, path: Bytes): readonly Entry[] {
  const found = state.body?.xml?.(path) ?? []
  return found.map((text) => new Entry('XML', path, state.values.of(text), true))
}

/** The first value of a variable, or of the members with a name in lower case; null when there is none. */
export function firstValue(state: State, variable: VariableName, key: Bytes | null): Bytes | null {
  if (key === null) {
    const text = SINGLE_VALUES[variable]?.read(state)
    return text ?? entriesOf(state, variable)[0]?.value.text ?? null
  }
  if (variable === 'TX') return state.tx.get(key) ?? null
  if (variable === 'XML') return xmlEntries(state, key)[0]?.value.text ?? null
  return entriesOf(state, variable).find((entry) => entry.key === key)?.value.text ?? null
}

function membersOf(map: ReadonlyMap<Bytes, Bytes>): readonly Member[] {
  return Array.from(map, ([name, value]) => ({ name, value }))
}

function txMembers({ tx }: State): readonly Member[] {
  const members: Member[] = []
  tx.each((name, value) => members.push({ name, value }))
  return members
}

function matchedMembers(
  state: State,
  textOf: (matched: State['matchedAll'][number]) => Bytes,
): readonly Member[] {
  return state.matchedAll.map((matched) => ({ name: labelOf(matched.entry), value: textOf(matched) }))
}

function ruleMembers(state: State): readonly Member[] {
  const { rule } = state
  if (rule === null) return NO_MEMBERS
  return [
    { name: 'id', value: String(rule.id) },
    { name: 'rev', value: rule.revision ?? '' },
    { name: 'ver', value: rule.version ?? '' },
    { name: 'severity', value: rule.severity === null ? '' : String(rule.severity) },
  ]
}

function storedMembers(state: State, variable: VariableName): readonly Member[] {
  const opened = state.stored.get(variable)
  if (opened === undefined) return NO_MEMBERS
  const { collection, key } = opened
  const own = [...collection.members.keys()].flatMap((name) => {
    const value = readStored(collection, name, state.start.now)
    return value === null ? [] : [{ name, value }]
  })
  return [
    ...own,
    { name: 'key', value: key },
    { name: 'is_new', value: collection.isNew ? '1' : '0' },
    { name: 'create_time', value: String(Math.floor(collection.created / 1000)) },
    { name: 'timeout', value: String(state.settings.collectionSeconds) },
  ]
}
