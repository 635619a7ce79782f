import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import {
  incrementalFor,
  incrementalHeaderBytes,
  readIncrementalHeader,
  resultBlocks,
  type IncrementalHeader,
  type TarEntry,
  type TarSink,
} from '#backup'
import { crcOf, crcStart, crcText } from './crc32c.ts'

const PAGE = 8192
const LABEL = 'backup_label'
/** A line of the label of an incremental backup, with which no server starts. */
const INCREMENTAL_FROM = /^INCREMENTAL FROM .*\n/gm

/** What an archive held: its files with their sizes and checksums as they arrived, and its folders. */
export interface Written {
  readonly files: ReadonlyMap<string, { readonly bytes: number; readonly crc32c: string }>
  readonly folders: ReadonlySet<string>
}

/** What does not fit; the name is that of a file in the archive. */
export class UnfitArchive extends Error {
  constructor(name: string, why: string) {
    super(`${name} ${why}`)
    this.name = 'UnfitArchive'
  }
}

/** Takes the bytes of one file. */
interface FileSink {
  data(bytes: Buffer): void
  end(): void
}

function writeAll(file: number, bytes: Buffer, position: number | null): void {
  for (let at = 0; at < bytes.length;)
    at += writeSync(file, bytes, at, bytes.length - at, position === null ? null : position + at)
}

/** A file as it is; one of an earlier backup gives way. */
function wholeFile(path: string): FileSink {
  rmSync(path, { force: true })
  const file = openSync(path, 'wx', 0o600)
  return { data: (bytes) => writeAll(file, bytes, null), end: () => closeSync(file) }
}

/** Puts the pages of an incremental file over those of the file before, which is there and becomes as long as it must be. */
function pagesOver(path: string, entry: TarEntry): FileSink {
  let file: number
  try {
    file = openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new UnfitArchive(entry.name, 'adds to a file that the backup before does not have')
  }
  let head = Buffer.alloc(0)
  let header: IncrementalHeader | undefined
  let written = 0
  const pages = (of: IncrementalHeader, bytes: Buffer): void => {
    for (let at = 0; at < bytes.length;) {
      const index = Math.floor(written / PAGE)
      const first = of.blocks[index] ?? 0
      // Pages that follow each other in both files are written together.
      let run = 1
      while (
        of.blocks[index + run] === first + run &&
        (run + 1) * PAGE - (written % PAGE) <= bytes.length - at
      )
        run += 1
      const piece = bytes.subarray(at, at + run * PAGE - (written % PAGE))
      writeAll(file, piece, first * PAGE + (written % PAGE))
      at += piece.length
      written += piece.length
    }
  }
  return {
    data: (bytes) => {
      if (header !== undefined) return pages(header, bytes)
      head = Buffer.concat([head, bytes])
      const length = incrementalHeaderBytes(head)
      if (length === null || head.length < length) return
      header = readIncrementalHeader(head.subarray(0, length), entry.bytes)
      // What was cut off since is not there any more, whatever came after it again.
      if (fstatSync(file).size > header.truncationBlocks * PAGE)
        ftruncateSync(file, header.truncationBlocks * PAGE)
      pages(header, head.subarray(length))
    },
    end: () => {
      if (header === undefined) throw new UnfitArchive(entry.name, 'ends in its header')
      ftruncateSync(file, resultBlocks(header) * PAGE)
      closeSync(file)
    },
  }
}

/** Writes the entries of an archive below `folder`: whole files, and pages over files of the backup before. */
export function folderWriter(folder: string): { readonly sink: TarSink; readonly written: Written } {
  const files = new Map<string, { bytes: number; crc32c: string }>()
  const folders = new Set<string>()
  const made = new Set<string>()
  let current: { readonly entry: TarEntry; readonly sink: FileSink; crc: number } | undefined
  const makeFolder = (path: string): void => {
    if (made.has(path)) return
    mkdirSync(path, { recursive: true, mode: 0o700 })
    made.add(path)
  }
  const sink: TarSink = {
    entry: (entry) => {
      if (entry.kind === 'link')
        throw new UnfitArchive(entry.name, 'is a tablespace, which cannot be restored')
      const whole = incrementalFor(entry.name)
      const name = whole ?? entry.name
      if (entry.kind === 'folder') {
        folders.add(name)
        makeFolder(join(folder, name))
        return
      }
      if (files.has(entry.name)) throw new UnfitArchive(entry.name, 'is there twice')
      const path = join(folder, name)
      makeFolder(dirname(path))
      current = { entry, sink: whole === null ? wholeFile(path) : pagesOver(path, entry), crc: crcStart }
    },
    data: (bytes) => {
      if (current === undefined) throw new Error('bytes of no entry')
      current.crc = crcOf(current.crc, bytes)
      current.sink.data(bytes)
    },
    end: () => {
      if (current === undefined) return
      current.sink.end()
      files.set(current.entry.name, { bytes: current.entry.bytes, crc32c: crcText(current.crc) })
      current = undefined
    },
  }
  return { sink, written: { files, folders } }
}

/** Makes the label that of a full backup, which the folder holds once its incrementals are in it. */
export function asFullBackup(folder: string): void {
  const path = join(folder, LABEL)
  const text = readFileSync(path, 'utf8')
  const plain = text.replace(INCREMENTAL_FROM, '')
  if (plain === text) return
  rmSync(path)
  writeFileSync(path, plain, { mode: 0o600, flag: 'wx' })
}
