import { Problem } from '../../kernel/problem.ts'
import { z } from '../../kernel/schema.ts'

const FORMAT = 'surety keyring 1'

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'))
const moment = z.iso.datetime().transform((text) => new Date(text))
const version = z.int().min(1)
const name = z.string().min(1).max(200)
const life = { wrapped: bytes, fingerprint: z.string(), created_at: moment, destroyed_at: moment.nullable() }

const header = z.strictObject({ format: z.literal(FORMAT), at: moment, rows: z.int().min(0) })
const row = z.discriminatedUnion('table', [
  z.strictObject({
    table: z.literal('tenant_key'),
    tenant: name,
    version,
    root: z.string(),
    wrapped_at: moment,
    ...life,
  }),
  z.strictObject({
    table: z.literal('data_key'),
    tenant: name,
    purpose: z.enum(['data', 'index']),
    version,
    under: version,
    ...life,
  }),
  z.strictObject({
    table: z.literal('person_key'),
    tenant: name,
    person: name,
    // Copies from before persons' keys had versions do not name one.
    version: version.default(1),
    under: version,
    ...life,
  }),
  z.strictObject({
    table: z.literal('key_access'),
    id: z.uuid(),
    at: moment,
    tenant: name,
    person: name.nullable(),
    action: z.enum(['created', 'opened', 'rotated', 'released', 'retired', 'destroyed']),
    used_at: moment.nullable(),
    failed_at: moment.nullable(),
  }),
])

/** A row of the keyring, with the name of its table. */
export type KeyringRow = z.output<typeof row>

/** A whole keyring as it was at a moment. */
export interface KeyringCopy {
  readonly at: Date
  readonly rows: readonly KeyringRow[]
}

/** One line of JSON for each row, after one that says what this is; wrapped keys in base64. */
export function writeCopy({ at, rows }: KeyringCopy): Buffer {
  const lines = rows.map((one) =>
    JSON.stringify('wrapped' in one ? { ...one, wrapped: one.wrapped.toString('base64') } : one),
  )
  return Buffer.from([JSON.stringify({ format: FORMAT, at, rows: rows.length }), ...lines, ''].join('\n'))
}

/** Reads a copy; throws `recovery.unreadable` for anything else. */
export function readCopy(text: string): KeyringCopy {
  const [first = '', ...lines] = text.split('\n')
  const { at, rows } = parsed(header, first, 1)
  if (lines.pop() !== '' || lines.length !== rows) throw unreadable('The copy of the keyring is cut off.')
  return { at, rows: lines.map((line, place) => parsed(row, line, place + 2)) }
}

function parsed<Type extends z.ZodType>(type: Type, line: string, number: number): z.output<Type> {
  try {
    return type.parse(JSON.parse(line))
  } catch {
    // What stands in the line is nobody's business.
    throw unreadable(`Line ${number} is none of a copy of the keyring.`)
  }
}

function unreadable(detail: string): Problem {
  return new Problem('recovery.unreadable', detail)
}
