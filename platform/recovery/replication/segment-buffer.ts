const PIECE_BYTES = 256 * 1024

/** Bytes of a segment as they come, in memory that grows with them: an idle log costs next to nothing. */
export interface SegmentBuffer {
  length(): number
  append(bytes: Uint8Array): void
  /** A copy of the bytes `from` up to but not with `to`. */
  slice(from: number, to: number): Buffer
}

/** An empty buffer. */
export function openSegmentBuffer(): SegmentBuffer {
  const pieces: Buffer[] = []
  let length = 0
  return {
    length: () => length,
    append: (bytes) => {
      for (let at = 0; at < bytes.length;) {
        const inPiece = length % PIECE_BYTES
        if (inPiece === 0) pieces.push(Buffer.allocUnsafeSlow(PIECE_BYTES))
        const part = bytes.subarray(at, at + PIECE_BYTES - inPiece)
        pieces.at(-1)?.set(part, inPiece)
        at += part.length
        length += part.length
      }
    },
    slice: (from, to) => {
      if (from < 0 || to > length || from > to) throw new RangeError('outside of what has arrived')
      const copy = Buffer.allocUnsafeSlow(to - from)
      for (let at = from; at < to;) {
        const piece = pieces[Math.floor(at / PIECE_BYTES)]
        if (piece === undefined) throw new RangeError('outside of what has arrived')
        const start = at % PIECE_BYTES
        const count = Math.min(PIECE_BYTES - start, to - at)
        piece.copy(copy, at - from, start, start + count)
        at += count
      }
      return copy
    },
  }
}
