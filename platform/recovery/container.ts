import { Problem } from '../kernel/problem.ts'

/**
 * A sequence of named byte streams in one. Each entry is a header frame, data frames and an empty frame; a frame is its
 * length (32 bits, big-endian) and its bytes. The container lies inside a sealed stream, so it needs no integrity of its own.
 */
const FRAME_BYTES_MAX = 2 ** 20

function frame(bytes: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(4 + bytes.length)
  whole.writeUInt32BE(bytes.length, 0)
  whole.set(bytes, 4)
  return whole
}

/** The frames of one entry: its header as JSON, then its bytes in pieces. */
export async function* entryFrames(header: unknown, body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const named = Buffer.from(JSON.stringify(header))
  if (named.length > FRAME_BYTES_MAX) throw new Error('the header of an entry is too large')
  yield frame(named)
  for await (const bytes of body)
    for (let at = 0; at < bytes.length; at += FRAME_BYTES_MAX)
      yield frame(bytes.subarray(at, at + FRAME_BYTES_MAX))
  yield frame(Buffer.alloc(0))
}

/** Takes bytes in wanted lengths from a stream of pieces. */
interface Bytes {
  /** Exactly so many bytes, or null at the end of the stream; throws when it ends within them. */
  take(length: number): Promise<Buffer | null>
}

function bytesOf(source: AsyncIterable<Buffer>): Bytes {
  const pieces = source[Symbol.asyncIterator]()
  let held: Buffer[] = []
  let heldBytes = 0
  return {
    take: async (length) => {
      while (heldBytes < length) {
        const next = await pieces.next()
        if (next.done === true) {
          if (heldBytes === 0) return null
          throw cutOff()
        }
        held.push(next.value)
        heldBytes += next.value.length
      }
      const all = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held)
      held = [all.subarray(length)]
      heldBytes -= length
      return all.subarray(0, length)
    },
  }
}

function cutOff(): Problem {
  return new Problem('recovery.unreadable', 'The backup ends too early.')
}

async function takeFrame(bytes: Bytes): Promise<Buffer | null> {
  const length = (await bytes.take(4))?.readUInt32BE(0)
  if (length === undefined) return null
  if (length > FRAME_BYTES_MAX) throw new Problem('recovery.unreadable', 'A part of the backup is too large.')
  if (length === 0) return Buffer.alloc(0)
  const taken = await bytes.take(length)
  if (taken === null) throw cutOff()
  return taken
}

async function* bodyOf(bytes: Bytes): AsyncGenerator<Buffer> {
  for (;;) {
    const piece = await takeFrame(bytes)
    if (piece === null) throw cutOff()
    if (piece.length === 0) return
    yield piece
  }
}

/** Reads entries in order; `entry` gets each header and its bytes, and what it leaves is skipped. */
export async function readEntries(
  source: AsyncIterable<Buffer>,
  entry: (header: unknown, body: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const bytes = bytesOf(source)
  for (;;) {
    const header = await takeFrame(bytes)
    if (header === null) return
    const body = bodyOf(bytes)
    await entry(parsed(header), body)
    let left = await body.next()
    while (left.done !== true) left = await body.next()
  }
}

function parsed(header: Buffer): unknown {
  try {
    return JSON.parse(header.toString('utf8'))
  } catch (cause) {
    throw new Problem('recovery.unreadable', 'A part of the backup has no readable name.', { cause })
  }
}
