import { formatLsn, parseLsn } from '#backup'
import type { Clock } from '../../kernel/clock.ts'
import type { CopyWire, ReplicationConnection } from './connection.ts'
import { asReplicationError, mayPass, ReplicationError } from './errors.ts'
import { identifySystem, timelineHistory } from './system.ts'
import { readWalMessage, standbyStatus } from './wire.ts'

/** Takes the log as it arrives. */
export interface WalSink {
  /**
   * The log from `start` on; pieces follow each other without a gap. The bytes are overwritten after the call. A promise
   * holds the server back until it settles; its failure ends the stream.
   */
  take(start: bigint, bytes: Buffer, sentAt: Date): Promise<void> | undefined
  /** Everything before this place is safe. */
  flushed(): bigint
  /** The server's log ended at `serverEnd` when it said so. */
  heard(serverEnd: bigint, sentAt: Date): void
  /** From here on the log is that of `timeline` and starts at `from`; what was taken before stays. */
  timeline(
    timeline: number,
    from: bigint,
    history: { readonly name: string; readonly bytes: Buffer },
  ): Promise<void>
}

/** What to stream. */
export interface WalSource {
  connect(): Promise<ReplicationConnection>
  readonly slot: string
  readonly from: bigint
  readonly timeline: number
  /** The system identifier that the server must have. */
  readonly system: string
  /** Bytes of a segment of the log. */
  readonly segmentBytes: number
  readonly clock: Clock
  /** Hears of every interruption and of its end (null). */
  interrupted(error: Error | null): void
}

/** A running stream. */
export interface WalReceiver {
  /** Everything before this place was handed to the sink. */
  received(): bigint
  /** Tells the server now what is safe. */
  report(): void
  /** Resolves when it was stopped; rejects when going on cannot help. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/** How often the server is told what is safe, whether it asks or not. */
const REPORT_MS = 1000
/** A server that says nothing for this long is taken for lost; it speaks at least every half `wal_sender_timeout`. */
const SILENCE_MS = 65_000
/** A stream that does not end by itself by then is cut. */
const FINISH_MS = 2000
const RETRY_FIRST_MS = 250
const RETRY_LONGEST_MS = 10_000

/** Where the stream is. */
interface Position {
  timeline: number
  next: bigint
}

/** Streams the log from a slot into a sink until it is stopped; a lost connection is taken up again where it ended. */
export function receiveWal(source: WalSource, sink: WalSink): WalReceiver {
  const position: Position = { timeline: source.timeline, next: source.from }
  const stopping = new AbortController()
  let live: Streaming | undefined
  const run = async (): Promise<void> => {
    let retryMs = RETRY_FIRST_MS
    while (!stopping.signal.aborted) {
      const before = position.next
      try {
        await streamOnce(source, sink, position, stopping.signal, (now) => (live = now))
      } catch (error) {
        if (stopping.signal.aborted) return
        const refusal = asReplicationError(error)
        if (!mayPass(refusal)) throw refusal
        source.interrupted(refusal)
        if (position.next > before) retryMs = RETRY_FIRST_MS
        await pause(retryMs, stopping.signal)
        retryMs = Math.min(retryMs * 2, RETRY_LONGEST_MS)
      } finally {
        live = undefined
      }
    }
  }
  const ended = run()
  ended.catch(() => {})
  return {
    received: () => position.next,
    report: () => live?.report(),
    ended,
    stop: async () => {
      stopping.abort()
      await live?.finish()
      await ended.catch(() => {})
    },
  }
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.aborted) return resolve()
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      stopped.removeEventListener('abort', done)
      resolve()
    }
    stopped.addEventListener('abort', done)
  })
}

/** A connection that streams at this moment. */
interface Streaming {
  report(): void
  finish(): Promise<void>
}

/** One connection: streams until the timeline ends, and goes on with the next one. */
async function streamOnce(
  source: WalSource,
  sink: WalSink,
  position: Position,
  stopped: AbortSignal,
  live: (now: Streaming) => void,
): Promise<void> {
  const connection = await source.connect()
  try {
    const { system } = await identifySystem(connection)
    if (system !== source.system) throw new ReplicationError('foreign')
    while (!stopped.aborted) {
      const next = await streamTimeline(source, sink, position, connection, live)
      if (next === null) {
        if (stopped.aborted) return
        throw new ReplicationError('lost')
      }
      const history = await timelineHistory(connection, next.timeline)
      // A timeline has its own copy of the segment in which it began.
      const from = next.from - (next.from % BigInt(source.segmentBytes))
      await sink.timeline(next.timeline, from, history)
      position.timeline = next.timeline
      position.next = from
    }
  } finally {
    await connection.end()
  }
}

/** Streams one timeline to its end; the timeline that follows it, or null when the stream was ended from here. */
async function streamTimeline(
  source: WalSource,
  sink: WalSink,
  position: Position,
  connection: ReplicationConnection,
  live: (now: Streaming) => void,
): Promise<{ readonly timeline: number; readonly from: bigint } | null> {
  const stream = openStream(source, sink, position, connection)
  live(stream)
  try {
    const sets = await connection.run({
      text: `START_REPLICATION SLOT ${source.slot} PHYSICAL ${formatLsn(position.next)} TIMELINE ${position.timeline}`,
      onOpen: stream.opened,
      onData: stream.data,
      onDone: stream.leave,
    })
    const [timeline, from] = sets.flat()[0] ?? []
    if (typeof timeline !== 'string' || typeof from !== 'string') return null
    return { timeline: Number(timeline), from: parseLsn(from) }
  } finally {
    stream.close()
  }
}

interface OpenStream extends Streaming {
  opened(wire: CopyWire): void
  data(message: Buffer): void
  /** Answers the end of the timeline, or begins to end the stream. */
  leave(): void
  close(): void
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** Holds the server back while the sink works; a failure of the sink cuts the connection. */
function holding(connection: ReplicationConnection, released: () => void) {
  let working = 0
  const after = (work: Promise<void>): void => {
    if (working++ === 0) connection.pause()
    const release = (): void => {
      released()
      if (--working === 0) connection.resume()
    }
    work.then(release, (error: unknown) => connection.destroy(asError(error)))
  }
  return { after, works: () => working > 0 }
}

/** Hands each message on; throws `protocol` at anything that would leave a gap. */
function taker(sink: WalSink, position: Position, report: () => void) {
  return (bytes: Buffer): Promise<void> | undefined => {
    const message = readWalMessage(bytes)
    sink.heard(message.serverEnd, message.sentAt)
    if (message.kind === 'alive') {
      if (message.answerWanted) report()
      return undefined
    }
    // A gap would make everything after it worthless; it is never written over.
    if (message.start !== position.next) throw new ReplicationError('protocol')
    position.next += BigInt(message.bytes.length)
    return sink.take(message.start, message.bytes, message.sentAt)
  }
}

function openStream(
  source: WalSource,
  sink: WalSink,
  position: Position,
  connection: ReplicationConnection,
): OpenStream {
  let wire: CopyWire | undefined
  let heardAt = performance.now()
  const over = Promise.withResolvers<void>()
  const hold = holding(connection, () => (heardAt = performance.now()))
  const report = (): void => wire?.send(standbyStatus(position.next, sink.flushed(), source.clock.now()))
  const take = taker(sink, position, report)
  const timer = setInterval(() => {
    // While the sink holds the server back, silence is our own.
    if (hold.works() || performance.now() - heardAt < SILENCE_MS) report()
    else connection.destroy(new ReplicationError('lost'))
  }, REPORT_MS)
  timer.unref()
  const leave = (): void => {
    report()
    wire?.done()
    // Nothing may be sent after it.
    wire = undefined
  }
  const opened = (now: CopyWire): void => {
    wire = now
    source.interrupted(null)
    report()
  }
  const data = (bytes: Buffer): void => {
    heardAt = performance.now()
    try {
      const work = take(bytes)
      if (work !== undefined) hold.after(work)
    } catch (error) {
      connection.destroy(asError(error))
    }
  }
  const finish = async (): Promise<void> => {
    const giveUp = setTimeout(() => connection.destroy(new ReplicationError('lost')), FINISH_MS)
    leave()
    connection.resume()
    await over.promise
    clearTimeout(giveUp)
  }
  const close = (): void => {
    clearInterval(timer)
    wire = undefined
    over.resolve()
  }
  return { report, opened, data, leave, finish, close }
}
