import type { Channel } from './notices.ts'

/** Somebody who keeps something in memory that notices make worthless. */
export interface NoticeReader {
  /** A notice that this process sends, not committed yet. */
  sending(channel: Channel, payload: string): void
  /** A notice of any process, this one included, after its transaction was committed. */
  heard(channel: Channel, payload: string): void
  /** Notices may have been missed. */
  interrupted(): void
}

/** What this process hears and sends, for those who keep something in memory. */
export interface NoticeBoard extends NoticeReader {
  /** Everything that was committed before `askedAtMs` (of the monotonic clock) has been heard. */
  confirmed(askedAtMs: number): void
  /** How long ago, in milliseconds, it was last certain that nothing was missed; infinite while nobody listens. */
  unsureForMs(): number
  subscribe(reader: NoticeReader): () => void
}

/** Makes the board; `monotonicMs` never goes back, whatever happens to the time of day. */
export function openNoticeBoard(monotonicMs: () => number = () => performance.now()): NoticeBoard {
  const readers = new Set<NoticeReader>()
  let confirmedAt = -Infinity
  return {
    sending: (channel, payload) => {
      for (const reader of readers) reader.sending(channel, payload)
    },
    heard: (channel, payload) => {
      for (const reader of readers) reader.heard(channel, payload)
    },
    interrupted: () => {
      confirmedAt = -Infinity
      for (const reader of readers) reader.interrupted()
    },
    confirmed: (askedAtMs) => {
      confirmedAt = Math.max(confirmedAt, askedAtMs)
    },
    unsureForMs: () => monotonicMs() - confirmedAt,
    subscribe: (reader) => {
      readers.add(reader)
      return () => void readers.delete(reader)
    },
  }
}
