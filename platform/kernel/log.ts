import { pino, type DestinationStream } from 'pino'

/** Structured logging; a record is a plain object and never holds a secret or personal data. */
export interface Log {
  debug(record: object, message: string): void
  info(record: object, message: string): void
  warn(record: object, message: string): void
  error(record: object, message: string): void
}

/** Field names whose values are cut out wherever they appear, at any of the first three levels. */
const REDACTED: ReadonlySet<string> = new Set([
  'password',
  'otp',
  'token',
  'secret',
  'authorization',
  'cookie',
  'setCookie',
  'email',
  'phone',
  'name',
  'body',
  'text',
  'url',
  'query',
  'ip',
  'userAgent',
])
const LEVELS = 3
const CENSOR = '[redacted]'

/** A logger that writes one JSON line an event, to standard output where nothing else is named, redacted by field name. */
export function openLog(part: string, level: string, to?: DestinationStream): Log {
  const options = { level, base: { part } }
  const lines = to === undefined ? pino(options) : pino(options, to)
  return {
    debug: (record, message) => {
      if (lines.isLevelEnabled('debug')) lines.debug(redacted(record, LEVELS), message)
    },
    info: (record, message) => lines.info(redacted(record, LEVELS), message),
    warn: (record, message) => lines.warn(redacted(record, LEVELS), message),
    error: (record, message) => lines.error(redacted(record, LEVELS), message),
  }
}

/** The record itself where nothing is to be cut out of it, else a copy: nearly every line needs none. */
function redacted(record: object, levels: number): object {
  let copy: Record<string, unknown> | undefined
  for (const [name, value] of Object.entries(record)) {
    const shown = REDACTED.has(name) ? CENSOR : shownBelow(value, levels - 1)
    if (shown === value) continue
    copy ??= { ...record }
    copy[name] = shown
  }
  return copy ?? record
}

function shownBelow(value: unknown, levels: number): unknown {
  if (levels === 0 || typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value)) return redacted(value, levels)
  const shown = value.map((one) => shownBelow(one, levels - 1))
  return shown.some((one, at) => one !== value[at]) ? shown : value
}

/** A logger that drops everything; for tests. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** The parts of an error that may be logged: name, message, code and stack, with its causes. */
export function errorRecord(error: unknown): object {
  if (!(error instanceof Error)) return { error: String(error) }
  const code = 'code' in error ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: errorRecord(error.cause) }
  return { error: error.message, kind: error.name, stack: error.stack, ...code, ...cause }
}
