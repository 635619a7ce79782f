import { crc32c, crc32cJoined } from './crc32c.ts'
import type { SumAnswer, SumWork } from './sum-thread.ts'
import { openThreads, threadProgram } from './threads.ts'

/** CRC-32C of files whose parts lie in pieces of memory that come one after the other. */
export interface SummedFiles {
  /** A part of the file that is open; it lies in the memory that is handed over next. */
  part(bytes: Buffer): void
  /** The file is whole: `told` hears its sum once all of its parts are summed. */
  end(told: (sum: number) => void): void
  /**
   * Sums all parts since the last time, which lie in this memory: on a thread where it is shared, here otherwise. Resolves once
   * nobody reads it any more and `told` heard of the files that ended in it; rejects with what `told` threw.
   */
  handOver(piece: Buffer): Promise<void>
  close(): Promise<void>
}

interface File {
  sum: number
}

interface Part {
  readonly file: File
  readonly from: number
  readonly bytes: number
  readonly told: ((sum: number) => void) | null
}

/** Sums on a thread of its own, beside the one that writes the files. */
export function summedFiles(): SummedFiles {
  const thread = openThreads<SumWork, SumAnswer>(threadProgram('sum-thread'), 1)
  let file: File = { sum: 0 }
  let waiting: Part[] = []
  let memory: ArrayBufferLike | null = null
  let before: Promise<unknown> = Promise.resolve()
  const taken = (piece: Buffer): Part[] => {
    if (memory !== null && memory !== piece.buffer) throw new Error('a part lies in another piece of memory')
    const parts = waiting
    waiting = []
    memory = null
    return parts
  }
  return {
    part: (bytes) => {
      memory ??= bytes.buffer
      if (memory !== bytes.buffer) throw new Error('a part lies in another piece of memory')
      waiting.push({ file, from: bytes.byteOffset, bytes: bytes.length, told: null })
    },
    end: (told) => {
      waiting.push({ file, from: 0, bytes: 0, told })
      file = { sum: 0 }
    },
    handOver: (piece) => {
      const parts = taken(piece)
      const sums = sumsOf(thread.ask, piece, parts)
      // A file goes on from the piece before, whatever came of the others in it.
      const done = Promise.all([sums, before]).then(([found]) => join(parts, found))
      before = done.catch(() => {})
      return done
    },
    close: thread.close,
  }
}

async function sumsOf(
  ask: (work: SumWork) => Promise<SumAnswer>,
  { buffer }: Buffer,
  parts: readonly Part[],
): Promise<SumAnswer> {
  const memory = new Uint8Array(buffer)
  if (!(buffer instanceof SharedArrayBuffer))
    return parts.map(({ from, bytes }) => crc32c(memory.subarray(from, from + bytes)))
  return ask({ memory, parts: parts.map(({ from, bytes }) => [from, bytes]) })
}

function join(parts: readonly Part[], sums: SumAnswer): void {
  for (const [at, { file, bytes, told }] of parts.entries()) {
    const sum = sums[at]
    if (sum === undefined) throw new Error('a part was not summed')
    file.sum = crc32cJoined(file.sum, sum, bytes)
    told?.(file.sum)
  }
}
