import { Buffer } from 'node:buffer'
import type { Bytes } from '../model.ts'

/** Gathers the parts of a body up to a number of bytes. */
export interface BodyBuffer {
  /** Takes a part, as much of it as fits; says whether the body is over the limit. */
  add(part: Uint8Array, bytesMax: number): boolean
  /** Everything that was taken. */
  text(): Bytes
}

/** An empty buffer; parts are copied. */
export function createBodyBuffer(): BodyBuffer {
  const parts: Bytes[] = []
  let length = 0
  let over = false
  return {
    add(part, bytesMax) {
      const room = Math.max(0, bytesMax - length)
      if (part.byteLength > room) over = true
      const kept = Buffer.from(part.buffer, part.byteOffset, Math.min(part.byteLength, room))
      length += kept.byteLength
      if (kept.byteLength > 0) parts.push(kept.toString('latin1'))
      return over
    },
    text() {
      if (parts.length < 2) return parts[0] ?? ''
      // A joined text is copied once, so that reading it byte by byte does not walk its pieces.
      return Buffer.from(parts.join(''), 'latin1').toString('latin1')
    },
  }
}
