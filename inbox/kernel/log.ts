import { pino, type DestinationStream } from 'pino'

/** Structured logging; a record holds ids, codes and counts, never a secret, a name or a message. */
export interface Log {
  info(record: object, message: string): void
  warn(record: object, message: string): void
  error(record: object, message: string): void
}

/** Field names whose values are cut out wherever they appear, at any of the first three levels. */
const REDACTED = [
  'token',
  'secret',
  'authorization',
  'phone',
  'name',
  'body',
  'raw',
  'text',
  'url',
  'query',
  'ip',
  'userAgent',
]

/** A logger that writes one JSON line an event to standard output, or to `to`, redacted by field name. */
export function openLog(level: string, to?: DestinationStream): Log {
  const paths = REDACTED.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  const options = { level, base: { part: 'inbox' }, redact: { paths, censor: '[redacted]' } }
  return to === undefined ? pino(options) : pino(options, to)
}

/** What may be logged of an error: its kind, code, and where; a database error's text can quote values, so it stays out. */
export function errorRecord(error: unknown): object {
  if (!(error instanceof Error)) return { kind: typeof error }
  const code = 'code' in error ? { code: String(error.code) } : {}
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  const cause = error.cause === undefined ? {} : { cause: errorRecord(error.cause) }
  return { kind: error.name, at: frames.slice(0, 8).map((line) => line.trim()), ...code, ...cause }
}
