/** Sums the parts of files that lie in memory shared with another thread. */
import { parentPort } from 'node:worker_threads'
import { crc32c } from './crc32c.ts'
import { answerAll } from './threads.ts'

/** Shared memory, and where the parts lie in it: where each begins and how long it is. */
export interface SumWork {
  readonly memory: Uint8Array
  readonly parts: readonly (readonly [from: number, bytes: number])[]
}

/** The CRC-32C of each part. */
export type SumAnswer = readonly number[]

function sums({ memory, parts }: SumWork): [SumAnswer] {
  return [parts.map(([from, bytes]) => crc32c(memory.subarray(from, from + bytes)))]
}

if (parentPort !== null) answerAll(parentPort, sums)
