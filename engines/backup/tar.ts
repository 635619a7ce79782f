/** An entry of an archive: a plain file, a folder, or a symbolic link (of a tablespace). */
export interface TarEntry {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'link'
  readonly bytes: number
  readonly mode: number
  /** Where a link points; empty for others. */
  readonly target: string
}

/** What happens to the entries as they are read; one at a time, in order. */
export interface TarSink {
  entry(entry: TarEntry): void
  data(bytes: Buffer): void
  /** The current entry is whole. */
  end(): void
}

/** Bytes that are no archive as PostgreSQL writes them, or one that would reach outside of its folder. */
export class TarError extends Error {
  override readonly name = 'TarError'
}

const blockBytes = 512

/** Reads ustar (POSIX.1-1988) as it arrives in pieces of any size; names that lead outside are refused, as is every other kind of entry. */
export class TarReader {
  readonly #sink: TarSink
  readonly #header = Buffer.alloc(blockBytes)
  #headerBytes = 0
  #left = 0
  #padding = 0
  #ended = false

  constructor(sink: TarSink) {
    this.#sink = sink
  }

  write(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) at += this.#data(bytes, at)
      else if (this.#padding > 0) at += this.#skip(bytes.length - at)
      else at += this.#head(bytes, at)
    }
  }

  /** Throws unless the archive ended where an entry ends. */
  end(): void {
    if (this.#left > 0 || this.#padding > 0 || this.#headerBytes > 0)
      throw new TarError('the archive ends inside of an entry')
  }

  #data(bytes: Buffer, at: number): number {
    const taken = Math.min(this.#left, bytes.length - at)
    this.#sink.data(bytes.subarray(at, at + taken))
    this.#left -= taken
    if (this.#left === 0) this.#sink.end()
    return taken
  }

  #skip(there: number): number {
    const taken = Math.min(this.#padding, there)
    this.#padding -= taken
    return taken
  }

  #head(bytes: Buffer, at: number): number {
    const taken = Math.min(blockBytes - this.#headerBytes, bytes.length - at)
    bytes.copy(this.#header, this.#headerBytes, at, at + taken)
    this.#headerBytes += taken
    if (this.#headerBytes < blockBytes) return taken
    this.#headerBytes = 0
    if (this.#header.every((byte) => byte === 0)) this.#ended = true
    else this.#begin()
    return taken
  }

  #begin(): void {
    if (this.#ended) throw new TarError('the archive goes on after its end')
    const entry = readHeader(this.#header)
    this.#sink.entry(entry)
    this.#left = entry.bytes
    this.#padding = (blockBytes - (entry.bytes % blockBytes)) % blockBytes
    if (entry.bytes === 0) this.#sink.end()
  }
}

const kinds: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '5': 'folder',
  '2': 'link',
}

function readHeader(header: Buffer): TarEntry {
  requireChecksum(header)
  const prefix = text(header, 345, 155)
  const name = prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`
  const kind = kinds[String.fromCharCode(header.readUInt8(156))]
  if (kind === undefined) throw new TarError(`${shown(name)} is neither a file, a folder nor a link`)
  const bytes = size(header, name)
  if (kind !== 'file' && bytes !== 0) throw new TarError(`${shown(name)} has bytes but is no file`)
  const target = kind === 'link' ? text(header, 157, 100) : ''
  return { name: insideName(name), kind, bytes, mode: octal(header, 100, 8) & 0o777, target }
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200))
}

/** Whether a relative name stays inside: no empty, `.` or `..` part, no backslash or control character. */
export function staysInside(name: string): boolean {
  const bad = name.split('/').some((part) => part === '' || part === '.' || part === '..')
  return !bad && name.isWellFormed() && !/[\p{Cc}\\\ufffd]/u.test(name)
}

function insideName(name: string): string {
  const clean = name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')
  if (!staysInside(clean)) throw new TarError(`${shown(name)} leads outside of the folder`)
  return clean
}

function requireChecksum(header: Buffer): void {
  let sum = 8 * 32
  for (let at = 0; at < blockBytes; at++) if (at < 148 || at >= 156) sum += header.readUInt8(at)
  if (octal(header, 148, 8) !== sum) throw new TarError('a header of the archive was changed')
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? length : end)
}

function octal(header: Buffer, at: number, length: number): number {
  const digits = text(header, at, length).trim()
  if (!/^[0-7]+$/.test(digits)) throw new TarError('a number of a header is not octal')
  return Number.parseInt(digits, 8)
}

/** Octal, or from 8 GiB on base 256 with the highest bit set, as GNU tar and PostgreSQL write it. */
function size(header: Buffer, name: string): number {
  const first = header.readUInt8(124)
  if ((first & 0x80) === 0) return octal(header, 124, 12)
  const bytes = BigInt(`0x${header.toString('hex', 125, 136)}`)
  if (first !== 0x80 || bytes > BigInt(Number.MAX_SAFE_INTEGER))
    throw new TarError(`${shown(name)} has a size that cannot be`)
  return Number(bytes)
}
