import { createHmac, hkdfSync, createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { countOf, headReader, readDocument, sha256Of, writeDocument } from './document.ts'
import { RepositoryError, type SealedObject } from './model.ts'
import { objectBytesMax } from './object-format.ts'
import type { Objects } from './object-store.ts'
import { repositoryPaths } from './paths.ts'
import type { Reader } from './reader.ts'
import type { Regions } from './regions.ts'
import type { FileEntry, Fileset, Repository, RepositoryOptions } from './repository-model.ts'

const kind = 'fileset'
const folderName = /^[a-z][a-z0-9]{0,30}$/
const basedMax = 1_000

/** What `openFilesets` works with. */
export interface FilesetDeps {
  readonly options: RepositoryOptions
  readonly regions: Regions
  readonly reader: Reader
  readonly objects: Objects
}

type PutRequest = Parameters<Repository['putFileset']>[0]

/** A set that was written whole, by which later ones are written shorter. */
interface Base {
  readonly name: string
  readonly files: ReadonlyMap<string, FileEntry>
  sets: number
}

/** Sets of files: each file once by its content, each set signed. */
export function openFilesets(deps: FilesetDeps): Pick<
  Repository,
  'putFileset' | 'filesets' | 'readFileset' | 'readFile'
> & {
  readonly basesOf: (name: string, region?: string) => Promise<string | null>
} {
  const { options, reader } = deps
  const fileKey = options.fileKey ?? createSecretKey(randomBytes(32))
  const bases = new Map<string, Base>()
  const paths = repositoryPaths(options.system)
  const document = async (name: string, region?: string): Promise<ReadSet> => {
    const path = paths.fileset(name)
    const page = (named: string): Promise<Buffer> => reader.get(named, region)
    const text = await readDocument(options.verifiers, kind, path, await reader.get(path, region), page)
    return readSet(options.system, name, path, text.head, text.rows)
  }
  return {
    basesOf: async (name, region) => (await document(name, region)).base,
    putFileset: (request) => putFileset(deps, fileKey, bases, request),
    filesets: async (folder, { region } = {}) => {
      if (!folderName.test(folder)) throw new RepositoryError('foreign', `${paths.filesets}${folder}`)
      const names = await reader.names(`${paths.filesets}${folder}-`, region)
      const found = names.map((path) => path.slice(paths.filesets.length))
      return found
        .filter((name) => /^[a-z0-9]+-\d{8}T\d{9}Z\.note$/.test(name))
        .map((name) => name.slice(0, -5))
    },
    readFileset: async (name, { region } = {}) => {
      const set = await document(name, region)
      if (set.base === null) return wholeSet(set, new Map())
      const base = await document(set.base, region)
      if (base.base !== null) throw new RepositoryError('damaged', paths.fileset(name))
      return wholeSet(set, base.entries)
    },
    readFile: async (file, { region } = {}) => {
      const pieces: Buffer[] = []
      for (const expected of file.objects)
        pieces.push(await deps.objects.get(expected.path, { region, expected }))
      const [only] = pieces
      return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
    },
  }
}

/** The lock of files stored now: their period's end and then as long as a backup. */
function fileLock(options: RepositoryOptions, period: number): Date {
  const { keepSeconds, graceSeconds, filePeriodSeconds } = options.retention()
  return new Date(((period + 1) * filePeriodSeconds + keepSeconds + graceSeconds) * 1000)
}

async function putFileset(
  deps: FilesetDeps,
  fileKey: KeyObject,
  bases: Map<string, Base>,
  request: PutRequest,
): Promise<Fileset> {
  const { options } = deps
  const { folder, previous } = request
  const path = repositoryPaths(options.system).fileset(folder)
  if (!folderName.test(folder) || options.signer === undefined)
    throw new RepositoryError(options.signer === undefined ? 'no-key' : 'foreign', path)
  const now = options.clock.now()
  const period = Math.floor(now.getTime() / 1000 / options.retention().filePeriodSeconds)
  const known = new Map(previous?.files.map((file) => [file.name, file]))
  const byAddress = new Map(previous?.files.map((file) => [addressOf(file), file]))
  const files: FileEntry[] = []
  for await (const { name, read } of request.files) {
    requireFileName(name, path)
    const before = known.get(name)
    const kept = before !== undefined && addressOf(before).startsWith(`${period}-`)
    if (kept && request.unchanged?.(name) === true) {
      files.push(before)
      continue
    }
    const bytes = await read()
    const address = contentAddress(fileKey, period, bytes)
    const same = byAddress.get(address)
    files.push(same === undefined ? await putFile(deps, period, { name, address, bytes }) : { ...same, name })
    const stored = files.at(-1)
    if (stored !== undefined) byAddress.set(address, stored)
  }
  return publishSet(deps, bases, folder, now, files)
}

async function putFile(
  { options, objects }: FilesetDeps,
  period: number,
  file: { readonly name: string; readonly address: string; readonly bytes: Uint8Array },
): Promise<FileEntry> {
  const stored: SealedObject[] = []
  let epoch = ''
  const retainUntil = fileLock(options, period)
  // The address of a file that another process stored is the same, its sealed bytes are not.
  const unique = `${file.address}-${randomBytes(4).toString('hex')}`
  for (let at = 0; at === 0 || at < file.bytes.length; at += objectBytesMax) {
    const piece = file.bytes.subarray(at, at + objectBytesMax)
    const path = repositoryPaths(options.system).file(unique, stored.length)
    const put = await objects.put(path, piece, retainUntil)
    stored.push(put.object)
    epoch = put.epoch
  }
  return { name: file.name, epoch, objects: stored }
}

/** Period and keyed hash of the content, so that a name tells nothing of a file to whoever lacks the key. */
function contentAddress(fileKey: KeyObject, period: number, bytes: Uint8Array): string {
  const info = Buffer.from(`surety backup files 1\0${period}`)
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', fileKey, Buffer.alloc(0), info, 32)))
  return `${period}-${createHmac('sha256', key).update(bytes).digest('hex')}`
}

function addressOf(file: FileEntry): string {
  return /\/files\/(\d+-[0-9a-f]{64})/.exec(file.objects[0]?.path ?? '')?.[1] ?? ''
}

function requireFileName(name: string, path: string): void {
  const parts = name.split('/')
  const bad = parts.some((part) => part === '' || part === '.' || part === '..')
  if (bad || name.length > 1000 || !name.isWellFormed() || /[\p{Cc}\\]/u.test(name))
    throw new RepositoryError('foreign', path)
}

async function publishSet(
  { options, regions }: FilesetDeps,
  bases: Map<string, Base>,
  folder: string,
  now: Date,
  files: readonly FileEntry[],
): Promise<Fileset> {
  const { signer, system } = options
  const at = now.toISOString()
  const name = `${folder}-${at.replaceAll(/[-:.]/g, '')}`
  const path = repositoryPaths(system).fileset(name)
  if (signer === undefined) throw new RepositoryError('no-key', path)
  const known = bases.get(folder)
  const changes = known === undefined ? null : changedRows(known.files, files)
  const base =
    known === undefined || changes === null || known.sets >= basedMax || changes.length > files.length / 4
      ? null
      : known
  const rows = base === null || changes === null ? files.map(rowOf) : changes
  const head = headText({ system, folder, name, at, base: base?.name ?? null })
  const { note, pages } = writeDocument(signer, kind, path, { head, rows })
  const { keepSeconds, graceSeconds, filePeriodSeconds } = options.retention()
  const retainUntil = new Date(now.getTime() + (keepSeconds + graceSeconds + filePeriodSeconds) * 1000)
  for (const page of pages) await regions.put(page.path, page.bytes, retainUntil)
  await regions.put(path, note, retainUntil)
  if (base === null)
    bases.set(folder, { name, files: new Map(files.map((file) => [file.name, file])), sets: 0 })
  else base.sets += 1
  return { system, folder, name, at, files }
}

function changedRows(base: ReadonlyMap<string, FileEntry>, files: readonly FileEntry[]): string[] {
  const now = new Set(files.map(({ name }) => name))
  const gone = [...base.keys()].filter((name) => !now.has(name)).map((name) => JSON.stringify([name]))
  const changed = files.map(rowOf).filter((row, at) => {
    const before = base.get(files[at]?.name ?? '')
    return before === undefined || rowOf(before) !== row
  })
  return [...gone, ...changed]
}

function headText(set: Omit<ReadSet, 'entries' | 'gone'>): string {
  const { system, folder, name, at, base } = set
  return JSON.stringify({ format: 1, system, folder, name, at, base: base ?? '' })
}

function rowOf({ name, epoch, objects }: FileEntry): string {
  const unique = /\/files\/(.+)\.obj$/.exec(objects[0]?.path ?? '')?.[1] ?? ''
  const sizes = objects.map(({ plainBytes, bytes, sha256 }) => `${plainBytes} ${bytes} ${sha256}`)
  return JSON.stringify([name, epoch, unique, ...sizes])
}

interface ReadSet {
  readonly system: string
  readonly folder: string
  readonly name: string
  readonly at: string
  readonly base: string | null
  readonly entries: ReadonlyMap<string, FileEntry>
  readonly gone: readonly string[]
}

function readSet(
  system: string,
  name: string,
  path: string,
  headLine: string,
  rows: readonly string[],
): ReadSet {
  const head = headReader(path, headLine)
  if (head.text('system', /^[0-9]{1,20}$/) !== system || head.text('name', /./) !== name)
    throw new RepositoryError('foreign', path)
  const folder = head.text('folder', folderName)
  const at = head.moment('at')
  const base = head.text('base', /^(?:[a-z0-9]+-\d{8}T\d{9}Z)?$/) || null
  if (
    name !== `${folder}-${at.replaceAll(/[-:.]/g, '')}` ||
    (base !== null && !base.startsWith(`${folder}-`))
  )
    throw new RepositoryError('foreign', path)
  head.requireSame(headText({ system, folder, name, at, base }))
  const entries = new Map<string, FileEntry>()
  const gone: string[] = []
  for (const row of rows) {
    const fields = parseRow(path, row)
    const [file = ''] = fields
    requireFileName(file, path)
    if (fields.length === 1) gone.push(file)
    else if (entries.has(file)) throw new RepositoryError('damaged', path)
    else entries.set(file, readEntry(system, path, fields))
  }
  return { system, folder, name, at, base, entries, gone }
}

function parseRow(path: string, row: string): string[] {
  try {
    const fields = JSON.parse(row) as unknown
    if (Array.isArray(fields) && fields.length > 0 && fields.every((field) => typeof field === 'string'))
      if (JSON.stringify(fields) === row) return fields
  } catch (cause) {
    throw new RepositoryError('damaged', path, cause)
  }
  throw new RepositoryError('damaged', path)
}

function readEntry(system: string, path: string, fields: readonly string[]): FileEntry {
  const [name = '', epoch = '', unique = '', ...sizes] = fields
  if (
    !/^[0-9a-f]{32}$/.test(epoch) ||
    !/^\d{1,6}-[0-9a-f]{64}-[0-9a-f]{8}$/.test(unique) ||
    sizes.length === 0
  )
    throw new RepositoryError('damaged', path)
  const objects = sizes.map((size, index): SealedObject => {
    const [plain, bytes, sha256, ...more] = size.split(' ')
    if (more.length > 0) throw new RepositoryError('damaged', path)
    return {
      path: repositoryPaths(system).file(unique, index),
      plainBytes: countOf(path, plain),
      bytes: countOf(path, bytes),
      sha256: sha256Of(path, sha256),
    }
  })
  return { name, epoch, objects }
}

function wholeSet(set: ReadSet, base: ReadonlyMap<string, FileEntry>): Fileset {
  const files = new Map([...base, ...set.entries])
  for (const name of set.gone) files.delete(name)
  const { system, folder, name, at } = set
  const byName = [...files.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return { system, folder, name, at, files: byName }
}
