import { hash } from 'node:crypto'
import { LedgerError, type NoteSigner, openNote, signNote } from '../ledger/index.ts'
import { RepositoryError, type BackupVerifier } from './model.ts'

/** What is signed: one line of JSON, and rows without line breaks (as many as there may be). */
export interface DocumentText {
  readonly head: string
  readonly rows: readonly string[]
}

/** A signed document as objects: pages first, the note last. */
export interface WrittenDocument {
  readonly note: Buffer
  readonly pages: readonly { readonly path: string; readonly bytes: Buffer }[]
}

const inlineBytesMax = 512 * 1024
const pageBytesMax = 8 * 1024 * 1024
const pagesMax = 4_000

/** The field of each kind of document that names its moment. */
const signedAt = new Map([
  ['manifest', 'finishedAt'],
  ['fileset', 'at'],
  ['epoch', 'createdAt'],
])

const pagePath = (path: string, index: number): string =>
  `${path.replace(/\.note$/, '')}-${String(index).padStart(4, '0')}.rows`

const titleOf = (kind: string): string => `surety backup 1 ${kind}`

/** Signs a document of this kind for its path; many rows go into pages whose hashes the note signs. */
export function writeDocument(
  signer: NoteSigner,
  kind: string,
  path: string,
  { head, rows }: DocumentText,
): WrittenDocument {
  const all = rows.map((row) => `${row}\n`)
  const inline = all.reduce((sum, row) => sum + row.length, 0) <= inlineBytesMax
  const pages = inline ? [] : pagesOf(path, all)
  if (pages.length > pagesMax) throw new RepositoryError('too-large', path)
  const listed = inline
    ? all
    : pages.map((page) => `@${page.path} ${page.bytes.length} ${hash('sha256', page.bytes, 'hex')}\n`)
  const note = Buffer.from(signNote(`${titleOf(kind)}\n${head}\n${listed.join('')}`, [signer]))
  return { note, pages }
}

function pagesOf(path: string, rows: readonly string[]): WrittenDocument['pages'] {
  const pages: { path: string; bytes: Buffer }[] = []
  for (let from = 0; from < rows.length;) {
    let to = from
    for (let bytes = 0; to < rows.length && bytes < pageBytesMax; to++) bytes += rows[to]?.length ?? 0
    pages.push({
      path: pagePath(path, pages.length + 1),
      bytes: Buffer.from(rows.slice(from, to).join('')),
    })
    from = to
  }
  return pages
}

/** Checks a note: `unsigned` without the signature of a trusted key that signed at the moment that the note names, `foreign` when it is of another kind, `damaged` else. */
export async function readDocument(
  verifiers: readonly BackupVerifier[],
  kind: string,
  path: string,
  note: Buffer,
  readPage: (path: string) => Promise<Buffer>,
): Promise<DocumentText> {
  const [title, head = '', ...rows] = signedText(verifiers, path, note).slice(0, -1).split('\n')
  if (title !== titleOf(kind)) throw new RepositoryError('foreign', path)
  if (!rows.some((row) => row.startsWith('@'))) return { head, rows }
  const texts: string[] = []
  for (const [index, row] of rows.entries()) {
    const [, named = '', bytes, sha256] = /^@(\S+) (\d+) ([0-9a-f]{64})$/.exec(row) ?? []
    if (named !== pagePath(path, index + 1)) throw new RepositoryError('damaged', path)
    const page = await readPage(named)
    if (page.length !== Number(bytes) || hash('sha256', page, 'hex') !== sha256)
      throw new RepositoryError('damaged', named)
    texts.push(page.toString())
  }
  return { head, rows: texts.flatMap((text) => text.split('\n').slice(0, -1)) }
}

/** The pages that a note names, for whoever copies or removes them; checks the signature. */
export function pagesNamed(verifiers: readonly BackupVerifier[], path: string, note: Buffer): string[] {
  const rows = signedText(verifiers, path, note).split('\n').slice(2)
  return rows.filter((row) => row.startsWith('@')).map((row) => row.slice(1).split(' ')[0] ?? '')
}

function signedText(verifiers: readonly BackupVerifier[], path: string, note: Buffer): string {
  try {
    const { text, signedBy } = openNote(note, verifiers)
    const moment = momentOf(path, text)
    const signers = verifiers.filter((key) => signedBy.includes(key))
    if (signers.every(({ until }) => until !== undefined && moment !== null && moment > until))
      throw new RepositoryError('unsigned', path)
    return text
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause
    throw new RepositoryError(cause.code === 'signature-missing' ? 'unsigned' : 'damaged', path, cause)
  }
}

/** The moment that a document of ours says it was signed at; null for one that names none. */
function momentOf(path: string, text: string): Date | null {
  const [title, head = ''] = text.split('\n', 2)
  const field = [...signedAt].find(([kind]) => title === titleOf(kind))?.[1]
  return field === undefined ? null : new Date(headReader(path, head).moment(field))
}

/** Reads the fields of a head; any that is missing, of another type or unknown is `damaged`. */
export function headReader(path: string, head: string) {
  const damaged = (cause?: unknown): RepositoryError => new RepositoryError('damaged', path, cause)
  let fields: Readonly<Record<string, unknown>>
  try {
    fields = JSON.parse(head) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw damaged(cause)
  }
  if (typeof fields !== 'object' || fields === null) throw damaged()
  const text = (name: string, shape: RegExp): string => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (typeof value !== 'string' || value.length > 1000 || !shape.test(value)) throw damaged()
    return value
  }
  return {
    text,
    moment: (name: string): string => {
      const value = text(name, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      if (Number.isNaN(Date.parse(value))) throw damaged()
      return value
    },
    count: (name: string): number => {
      const value = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (!Number.isSafeInteger(value) || (value as number) < 0) throw damaged()
      return value as number
    },
    /** The head must be written in exactly the one way that we write it: nothing unknown, nothing twice. */
    requireSame: (written: string): void => {
      if (written !== head) throw damaged()
    },
  }
}

const countText = /^(?:0|[1-9]\d{0,15})$/
const sha256Text = /^[0-9a-f]{64}$/

/** A count as a row carries it. */
export function countOf(path: string, text: string | undefined): number {
  if (text === undefined || !countText.test(text)) throw new RepositoryError('damaged', path)
  return Number(text)
}

/** A hash as a row carries it. */
export function sha256Of(path: string, text: string | undefined): string {
  if (text === undefined || !sha256Text.test(text)) throw new RepositoryError('damaged', path)
  return text
}
