import type { KeyObject } from 'node:crypto'
import { Transform } from 'node:stream'
import { chunkBytes, headerBytes, openingPass, sealingPass, type Pass } from './chunked.ts'
import { tagBytes } from './primitives.ts'

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
  const chunks = Math.floor(bytes.length / chunkBytes) + 1
  const sealed = Buffer.allocUnsafe(headerBytes + bytes.length + chunks * tagBytes)
  return whole(sealingPass(key, context), bytes, sealed, chunkBytes)
}

/** `openStream` for bytes in memory; releases nothing unless all of it is authentic. */
export function openFile(keys: readonly KeyObject[], context: Uint8Array, bytes: Uint8Array): Buffer {
  // What is opened is never longer than what was sealed, however it was cut.
  const opened = Buffer.allocUnsafe(bytes.length)
  return whole(openingPass(keys, context), bytes, opened, chunkBytes + tagBytes)
}

/** A few chunks at a time, so that each is copied to its place while the processor still has it at hand. */
function whole(pass: Pass, bytes: Uint8Array, into: Buffer, chunk: number): Buffer {
  let at = 0
  const take = (pieces: readonly Buffer[]): void => {
    for (const piece of pieces) {
      into.set(piece, at)
      at += piece.length
    }
  }
  const head = chunk === chunkBytes ? 0 : headerBytes
  take(pass.push(bytes.subarray(0, head)))
  for (let from = head; from < bytes.length; from += chunksAtOnce * chunk)
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
