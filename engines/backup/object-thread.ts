/** Packs and opens the objects that another thread hands over, one after the other. */
import { parentPort } from 'node:worker_threads'
import { RepositoryError, type SealedObject } from './model.ts'
import {
  describeObject,
  giveBack,
  openObjectSync,
  ownMemory,
  packSync,
  putInto,
  requireDescribed,
  sealPacked,
} from './object-format.ts'
import type { ObjectPlace } from './object-packer.ts'
import { answerAll } from './threads.ts'

/** What a thread is asked to do. Bytes are shared with the other thread, or handed over. */
export type ThreadWork =
  | {
      readonly kind: 'seal'
      readonly place: ObjectPlace
      readonly plain: Uint8Array
      readonly into: Uint8Array
    }
  | {
      readonly kind: 'open'
      readonly place: ObjectPlace
      readonly stored: Uint8Array
      readonly expected: SealedObject | undefined
      readonly into: Uint8Array | undefined
    }

/** Its answer; `code` is that of a `RepositoryError`, null for any other error. */
export type ThreadAnswer =
  | { readonly sealed: SealedObject }
  /** In memory of its own, or so many bytes of what the opened object was to be put into. */
  | { readonly opened: Uint8Array | number }
  | { readonly failed: { readonly code: RepositoryError['code'] | null; readonly why: string } }

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}

function answerTo(work: ThreadWork): ThreadAnswer {
  const { epoch, system, path } = work.place
  if (work.kind === 'seal') {
    const packed = packSync(work.plain)
    const stored = sealPacked(epoch, system, path, packed, asBuffer(work.into))
    giveBack(packed)
    return { sealed: describeObject(path, work.plain.length, stored) }
  }
  const stored = asBuffer(work.stored)
  if (work.expected !== undefined) requireDescribed(work.expected, stored)
  const opened = openObjectSync(epoch, system, path, stored)
  giveBack(stored)
  const into = work.into === undefined ? undefined : asBuffer(work.into)
  const put = putInto(opened, into)
  return { opened: put === opened ? put : put.length }
}

function failure(error: unknown): ThreadAnswer {
  const code = error instanceof RepositoryError ? error.code : null
  const cause = error instanceof RepositoryError ? error.cause : error
  return { failed: { code, why: cause instanceof Error ? cause.message : '' } }
}

function serve(work: ThreadWork): [ThreadAnswer, ArrayBuffer?] {
  try {
    const answer = answerTo(work)
    const memory =
      'opened' in answer && typeof answer.opened !== 'number' ? ownMemory(asBuffer(answer.opened)) : undefined
    return memory === undefined ? [answer] : [answer, memory]
  } catch (error) {
    return [failure(error)]
  }
}

if (parentPort !== null) answerAll(parentPort, serve)
