import { closeSync, fdatasync } from 'node:fs'
import { promisify } from 'node:util'

/** After so much that was written to a file the disk is asked to take it. */
const askedEachBytes = 32 * 1024 * 1024
/** Files with less are left to whoever makes everything lasting at the end: several of those are one turn of the disk. */
const smallBytes = 1024 * 1024
/** Files that are written and wait for the disk, still open. */
const closingMax = 64

const toDisk = promisify(fdatasync)

/**
 * Has the disk take what was written while more is being written, so that whoever makes everything lasting at the end waits
 * for little. It makes nothing lasting by itself.
 */
export interface WriteOut {
  /** So many bytes more were written to an open file. */
  wrote(file: number, bytes: number): void
  /** Closes a file, now or once the disk has taken it. */
  close(file: number): void
  /** Resolves when every file is closed; rejects with the first failure of the disk, which tells whoever syncs later nothing of it. */
  settled(): Promise<void>
}

/** Closes files as they are whole, and asks the disk for nothing. */
export const noWriteOut: WriteOut = { wrote: () => {}, close: closeSync, settled: async () => {} }

/** Begins without any file. */
export function openWriteOut(): WriteOut {
  const waiting = new Map<number, number>()
  const underWay = new Map<number, Promise<void>>()
  const closing = new Set<Promise<void>>()
  const failures: unknown[] = []
  const failed = (error: unknown): void => void failures.push(error)
  const ask = (file: number): void => {
    const asked = toDisk(file)
      .catch(failed)
      .finally(() => underWay.delete(file))
    underWay.set(file, asked)
  }
  return {
    wrote: (file, bytes) => {
      const now = (waiting.get(file) ?? 0) + bytes
      const due = now >= askedEachBytes && !underWay.has(file)
      waiting.set(file, due ? 0 : now)
      if (due) ask(file)
    },
    close: (file) => {
      const asked = underWay.get(file)
      const left = waiting.get(file) ?? 0
      waiting.delete(file)
      if (asked === undefined && (left < smallBytes || closing.size >= closingMax)) return closeSync(file)
      const closed = Promise.resolve(asked)
        .then(() => toDisk(file))
        .finally(() => closeSync(file))
        .catch(failed)
        .finally(() => closing.delete(closed))
      closing.add(closed)
    },
    settled: async () => {
      while (closing.size > 0) await Promise.all(closing)
      if (failures.length > 0) throw failures[0]
    },
  }
}
