import {
  chmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { FileChecker } from './database-manifest.ts'
import {
  incrementalFor,
  incrementalHeaderBytes,
  IncrementalFileError,
  pageBytes,
  readIncrementalHeader,
  resultBlocks,
  type IncrementalHeader,
} from './incremental-file.ts'
import { TarError, type TarEntry, type TarSink } from './tar.ts'
import { noWriteOut, type WriteOut } from './write-out.ts'

/** What is written at once: longer writes cost the kernel up to three times the processor time. */
const writeBytes = 512 * 1024

/** How an archive becomes files. */
export interface FolderRequest {
  readonly folder: string
  /** Whether the folder holds the backup before, which this incremental one changes into its own state. */
  readonly onto: boolean
  readonly checker?: FileChecker | undefined
  /** Where a tablespace's link shall point; without it, or for null, a link is refused. */
  readonly tablespace?: ((oid: string) => string | null) | undefined
  /** What stands before the names in `backup_manifest`: `pg_tblspc/OID/` for the archive of a tablespace. */
  readonly prefix?: string | undefined
  /** Has the disk take files while others are written; whoever opened it waits until it has settled, also after a failure. */
  readonly writeOut?: WriteOut | undefined
}

/** What was written; `files` are whole paths, to be made durable. */
export interface FolderResult {
  readonly bytes: number
  readonly files: readonly string[]
  readonly folders: readonly string[]
}

/** Writes the files of an archive below a folder, and the pages of incremental files into the files that are there. */
export class FolderWriter implements TarSink {
  readonly #request: FolderRequest
  readonly #names = new Set<string>()
  readonly #links = new Set<string>()
  readonly #files: string[] = []
  readonly #folders: string[] = []
  #open: OpenFile | null = null
  #bytes = 0

  constructor(request: FolderRequest) {
    this.#request = request
    mkdirSync(request.folder, { recursive: true, mode: 0o700 })
    if (!request.onto && readdirSync(request.folder).length > 0)
      throw new TarError(`${request.folder} is not empty`)
  }

  entry(entry: TarEntry): void {
    const result = incrementalFor(entry.name) ?? entry.name
    this.#requireNew(result)
    const path = join(this.#request.folder, result)
    if (entry.kind === 'folder') this.#makeFolder(path, entry)
    else if (entry.kind === 'link') this.#makeLink(path, entry)
    else this.#openFile(path, result, entry)
  }

  data(bytes: Buffer): void {
    this.#request.checker?.data(bytes)
    this.#open?.write(bytes)
    this.#bytes += bytes.length
  }

  end(): void {
    if (this.#open === null) return
    this.#open.end()
    this.abandon()
    this.#request.checker?.end()
  }

  /** After the whole archive: removes what the newer state no longer has. */
  finish(): FolderResult {
    if (this.#request.onto) {
      removeOthers(this.#request.folder, '', this.#names)
      if (this.#names.has('backup_label')) stripLabel(join(this.#request.folder, 'backup_label'))
    }
    return { bytes: this.#bytes, files: this.#files, folders: [this.#request.folder, ...this.#folders] }
  }

  /** Closes what is open, whole or not. */
  abandon(): void {
    const open = this.#open
    this.#open = null
    open?.close()
  }

  #requireNew(name: string): void {
    if (this.#names.has(name)) throw new TarError(`${name} is in the archive twice`)
    for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1)) {
      const parent = name.slice(0, at)
      if (this.#links.has(parent)) throw new TarError(`${name} lies behind a link`)
      this.#names.add(parent)
    }
    this.#names.add(name)
  }

  #makeFolder(path: string, { mode }: TarEntry): void {
    mkdirSync(path, { recursive: true })
    chmodSync(path, mode | 0o700)
    this.#folders.push(path)
  }

  #makeLink(path: string, { name }: TarEntry): void {
    const [, oid = ''] = /^pg_tblspc\/([1-9]\d{0,9})$/.exec(name) ?? []
    const target = this.#request.tablespace?.(oid) ?? null
    if (oid === '' || target === null) throw new TarError(`${name} is a link`)
    this.#links.add(name)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    if (this.#request.onto) rmSync(path, { force: true })
    symlinkSync(target, path)
  }

  #openFile(path: string, result: string, entry: TarEntry): void {
    const { checker, onto, prefix = '' } = this.#request
    checker?.begin(prefix + entry.name, entry.bytes)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    this.#files.push(path)
    const incremental = result !== entry.name
    if (incremental && !onto) throw new IncrementalFileError(`${entry.name} has no backup before it`)
    const out = this.#request.writeOut ?? noWriteOut
    this.#open = incremental ? new PatchedFile(path, entry, out) : new WholeFile(path, entry, out)
  }
}

interface OpenFile {
  write(bytes: Buffer): void
  /** After the last byte; throws where the file is not whole, which leaves it open. */
  end(): void
  close(): void
}

function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length;)
    at += writeSync(file, bytes, at, Math.min(writeBytes, bytes.length - at), position + at)
}

class WholeFile implements OpenFile {
  readonly #file: number
  readonly #out: WriteOut
  #at = 0

  constructor(path: string, { mode }: TarEntry, out: WriteOut) {
    this.#out = out
    this.#file = openSync(path, 'w', mode | 0o600)
  }

  write(bytes: Buffer): void {
    writeAll(this.#file, bytes, this.#at)
    this.#at += bytes.length
    this.#out.wrote(this.#file, bytes.length)
  }

  end(): void {}

  close(): void {
    this.#out.close(this.#file)
  }
}

/** Takes an incremental file and writes its pages into the file as it was. */
class PatchedFile implements OpenFile {
  readonly #file: number
  readonly #out: WriteOut
  readonly #entry: TarEntry
  #head: Buffer = Buffer.alloc(0)
  #header: IncrementalHeader | null = null
  #payload = 0

  constructor(path: string, entry: TarEntry, out: WriteOut) {
    this.#out = out
    this.#entry = entry
    this.#file = openExisting(path, entry.name)
  }

  write(bytes: Buffer): void {
    let pages = bytes
    if (this.#header === null) {
      const before = this.#head.length
      this.#head = Buffer.concat([this.#head, bytes])
      const wanted = incrementalHeaderBytes(this.#head)
      if (wanted === null || this.#head.length < wanted) return
      this.#header = this.#begin(wanted)
      pages = bytes.subarray(wanted - before)
      this.#head = Buffer.alloc(0)
    }
    this.#writePages(this.#header, pages)
    this.#out.wrote(this.#file, pages.length)
  }

  end(): void {
    if (this.#header === null) throw new IncrementalFileError(`${this.#entry.name} ends in its header`)
    ftruncateSync(this.#file, resultBlocks(this.#header) * pageBytes)
  }

  close(): void {
    this.#out.close(this.#file)
  }

  #begin(headerBytes: number): IncrementalHeader {
    const header = readIncrementalHeader(this.#head.subarray(0, headerBytes), this.#entry.bytes)
    const kept = header.truncationBlocks * pageBytes
    // Pages from here on that nobody names are zero, whatever the file held there before.
    if (fstatSync(this.#file).size > kept) ftruncateSync(this.#file, kept)
    return header
  }

  #writePages({ blocks }: IncrementalHeader, bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const page = Math.floor(this.#payload / pageBytes)
      const within = this.#payload % pageBytes
      let run = 1
      const most = Math.ceil((bytes.length - at + within) / pageBytes)
      while (run < most && blocks[page + run] === (blocks[page] ?? 0) + run) run += 1
      const length = Math.min(run * pageBytes - within, bytes.length - at)
      writeAll(this.#file, bytes.subarray(at, at + length), (blocks[page] ?? 0) * pageBytes + within)
      this.#payload += length
      at += length
    }
  }
}

function openExisting(path: string, name: string): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new IncrementalFileError(`${name} has no file before it`)
  }
}

function removeOthers(folder: string, below: string, names: ReadonlySet<string>): void {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    if (!names.has(name)) rmSync(join(folder, name), { recursive: true })
    else if (entry.isDirectory()) removeOthers(folder, name, names)
  }
}

/** A combined backup is a full one: its label no longer names what it was incremental to. */
function stripLabel(path: string): void {
  const lines = readFileSync(path, 'latin1').split('\n')
  const kept = lines.filter((line) => !line.startsWith('INCREMENTAL FROM '))
  writeFileSync(path, kept.join('\n'), 'latin1')
}
