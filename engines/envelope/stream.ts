import type { KeyObject } from 'node:crypto'
import { Transform } from 'node:stream'
import {
  chunkBytes,
  headerBytes,
  openingPass,
  sealedLength,
  sealInto,
  sealingPass,
  type Pass,
} from './chunked.ts'
import { release, tagBytes } from './primitives.ts'

const chunksAtOnce = 4

/** A Transform that seals what flows through it for the key and the context; the result is 56 bytes and 16 a chunk of 16 KiB longer. */
export function sealStream(key: KeyObject, context: Uint8Array): Transform {
  return through(sealingPass(key, context))
}

/**
 * A Transform that opens what `sealStream` sealed with one of these keys and this context. Each chunk leaves it only once it is
 * authentic, but only the end of the stream proves that none is missing: keep what it wrote out of reach until `finish`.
 */
export function openStream(keys: readonly KeyObject[], context: Uint8Array): Transform {
  return through(openingPass(keys, context))
}

/** `sealStream` for bytes in memory. */
export function sealFile(key: KeyObject, context: Uint8Array, bytes: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafe(sealedLength(bytes.length))
  return sealed.subarray(0, sealInto(key, context, bytes, sealed))
}

/** `sealFile` into memory that is there already, from its beginning; returns how many bytes that were, `sealedFileBytes` of them. */
export function sealFileInto(
  key: KeyObject,
  context: Uint8Array,
  bytes: Uint8Array,
  into: Uint8Array,
): number {
  if (into.length < sealedLength(bytes.length)) throw new RangeError('the sealed bytes have no room')
  return sealInto(key, context, bytes, into)
}

/** How long so many bytes are once `sealFile` has sealed them. */
export function sealedFileBytes(bytes: number): number {
  return sealedLength(bytes)
}

/** `openStream` for bytes in memory; releases nothing unless all of it is authentic. */
export function openFile(keys: readonly KeyObject[], context: Uint8Array, bytes: Uint8Array): Buffer {
  // What is opened is never longer than what was sealed, however it was cut.
  const opened = Buffer.allocUnsafe(bytes.length)
  return whole(openingPass(keys, context), bytes, opened)
}

/** A few chunks at a time, so that each is copied to its place while the processor still has it at hand. */
function whole(pass: Pass, bytes: Uint8Array, into: Buffer): Buffer {
  let at = 0
  const take = (pieces: readonly Buffer[]): void => {
    for (const piece of pieces) {
      into.set(piece, at)
      at += piece.length
      release(piece)
    }
  }
  const chunk = chunkBytes + tagBytes
  take(pass.push(bytes.subarray(0, headerBytes)))
  for (let from = headerBytes; from < bytes.length; from += chunksAtOnce * chunk)
    take(pass.push(bytes.subarray(from, from + chunksAtOnce * chunk)))
  take(pass.end())
  return into.subarray(0, at)
}

function through(pass: Pass): Transform {
  return new Transform({
    transform: (bytes: Buffer, _encoding, done) => settle(() => pass.push(bytes), done),
    flush: (done) => settle(pass.end, done),
  })
}

/** An error thrown inside a Transform would end the process; handed to `done` it ends the stream for good. */
function settle(produce: () => readonly Buffer[], done: (error: Error | null, bytes?: Buffer) => void): void {
  let produced: Buffer
  try {
    produced = Buffer.concat(produce())
  } catch (error) {
    done(error instanceof Error ? error : new Error('stream failed', { cause: error }))
    return
  }
  done(null, produced)
}
