import type { KeyObject } from 'node:crypto'
import { Transform } from 'node:stream'
import { openingPass, sealedLength, sealingPass, type Pass } from './chunked.ts'

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
  return sealed.subarray(0, whole(sealingPass(key, context), bytes, sealed))
}

/** `sealFile` into memory that is there already, from its beginning; returns how many bytes that were, `sealedFileBytes` of them. */
export function sealFileInto(
  key: KeyObject,
  context: Uint8Array,
  bytes: Uint8Array,
  into: Uint8Array,
): number {
  if (into.length < sealedLength(bytes.length)) throw new RangeError('the sealed bytes have no room')
  return whole(sealingPass(key, context), bytes, into)
}

/** How long so many bytes are once `sealFile` has sealed them. */
export function sealedFileBytes(bytes: number): number {
  return sealedLength(bytes)
}

/** `openStream` for bytes in memory; releases nothing unless all of it is authentic. */
export function openFile(keys: readonly KeyObject[], context: Uint8Array, bytes: Uint8Array): Buffer {
  const pass = openingPass(keys, context)
  const opened = Buffer.allocUnsafe(pass.room(bytes.length))
  return opened.subarray(0, whole(pass, bytes, opened))
}

function whole(pass: Pass, bytes: Uint8Array, into: Uint8Array): number {
  return pass.end(into, pass.push(bytes, into, 0))
}

function through(pass: Pass): Transform {
  return new Transform({
    transform: (bytes: Buffer, _encoding, done) =>
      settle(pass.room(bytes.length), (into) => pass.push(bytes, into, 0), done),
    flush: (done) => settle(pass.room(0), (into) => pass.end(into, 0), done),
  })
}

/** An error thrown inside a Transform would end the process; handed to `done` it ends the stream for good. */
function settle(
  room: number,
  produce: (into: Buffer) => number,
  done: (error: Error | null, bytes?: Buffer) => void,
): void {
  let produced: Buffer
  try {
    const into = Buffer.allocUnsafe(room)
    produced = into.subarray(0, produce(into))
  } catch (error) {
    done(error instanceof Error ? error : new Error('stream failed', { cause: error }))
    return
  }
  done(null, produced)
}
