import { gunzipSync } from 'node:zlib'

/** A file of an archive. */
export interface TarFile {
  readonly path: string
  readonly content: Buffer
}

const BLOCK = 512
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024
const FILES_MAX = 20_000

/** Reads the ordinary files of a `.tar.gz` (POSIX ustar and pax); links, devices and names that leave the archive are left out. Throws for anything that is none. */
export function readTarGz(packed: Uint8Array): TarFile[] {
  const bytes = gunzipSync(packed, { maxOutputLength: UNPACKED_BYTES_MAX })
  const files: TarFile[] = []
  let longName: string | undefined
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const header = bytes.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) break
    requireSum(header)
    const size = octal(header, 124, 12)
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size)
    if (content.length !== size) throw new Error('the archive ends in the middle of a file')
    const type = String.fromCharCode(header[156] ?? 0)
    if (type === 'x') longName = paxPath(content) ?? longName
    else if (type === 'L') longName = content.toString('utf8').replace(/\0.*$/s, '')
    else {
      const path = longName ?? shortName(header)
      if ((type === '0' || type === '\0') && staysInside(path))
        files.push({ path, content: Buffer.from(content) })
      if (type !== 'g') longName = undefined
    }
    if (files.length > FILES_MAX) throw new Error('the archive has too many files')
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

function staysInside(path: string): boolean {
  return !path.startsWith('/') && !path.includes('\\') && !path.split('/').includes('..')
}

function textAt(header: Buffer, from: number, length: number): string {
  return header
    .subarray(from, from + length)
    .toString('utf8')
    .replace(/\0.*$/s, '')
}

function octal(header: Buffer, from: number, length: number): number {
  const text = textAt(header, from, length).trim()
  if (!/^[0-7]{1,11}$/.test(text)) throw new Error('the archive has a malformed header')
  return Number.parseInt(text, 8)
}

/** The sum of all bytes of the header with blanks in its own place. */
function requireSum(header: Buffer): void {
  let sum = 0
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 32 : byte
  if (sum !== octal(header, 148, 8)) throw new Error('the archive has a damaged header')
}

function shortName(header: Buffer): string {
  const prefix = textAt(header, 257, 5) === 'ustar' ? textAt(header, 345, 155) : ''
  const name = textAt(header, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Records are `LENGTH KEY=VALUE\n`, the length counting itself. */
function paxPath(content: Buffer): string | undefined {
  let path: string | undefined
  for (let at = 0; at < content.length;) {
    const blank = content.indexOf(0x20, at)
    const length = Number(content.subarray(at, blank).toString('latin1'))
    if (blank < 0 || !Number.isSafeInteger(length) || length <= blank - at) return path
    const [key, value = ''] = content
      .subarray(blank + 1, at + length - 1)
      .toString('utf8')
      .split(/=(.*)/s)
    if (key === 'path') path = value
    at += length
  }
  return path
}
