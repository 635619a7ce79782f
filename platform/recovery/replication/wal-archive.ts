import type { Repository } from '#backup'
import { openSegmentBuffer, type SegmentBuffer } from './segment-buffer.ts'
import type { WalSink } from './wal-receiver.ts'
import { segmentAt } from './wal-names.ts'

/** Where the log goes: whole segments, and what there is of the one that is being written. */
export interface WalArchiveParts {
  readonly repository: Pick<Repository, 'putSegment' | 'putTail' | 'putHistory'>
  readonly timeline: number
  /** The beginning of a segment. */
  readonly from: bigint
  /** Everything before this place, in that segment, is stored already. */
  readonly stored: bigint
  readonly segmentBytes: number
  /** How often the open segment is stored as far as it goes, in milliseconds; 0: at once, as a synchronous standby does. */
  readonly tailEveryMs: number
  /** Hears of the server's word on the end of its log. */
  heard(end: bigint, at: Date): void
  /** More is safe than before. */
  advanced(): void
  /** No region took an object; it is tried again. Null once one took it. */
  refused(error: unknown): void
}

/** A sink that stores the log in a repository. */
export interface WalArchive extends WalSink {
  /** Stores what there is now; resolves when everything taken so far is safe. */
  flush(): Promise<void>
  /** Stores what there is, for a moment, and takes no more. */
  stop(): Promise<void>
}

/** Whole segments that may wait to be stored before the server is held back. */
const WAITING_MAX = 2
const RETRY_FIRST_MS = 500
const RETRY_LONGEST_MS = 30_000
/** How long a stop waits for the last piece. */
const STOP_MS = 5000

interface OpenSegment {
  readonly name: string
  readonly start: bigint
  readonly buffer: SegmentBuffer
  /** How far it was given to the repository. */
  given: number
}

/** Work in order, each piece tried until it succeeds or everything is stopped. */
function openQueue(refused: (error: unknown) => void) {
  const stopping = new AbortController()
  let last: Promise<void> = Promise.resolve()
  let waiting = 0
  const persist = async (put: () => Promise<unknown>): Promise<void> => {
    for (let retryMs = RETRY_FIRST_MS; ; retryMs = Math.min(retryMs * 2, RETRY_LONGEST_MS)) {
      if (stopping.signal.aborted) throw new Error('the archive of the log was stopped')
      try {
        await put()
        return
      } catch (error) {
        refused(error)
      }
      await interruptiblePause(retryMs, stopping.signal)
    }
  }
  const after = async (
    before: Promise<void>,
    put: () => Promise<unknown>,
    stored: () => void,
  ): Promise<void> => {
    await before
    await persist(put)
    waiting -= 1
    stored()
  }
  return {
    add: (put: () => Promise<unknown>, stored: () => void): void => {
      waiting += 1
      last = after(last, put, stored)
      // Whoever waits for it is told; a stop without a waiter is no failure.
      last.catch(() => {})
    },
    waiting: () => waiting,
    settled: () => last,
    stop: () => stopping.abort(),
  }
}

function interruptiblePause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer)
      stopped.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    stopped.addEventListener('abort', over)
  })
}

/** What is being collected, and how far it is safe. */
function openCollector(parts: WalArchiveParts) {
  const queue = openQueue(parts.refused)
  let flushed = parts.stored
  let timeline = parts.timeline
  let tailUnderWay = false
  const open = (start: bigint, given: number): OpenSegment => {
    const name = segmentAt(timeline, start, parts.segmentBytes)
    return { name, start, buffer: openSegmentBuffer(), given }
  }
  let segment = open(parts.from, Number(parts.stored - parts.from))
  const advance = (to: bigint): void => {
    if (to > flushed) flushed = to
    parts.advanced()
  }
  const giveTail = (): void => {
    const { name, start, buffer, given } = segment
    if (tailUnderWay || buffer.length() <= given) return
    const to = buffer.length()
    const bytes = buffer.slice(given, to)
    segment.given = to
    tailUnderWay = true
    const put = (): Promise<unknown> => parts.repository.putTail(name, given, bytes)
    queue.add(put, () => {
      tailUnderWay = false
      advance(start + BigInt(to))
      if (parts.tailEveryMs === 0) giveTail()
    })
  }
  const giveWhole = (): void => {
    const { name, start, buffer } = segment
    const put = (): Promise<unknown> => parts.repository.putSegment(name, buffer.slice(0, parts.segmentBytes))
    const end = start + BigInt(parts.segmentBytes)
    queue.add(put, () => advance(end))
    segment = open(end, 0)
  }
  const append = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + parts.segmentBytes - segment.buffer.length())
      segment.buffer.append(part)
      at += part.length
      if (segment.buffer.length() === parts.segmentBytes) giveWhole()
    }
  }
  const follow = (next: number, from: bigint): void => {
    timeline = next
    segment = open(from, 0)
  }
  return { queue, append, giveTail, follow, flushed: () => flushed }
}

/** Opens an archive of the log. */
export function openWalArchive(parts: WalArchiveParts): WalArchive {
  const collector = openCollector(parts)
  const { queue } = collector
  const eager = parts.tailEveryMs === 0
  const timer = eager ? undefined : setInterval(collector.giveTail, parts.tailEveryMs)
  timer?.unref()
  const flush = async (): Promise<void> => {
    // A piece that was under way does not hold what came after it.
    await queue.settled()
    collector.giveTail()
    await queue.settled()
  }
  return {
    take: (_start, bytes) => {
      collector.append(bytes)
      if (eager) collector.giveTail()
      return queue.waiting() > WAITING_MAX ? queue.settled() : undefined
    },
    flushed: collector.flushed,
    heard: parts.heard,
    timeline: async (next, from, history) => {
      await flush()
      await new Promise<void>((resolve) =>
        queue.add(() => parts.repository.putHistory(next, history.bytes), resolve),
      )
      collector.follow(next, from)
    },
    flush,
    stop: async () => {
      clearInterval(timer)
      const late = setTimeout(queue.stop, STOP_MS)
      await flush().catch(() => {})
      clearTimeout(late)
      queue.stop()
    },
  }
}
