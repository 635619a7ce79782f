import { createWriteStream, mkdirSync, renameSync, rmSync, statSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A file this long makes room for the next; so many older ones are kept beside it. */
const FILE_BYTES_MAX = 20_000_000
const OLDER_FILES = 5
/** pino's number for a warning. */
const WARNING = 40

/** Where the lines of the programs go. */
export interface ProgramLog {
  /** Takes over a program's output, line by line. */
  take(output: Readable): void
  close(): Promise<void>
}

/** Passes every line on to standard output, for whoever collects logs there. */
export function logToOutput(): ProgramLog {
  return {
    take: (output) => void output.pipe(process.stdout, { end: false }),
    close: () => Promise.resolve(),
  }
}

/** Keeps the lines in `surety.log` of the folder, readable by this user alone, and says warnings and errors in words. */
export function logToFile(folder: string, say: (line: string) => void): ProgramLog {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'surety.log')
  let file = append(path)
  let bytes = sizeOf(path)

  const write = (line: string): void => {
    if (bytes > FILE_BYTES_MAX) {
      file.end()
      makeRoom(path)
      file = append(path)
      bytes = 0
    }
    bytes += line.length + 1
    file.write(`${line}\n`)
    const warning = inWords(line)
    if (warning !== null) say(warning)
  }
  return {
    take: (output) => void createInterface({ input: output }).on('line', write),
    close: () => new Promise((resolve) => file.end(resolve)),
  }
}

function append(path: string): WriteStream {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 })
  // A full disk must not end the supervisor; the programs refuse their writes themselves and say why.
  file.on('error', () => {})
  return file
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function makeRoom(path: string): void {
  rmSync(`${path}.${OLDER_FILES}`, { force: true })
  for (let at = OLDER_FILES - 1; at >= 0; at -= 1) {
    const from = at === 0 ? path : `${path}.${at}`
    if (sizeOf(from) > 0) renameSync(from, `${path}.${at + 1}`)
  }
}

/** A warning or an error as a line for a person; null for everything else. Text that is no record is passed on as it is. */
function inWords(line: string): string | null {
  try {
    const record = JSON.parse(line) as {
      level?: number
      part?: string
      msg?: string
      code?: string
      error?: string
      refusals?: string[]
    }
    if (typeof record.level !== 'number' || record.level < WARNING) return null
    const why = record.refusals?.join('; ') ?? record.error ?? record.code
    return `${record.part ?? 'program'}: ${record.msg ?? 'something went wrong'}${why === undefined ? '' : ` (${why})`}`
  } catch {
    return line
  }
}
