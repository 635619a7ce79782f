import { MalformedAnswer, type Framing } from './answer-head.ts'

/** What became of a body after some bytes: more is to come, it is whole, or bytes follow that nobody asked for. */
export type BodyState = 'more' | 'whole' | 'over'

/** Takes the bytes of a body off their framing and hands them on; throws `MalformedAnswer`. */
export type BodyReader = (bytes: Buffer) => BodyState

/** Bytes that the size line of a chunk, or all lines after the last one, may have. */
const LINE_BYTES_MAX = 4096

/** Opens the reader of one body; `part` gets slices of what is read, never an empty one. */
export function openBodyReader(framing: Framing, part: (bytes: Buffer) => void): BodyReader {
  if (framing === 'chunked') return readChunks(part)
  if (framing === 'until-close')
    return (bytes) => {
      if (bytes.length > 0) part(bytes)
      return 'more'
    }
  return readLength(framing, part)
}

function readLength(length: number, part: (bytes: Buffer) => void): BodyReader {
  let left = length
  return (bytes) => {
    const mine = bytes.length > left ? bytes.subarray(0, left) : bytes
    left -= mine.length
    if (mine.length > 0) part(mine)
    if (left > 0) return 'more'
    return mine.length < bytes.length ? 'over' : 'whole'
  }
}

const CR = 0x0d
const LF = 0x0a
const SEMICOLON = 0x3b
/** The largest chunk that is taken: 2^40 bytes less one. */
const SIZE_DIGITS_MAX = 10

/** Where in a chunked body the reader stands (RFC 9112 §7.1). */
type At = 'size' | 'extension' | 'size end' | 'data' | 'data cr' | 'data lf' | 'trailer' | 'trailer end'

interface Chunks {
  at: At
  /** Bytes of this chunk that are still to come. */
  size: number
  digits: number
  /** Bytes of the size line, or of all trailers. */
  lineBytes: number
  /** Bytes of this trailer: the empty line is the end. */
  trailer: number
  whole: boolean
}

/** Extensions and trailers are read over: nothing of them is handed on. */
function readChunks(part: (bytes: Buffer) => void): BodyReader {
  const chunks: Chunks = { at: 'size', size: 0, digits: 0, lineBytes: 0, trailer: 0, whole: false }
  return (bytes) => {
    for (let from = 0; from < bytes.length;) {
      if (chunks.whole) return 'over'
      if (chunks.at !== 'data') {
        chunks.lineBytes += 1
        must(chunks.lineBytes <= LINE_BYTES_MAX)
        chunks.at = AFTER[chunks.at](bytes[from] ?? 0, chunks)
        from += 1
        continue
      }
      const piece = bytes.subarray(from, from + chunks.size)
      part(piece)
      from += piece.length
      chunks.size -= piece.length
      if (chunks.size === 0) chunks.at = 'data cr'
    }
    return chunks.whole ? 'whole' : 'more'
  }
}

function must(holds: boolean): void {
  if (!holds) throw new MalformedAnswer('a chunk is not well-formed')
}

/** Where a byte that is none of the body's leads to. */
const AFTER: Readonly<Record<Exclude<At, 'data'>, (byte: number, chunks: Chunks) => At>> = {
  size: afterSizeByte,
  extension: (byte) => {
    must(byte === CR || isFieldByte(byte))
    return byte === CR ? 'size end' : 'extension'
  },
  'size end': (byte, chunks) => {
    must(byte === LF)
    chunks.lineBytes = 0
    return chunks.size > 0 ? 'data' : 'trailer'
  },
  'data cr': (byte) => {
    must(byte === CR)
    return 'data lf'
  },
  'data lf': (byte, chunks) => {
    must(byte === LF)
    chunks.digits = 0
    chunks.lineBytes = 0
    return 'size'
  },
  trailer: (byte, chunks) => {
    must(byte === CR || isFieldByte(byte))
    if (byte === CR) return 'trailer end'
    chunks.trailer += 1
    return 'trailer'
  },
  'trailer end': (byte, chunks) => {
    must(byte === LF)
    chunks.whole = chunks.trailer === 0
    chunks.trailer = 0
    return 'trailer'
  },
}

function afterSizeByte(byte: number, chunks: Chunks): At {
  const digit = hexDigit(byte)
  if (digit < 0) {
    must(chunks.digits > 0 && (byte === CR || byte === SEMICOLON))
    return byte === CR ? 'size end' : 'extension'
  }
  chunks.digits += 1
  must(chunks.digits <= SIZE_DIGITS_MAX)
  chunks.size = chunks.size * 16 + digit
  return 'size'
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const small = byte | 0x20
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : -1
}

/** Whether a header's line may hold it: anything but control characters. */
function isFieldByte(byte: number): boolean {
  return byte === 0x09 || (byte >= 0x20 && byte !== 0x7f)
}
