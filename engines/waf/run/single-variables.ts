import type { Bytes } from '../model.ts'
import type { VariableName } from '../names.ts'
import { labelOf, type Member } from './entry.ts'
import type { State } from './state.ts'

/** How a variable of one value is read; null is a variable without a value. */
export interface SingleValue {
  readonly read: (state: State) => Bytes | null
  /** Whether it comes out of a request's body. */
  readonly body: boolean
}

const head = (read: (state: State) => Bytes | null): SingleValue => ({ read, body: false })
const body = (read: (state: State) => Bytes | null): SingleValue => ({ read, body: true })

function time(format: (now: Date) => number | string): SingleValue {
  return head((state) => String(format(new Date(state.start.now))))
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

function bodyFlag(name: VariableName): SingleValue {
  // A flag tells of the body's form, not of its content: it stays visible when a body is signed.
  return head((state) => state.body?.flags.get(name) ?? '0')
}

const sizeOf = (members: readonly Member[]): number =>
  members.reduce((sum, { name, value }) => sum + name.length + value.length, 0)

function responseHeader(state: State, wanted: string): Bytes | null {
  const headers = state.response?.headers ?? []
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === wanted) return headers[index + 1] ?? ''
  }
  return null
}

function fullRequest(state: State): Bytes {
  const headers = state.parts.headers.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  return `${state.parts.line}\r\n${headers}\r\n${state.body?.raw ?? ''}`
}

function microseconds(state: State): number {
  return Math.max(0, Math.round(state.host.microseconds() - state.begunMicroseconds))
}

const REQUEST: Partial<Record<VariableName, SingleValue>> = {
  ARGS_COMBINED_SIZE: head((state) =>
    String(sizeOf(state.parts.arguments) + sizeOf(state.body?.arguments ?? [])),
  ),
  FILES_COMBINED_SIZE: head((state) => String(state.body?.filesCombinedBytes ?? 0)),
  FULL_REQUEST: body(fullRequest),
  FULL_REQUEST_LENGTH: head((state) => String(fullRequest(state).length)),
  INBOUND_DATA_ERROR: head((state) => (state.inboundDataError ? '1' : '0')),
  PATH_INFO: head((state) => state.parts.filename),
  QUERY_STRING: head((state) => state.parts.query),
  REMOTE_ADDR: head((state) => state.start.client.address),
  REMOTE_HOST: head((state) => state.start.client.address),
  REMOTE_PORT: head((state) => String(state.start.client.port)),
  REQBODY_ERROR: head((state) => (errorOf(state) === null ? '0' : '1')),
  REQBODY_ERROR_MSG: head((state) => errorOf(state) ?? ''),
  REQBODY_PROCESSOR: head((state) => state.bodyProcessor ?? ''),
  REQBODY_PROCESSOR_ERROR: head((state) => (errorOf(state) === null ? '0' : '1')),
  REQBODY_PROCESSOR_ERROR_MSG: head((state) => errorOf(state) ?? ''),
  REQUEST_BASENAME: head((state) => state.parts.basename),
  REQUEST_BODY: body((state) => state.body?.request ?? null),
  REQUEST_BODY_LENGTH: head((state) => String(state.body?.raw.length ?? 0)),
  REQUEST_FILENAME: head((state) => state.parts.filename),
  REQUEST_LINE: head((state) => state.parts.line),
  REQUEST_METHOD: head((state) => state.head.method),
  REQUEST_PROTOCOL: head((state) => state.head.protocol),
  REQUEST_URI: head((state) => state.parts.uri),
  REQUEST_URI_RAW: head((state) => state.head.target),
  SCRIPT_BASENAME: head((state) => state.parts.basename),
  SCRIPT_FILENAME: head((state) => state.parts.filename),
  SERVER_ADDR: head((state) => state.start.server.address),
  SERVER_NAME: head((state) => state.start.server.name),
  SERVER_PORT: head((state) => String(state.start.server.port)),
  STREAM_INPUT_BODY: body((state) => state.body?.raw ?? null),
  UNIQUE_ID: head((state) => state.start.uniqueId),
  URLENCODED_ERROR: head((state) =>
    state.parts.encodingError || (state.body?.encodingError ?? false) ? '1' : '0',
  ),
  USERAGENT_IP: head((state) => state.start.client.address),
}

function errorOf(state: State): string | null {
  return state.body?.error ?? (state.parts.overflow ? 'more arguments than SecArgumentsLimit allows' : null)
}

const MULTIPART: Partial<Record<VariableName, SingleValue>> = Object.fromEntries(
  (
    [
      'MULTIPART_BOUNDARY_QUOTED',
      'MULTIPART_BOUNDARY_WHITESPACE',
      'MULTIPART_CRLF_LF_LINES',
      'MULTIPART_DATA_AFTER',
      'MULTIPART_DATA_BEFORE',
      'MULTIPART_FILE_LIMIT_EXCEEDED',
      'MULTIPART_HEADER_FOLDING',
      'MULTIPART_INVALID_HEADER_FOLDING',
      'MULTIPART_INVALID_PART',
      'MULTIPART_INVALID_QUOTING',
      'MULTIPART_LF_LINE',
      'MULTIPART_MISSING_SEMICOLON',
      'MULTIPART_STRICT_ERROR',
      'MULTIPART_UNMATCHED_BOUNDARY',
    ] as const
  ).map((name) => [name, bodyFlag(name)]),
)

const RESPONSE: Partial<Record<VariableName, SingleValue>> = {
  OUTBOUND_DATA_ERROR: head((state) => (state.outboundDataError ? '1' : '0')),
  RESPONSE_BODY: head((state) => state.responseBody),
  RESPONSE_CONTENT_LENGTH: head((state) =>
    state.responseBody === null ? responseHeader(state, 'content-length') : String(state.responseBody.length),
  ),
  RESPONSE_CONTENT_TYPE: head((state) => responseHeader(state, 'content-type')),
  RESPONSE_PROTOCOL: head((state) => state.response?.protocol ?? null),
  RESPONSE_STATUS: head((state) => (state.response === null ? null : String(state.response.status))),
  STATUS_LINE: head((state) =>
    state.response === null ? null : `${state.response.protocol} ${state.response.status}`,
  ),
  STREAM_OUTPUT_BODY: head((state) => state.responseBody),
}

const ENGINE: Partial<Record<VariableName, SingleValue>> = {
  DURATION: head((state) => String(microseconds(state)).padStart(3, '0')),
  HIGHEST_SEVERITY: head((state) => String(state.highestSeverity)),
  MATCHED_VAR: head((state) => state.matchedText),
  MATCHED_VAR_NAME: head((state) => (state.matched === null ? '' : labelOf(state.matched))),
  MODSEC_BUILD: head(() => '030000000'),
  MSC_PCRE_ERROR: head(() => '0'),
  MSC_PCRE_LIMITS_EXCEEDED: head((state) => (state.overBudget.size > 0 ? '1' : '0')),
  PERF_ALL: head((state) => `combined=${microseconds(state)}`),
  PERF_COMBINED: head((state) => String(microseconds(state))),
  SESSIONID: head((state) => state.sessionId),
  USERID: head((state) => state.userId),
  WEBAPPID: head((state) => state.settings.webAppId),
}

const TIME: Partial<Record<VariableName, SingleValue>> = {
  TIME: time((now) => `${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())}`),
  TIME_DAY: time((now) => now.getUTCDate()),
  TIME_EPOCH: time((now) => Math.floor(now.getTime() / 1000)),
  TIME_HOUR: time((now) => now.getUTCHours()),
  TIME_MIN: time((now) => now.getUTCMinutes()),
  TIME_MON: time((now) => now.getUTCMonth()),
  TIME_SEC: time((now) => now.getUTCSeconds()),
  TIME_WDAY: time((now) => now.getUTCDay()),
  TIME_YEAR: time((now) => now.getUTCFullYear()),
}

/**
 * Variables of one value; times are in UTC. What belongs to a server that runs inside another (`AUTH_TYPE`, `REMOTE_USER`,
 * `SCRIPT_UID` and the like, `SDBM_DELETE_ERROR`, `WEBSERVER_ERROR_LOG`, `PERF_PHASE1` to `PERF_SWRITE`) has no value here.
 */
export const SINGLE_VALUES: Readonly<Partial<Record<VariableName, SingleValue>>> = {
  ...REQUEST,
  ...MULTIPART,
  ...RESPONSE,
  ...ENGINE,
  ...TIME,
}
