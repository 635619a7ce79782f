import { pino } from 'pino'

/** Structured logging; a record is a plain object and never holds a secret or personal data. */
export interface Log {
  debug(record: object, message: string): void
  info(record: object, message: string): void
  warn(record: object, message: string): void
  error(record: object, message: string): void
}

/** Field names whose values are cut out wherever they appear, at any of the first three levels. */
const REDACTED = [
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
]

/** A logger that writes one JSON line an event to standard output, redacted by field name. */
export function openLog(part: string, level: string): Log {
  const paths = REDACTED.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  return pino({ level, base: { part }, redact: { paths, censor: '[redacted]' } })
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
