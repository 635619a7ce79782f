import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { RepositoryError } from './model.ts'
import { ownMemory } from './object-format.ts'
import type { ObjectPacker, ObjectPlace } from './object-packer.ts'
import type { ThreadAnswer, ThreadWork } from './object-thread.ts'

const threadsMax = 4

/** Threads that pack and open objects; whoever made them ends them. */
export interface PackerThreads extends ObjectPacker {
  close(): Promise<void>
}

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void
  readonly reject: (error: Error) => void
}

/** A thread answers in the order in which it was asked. */
interface Thread {
  readonly worker: Worker
  readonly waiting: Waiting[]
}

/**
 * Packs, seals, opens and unpacks on threads of their own, so that the caller's only moves bytes. A thread begins when there
 * is work for it, and keeps no process alive without.
 */
export function packerThreads(count = Math.min(threadsMax, availableParallelism())): PackerThreads {
  const threads = new Set<Thread>()
  let closed = false
  const ask = (work: ThreadWork, transfer: readonly ArrayBuffer[]): Promise<ThreadAnswer> => {
    if (closed) return Promise.reject(new Error('the threads were ended'))
    const thread = idlest(threads, count)
    thread.worker.ref()
    thread.worker.postMessage(work, transfer)
    return new Promise((resolve, reject) => thread.waiting.push({ resolve, reject }))
  }
  return {
    // Threads share it, so that nothing is copied on its way; and it is no burden to the garbage collector.
    memory: (bytes) => Buffer.from(new SharedArrayBuffer(bytes)),
    seal: async (place, plain, into) => {
      const answer = await ask({ kind: 'seal', place: bare(place), plain, into }, [])
      if ('sealed' in answer) return answer.sealed
      throw refusal(place.path, answer)
    },
    open: async (place, stored, expected) => {
      const memory = ownMemory(stored)
      const transfer = memory === undefined ? [] : [memory]
      const answer = await ask({ kind: 'open', place: bare(place), stored, expected }, transfer)
      if (!('opened' in answer)) throw refusal(place.path, answer)
      const { buffer, byteOffset, length } = answer.opened
      return Buffer.from(buffer, byteOffset, length)
    },
    close: async () => {
      closed = true
      await Promise.all([...threads].map(({ worker }) => worker.terminate()))
    },
  }
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

function idlest(threads: Set<Thread>, count: number): Thread {
  const [found] = [...threads].toSorted((a, b) => a.waiting.length - b.waiting.length)
  const enough = found !== undefined && (found.waiting.length === 0 || threads.size >= count)
  return enough ? found : begin(threads)
}

function begin(threads: Set<Thread>): Thread {
  // As source the program of a thread is TypeScript like this file, as a package it is JavaScript.
  const program = new URL(`./object-thread${extname(import.meta.url)}`, import.meta.url)
  const thread: Thread = { worker: new Worker(program), waiting: [] }
  threads.add(thread)
  const end = (error: Error): void => {
    threads.delete(thread)
    for (const { reject } of thread.waiting.splice(0)) reject(error)
  }
  thread.worker.on('message', (answer: ThreadAnswer) => {
    thread.waiting.shift()?.resolve(answer)
    if (thread.waiting.length === 0) thread.worker.unref()
  })
  thread.worker.once('error', end)
  thread.worker.once('exit', () => end(new Error('a thread that packs ended')))
  return thread
}
