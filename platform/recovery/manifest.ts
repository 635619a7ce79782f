import { createHash, type Hash } from 'node:crypto'
import { Problem } from '../kernel/problem.ts'
import { z } from '../kernel/schema.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)
const name = z.string().min(1).max(63)

const tableShape = z.strictObject({
  schema: z.enum(['surety', 'inbox']),
  table: name,
  columns: z.array(name).min(1),
  key: z.array(name),
  rows: count,
  bytes: count,
  sha256,
})

/** What a table held when it was copied; `columns` in the order of the copy, `key` the columns that it was sorted by. */
export type TableContents = z.output<typeof tableShape>

const ledgerPath = z.string().regex(/^(?!.*\.\.)[\w.][\w./-]{0,200}$/)

/** What a backup holds; the last entry inside the seal, so it is as authentic as the rest. */
export const contentsShape = z.strictObject({
  tables: z.array(tableShape),
  sequences: z.array(z.strictObject({ schema: z.enum(['surety', 'inbox']), sequence: name, last: z.int() })),
  migrations: z.array(
    z.strictObject({
      schema: z.enum(['surety', 'inbox']),
      name: z.string().regex(/^\d{4}-[a-z0-9-]{1,100}\.sql$/),
      sha256,
    }),
  ),
  ledger: z.array(z.strictObject({ path: ledgerPath, bytes: count, sha256 })),
})

/** What a backup holds. */
export type Contents = z.output<typeof contentsShape>

/** The form of `manifest.json`: what may be known of a backup without its key. It counts, and never says what was counted. */
export const manifestShape = z.strictObject({
  format: z.literal(1),
  name: z.string().regex(/^[0-9A-Za-z-]{1,60}$/),
  takenAt: z.iso.datetime(),
  keyFingerprint: sha256,
  sealedBytes: count,
  sealedSha256: sha256,
  tables: count,
  rows: count,
  ledgerFiles: count,
})

/** The readable part of a backup. */
export type Manifest = z.output<typeof manifestShape>

/** The headers of entries inside the seal. */
export const headerShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('table'), schema: z.enum(['surety', 'inbox']), table: name }),
  z.strictObject({ kind: z.literal('ledger'), path: ledgerPath }),
  z.strictObject({ kind: z.literal('contents'), contents: contentsShape }),
])

/** The header of an entry. */
export type Header = z.output<typeof headerShape>

/** Reads what must have this form; anything else is a backup that cannot be read. */
export function readShape<Shape>(shape: z.ZodType<Shape>, value: unknown): Shape {
  const read = shape.safeParse(value)
  if (read.success) return read.data
  const cause = new Error(z.prettifyError(read.error))
  throw new Problem(
    'recovery.unreadable',
    'A part of the backup has another form than this version writes.',
    {
      cause,
    },
  )
}

/** Counts and digests bytes as they pass. */
export interface Tally {
  readonly through: (bytes: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>
  readonly result: () => { readonly bytes: number; readonly lines: number; readonly sha256: string }
}

/** A tally; `lines` counts line feeds, which end a row of PostgreSQL's text format and stand nowhere else in it. */
export function openTally(): Tally {
  const hash: Hash = createHash('sha256')
  let [bytes, lines] = [0, 0]
  return {
    through: async function* (source) {
      for await (const piece of source) {
        hash.update(piece)
        bytes += piece.length
        for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines += 1
        yield piece
      }
    },
    result: () => ({ bytes, lines, sha256: hash.copy().digest('hex') }),
  }
}
