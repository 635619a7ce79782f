import { availableParallelism } from 'node:os'
import { RepositoryError } from './model.ts'
import { ownMemory } from './object-format.ts'
import type { ObjectPacker, ObjectPlace } from './object-packer.ts'
import type { ThreadAnswer, ThreadWork } from './object-thread.ts'
import { openThreads, threadProgram } from './threads.ts'

const threadsMax = 4

/** Threads that pack and open objects; whoever made them ends them. */
export interface PackerThreads extends ObjectPacker {
  close(): Promise<void>
}

/**
 * Packs, seals, opens and unpacks on threads of their own, so that the caller's only moves bytes. A thread begins when there
 * is work for it, and keeps no process alive without.
 */
export function packerThreads(count = Math.min(threadsMax, availableParallelism())): PackerThreads {
  const { ask, close } = openThreads<ThreadWork, ThreadAnswer>(threadProgram('object-thread'), count)
  return {
    // Threads share it, so that nothing is copied on its way; and it is no burden to the garbage collector.
    memory: (bytes) => Buffer.from(new SharedArrayBuffer(bytes)),
    seal: async (place, plain, into) => {
      const answer = await ask({ kind: 'seal', place: bare(place), plain, into })
      if ('sealed' in answer) return answer.sealed
      throw refusal(place.path, answer)
    },
    open: async (place, stored, expected, into) => {
      const memory = ownMemory(stored)
      const transfer = memory === undefined ? [] : [memory]
      const answer = await ask(
        { kind: 'open', place: bare(place), stored, expected, into: shared(into) },
        transfer,
      )
      if (!('opened' in answer)) throw refusal(place.path, answer)
      if (typeof answer.opened === 'number') return within(into, answer.opened)
      const { buffer, byteOffset, length } = answer.opened
      return Buffer.from(buffer, byteOffset, length)
    },
    close,
  }
}

/** Memory that a thread can write to; into any other it would write a copy that nobody sees. */
function shared(into: Buffer | undefined): Buffer | undefined {
  return into?.buffer instanceof SharedArrayBuffer ? into : undefined
}

function within(into: Buffer | undefined, bytes: number): Buffer {
  if (into === undefined) throw new Error('a thread gave another answer than it was asked for')
  return into.subarray(0, bytes)
}

/** A place without what else its epoch may carry, which cannot be handed to a thread. */
function bare({ epoch: { id, secret }, system, path }: ObjectPlace): ObjectPlace {
  return { epoch: { id, secret }, system, path }
}

function refusal(path: string, answer: ThreadAnswer): Error {
  if (!('failed' in answer)) throw new Error('a thread gave another answer than it was asked for')
  const { code, why } = answer.failed
  const cause = new Error(why)
  return code === null ? new Error(`a thread failed: ${why}`) : new RepositoryError(code, path, cause)
}
