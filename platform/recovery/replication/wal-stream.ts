import { setTimeout as pause } from 'node:timers/promises'
import { parseLsn, type Repository } from '#backup'
import type { Clock } from '../../kernel/clock.ts'
import type { Acknowledged } from '../open-repository.ts'
import type { RegionLag, WalStream } from '../driver.ts'
import { connectReplication, type ReplicationConnection } from './connection.ts'
import { openCoverage, type Coverage } from './coverage.ts'
import { ReplicationError } from './errors.ts'
import { ensureSlot, identifySystem, showSetting, type SlotPlace } from './system.ts'
import { openWalArchive, type WalArchive } from './wal-archive.ts'
import { spanOfPath } from './wal-names.ts'
import { receiveWal, type WalReceiver } from './wal-receiver.ts'

/** The name under which the archive streams, also as a synchronous standby. */
export const ARCHIVE_NAME = 'surety_archive'

/** What streaming the log into a repository needs. */
export interface WalStreamParts {
  readonly url: string
  readonly repository: Repository
  /** Hears of every object that a region has acknowledged, from the repository's own `onRegion`. */
  readonly acknowledged: Acknowledged
  readonly clock: Clock
  /** How often the open segment is stored as far as it goes, in milliseconds; 0: at once, as a synchronous standby does. */
  readonly tailEveryMs: number
  readonly slot?: string
  /** Hears of interruptions of the stream, and of objects that no region takes. */
  readonly troubled: (error: unknown) => void
}

/** A stream of the log that runs, with what its owner needs besides. */
export interface RunningWal extends WalStream {
  /** Stores what there is now; resolves when everything that the server had sent is safe in a region. */
  flush(): Promise<void>
  /** Everything before this place is safe in a region. */
  safe(): bigint
  /** Looks what regions that are behind have got since by other ways, such as the mirror. */
  refresh(): Promise<void>
  /** Waits until everything before `lsn` is safe; false when that takes longer. */
  reached(lsn: bigint, secondsMax: number): Promise<boolean>
}

/** How often a wait for the archive looks (milliseconds). */
const LOOK_MS = 20

/** `16MB` as the server shows it, in bytes. */
export function segmentBytesOf(text: string): number {
  const match = /^(\d+)(MB|GB)$/.exec(text)
  if (match === null) throw new ReplicationError('protocol')
  return Number(match[1]) * (match[2] === 'GB' ? 1024 ** 3 : 1024 ** 2)
}

/** Where a stream begins. */
interface Beginning {
  readonly place: SlotPlace
  readonly segmentBytes: number
}

async function begin(parts: WalStreamParts, connection: ReplicationConnection): Promise<Beginning> {
  try {
    const { system } = await identifySystem(connection)
    if (system !== parts.repository.system) throw new ReplicationError('foreign')
    const segmentBytes = segmentBytesOf(await showSetting(connection, 'wal_segment_size'))
    return { place: await ensureSlot(connection, parts.slot ?? ARCHIVE_NAME), segmentBytes }
  } finally {
    await connection.end()
  }
}

/** What each region holds without a gap up to where the slot stands; null where something of the last day is missing. */
export async function coveredBefore(
  repository: Pick<Repository, 'regions' | 'walIndex'>,
  place: bigint,
  segmentBytes: number,
): Promise<ReadonlyMap<string, bigint | null>> {
  const start = place - (place % BigInt(segmentBytes))
  const covered = await Promise.all(
    repository.regions.map(async (region) => {
      const index = await repository.walIndex({ region })
      const spans = [...index.segments, ...index.tails]
        .map(({ path }) => spanOfPath(path, segmentBytes))
        .filter((span) => span !== null)
      // The first archive of all begins with the slot, and the segment before need not be there.
      const fresh = spans.length === 0
      const first = spans.some(({ to }) => to === start) || fresh ? start : null
      const reach = spans
        .filter(({ from }) => from >= start)
        .sort((a, b) => (a.from < b.from ? -1 : 1))
        .reduce((end, { from, to }) => (end !== null && from <= end && to > end ? to : end), first)
      return [region, reach] as const
    }),
  )
  return new Map(covered)
}

/**
 * Begins to store the log: from the slot, which is made at the first time and keeps what was not stored yet. Throws
 * `ReplicationError` when it cannot begin.
 */
export async function startWalStream(parts: WalStreamParts): Promise<RunningWal> {
  const connect = (): Promise<ReplicationConnection> => connectReplication(parts.url, ARCHIVE_NAME)
  const { place, segmentBytes } = await begin(parts, await connect())
  const coverage = openCoverage(await coveredBefore(parts.repository, place.restart, segmentBytes))
  const stopHearing = parts.acknowledged((region, path) => {
    const span = spanOfPath(path, segmentBytes)
    if (span !== null) coverage.stored(region, span)
  })
  const from = place.restart - (place.restart % BigInt(segmentBytes))
  // The archive speaks to the receiver, and the receiver to the archive.
  const late: { receiver?: WalReceiver } = {}
  const archive = openWalArchive({
    repository: parts.repository,
    timeline: place.timeline,
    from,
    stored: place.restart,
    segmentBytes,
    tailEveryMs: parts.tailEveryMs,
    heard: coverage.heard,
    advanced: () => late.receiver?.report(),
    refused: parts.troubled,
  })
  const receiver = receiveWal(
    {
      connect,
      slot: parts.slot ?? ARCHIVE_NAME,
      from,
      timeline: place.timeline,
      system: parts.repository.system,
      segmentBytes,
      clock: parts.clock,
      interrupted: (error) => (error === null ? undefined : parts.troubled(error)),
    },
    archive,
  )
  late.receiver = receiver
  const refresh = async (): Promise<void> => {
    for (const { region, lsn } of coverage.lag(parts.clock.now())) {
      if (lsn !== null && parseLsn(lsn) >= archive.flushed()) continue
      const { segments, tails } = await parts.repository.walIndex({ region })
      for (const { path } of [...segments, ...tails]) {
        const span = spanOfPath(path, segmentBytes)
        if (span !== null) coverage.stored(region, span)
      }
    }
  }
  return running(parts, { archive, receiver, coverage, stopHearing, refresh })
}

function running(
  parts: Pick<WalStreamParts, 'clock'>,
  of: {
    readonly archive: WalArchive
    readonly receiver: WalReceiver
    readonly coverage: Coverage
    readonly stopHearing: () => void
    readonly refresh: () => Promise<void>
  },
): RunningWal {
  const { archive, receiver, coverage, stopHearing, refresh } = of
  const ended = receiver.ended.then(
    () => 'stopped',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  return {
    lag: async (): Promise<readonly RegionLag[]> => coverage.lag(parts.clock.now()),
    ended,
    flush: archive.flush,
    safe: archive.flushed,
    refresh,
    reached: async (lsn, secondsMax) => {
      const until = performance.now() + secondsMax * 1000
      while (archive.flushed() < lsn && performance.now() < until) {
        await Promise.race([archive.flush(), pause(LOOK_MS)])
        await pause(LOOK_MS)
      }
      return archive.flushed() >= lsn
    },
    stop: async () => {
      await archive.stop()
      await receiver.stop()
      stopHearing()
    },
  }
}
