import { setTimeout as pause } from 'node:timers/promises'
import type { Audit } from '../../audit/index.ts'
import type { Database } from '../../db/index.ts'
import { HOUR, type Clock } from '../../kernel/clock.ts'
import { errorRecord, type Log } from '../../kernel/log.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import type { RegionLag } from '../driver.ts'
import { recoveryPoint } from '../parameters.ts'
import { ARCHIVE_NAME, asReplicationError, ReplicationError, type RunningWal } from '../replication/index.ts'
import { behindAlarms, openAlarms, slotAlarms, type Alarm } from './alarms.ts'
import { addLags, beat, slotState } from './queries.ts'

/** What keeps the archive of the log alive. */
export interface KeeperParts {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly audit: Pick<Audit, 'record'>
  readonly log: Log
  /** Begins to stream the log. */
  readonly startWal: () => Promise<RunningWal>
  /** Removes the slot whose log is gone, so that the next stream begins anew. */
  readonly dropSlot: () => Promise<void>
  /** Called when log was lost: what is between the last backup and the next one cannot be restored. */
  readonly lost: () => Promise<void>
  /** Ends the segment of the log that is being written, so that it is stored whole. */
  readonly switchSegment: () => Promise<void>
  /** Called when the stream stands, and when it no longer does. */
  readonly standing?: (stands: boolean) => Promise<void>
}

/** The archive of the log, kept alive. */
export interface Keeper {
  /** The stream that runs; null while none does, and why. */
  wal(): RunningWal | null
  why(): string | null
  stop(): Promise<void>
}

/** How often the platform notes that it lives, and looks how far regions are behind. */
const BEAT_MS = 5000
/** How often samples are written down, and the slot is looked at. */
const NOTE_MS = 60_000
const RETRY_FIRST_MS = 1000
const RETRY_LONGEST_MS = 60_000

interface State {
  wal: RunningWal | null
  why: string | null
}

/** Streams the log for as long as it is not stopped, beats, samples and raises alarms. */
export function startKeeper(parts: KeeperParts): Keeper {
  const stopping = new AbortController()
  const state: State = { wal: null, why: 'The stream of the log has not begun yet.' }
  const raise = (alarm: Alarm): Promise<void> =>
    parts.audit.record(parts.db, {
      type: alarm.type,
      tenant: null,
      actor: { kind: 'system', id: 'recovery' },
      target: { kind: alarm.type === 'backup.behind' ? 'region' : 'slot', id: alarm.of },
      outcome: 'failed',
      details: alarm.details,
      request: null,
    })
  const alarms = openAlarms(raise)
  const streaming = stream(parts, state, stopping.signal)
  const beating = repeat(BEAT_MS, stopping.signal, beater(parts, state, alarms), parts.log)
  return {
    wal: () => state.wal,
    why: () => state.why,
    stop: async () => {
      stopping.abort()
      await state.wal?.stop()
      await Promise.all([streaming, beating])
      await parts.standing?.(false).catch(() => {})
    },
  }
}

/** Keeps a stream running; what cannot go on by itself is told, and begun anew where that helps. */
async function stream(parts: KeeperParts, state: State, stopped: AbortSignal): Promise<void> {
  let retryMs = RETRY_FIRST_MS
  while (!stopped.aborted) {
    try {
      const wal = await parts.startWal()
      state.wal = wal
      state.why = null
      retryMs = RETRY_FIRST_MS
      await parts.standing?.(true)
      state.why = await wal.ended
    } catch (error) {
      await failed(parts, state, error)
    } finally {
      const over = state.wal
      state.wal = null
      if (!stopped.aborted) await over?.stop()
    }
    await pause(retryMs, undefined, { signal: stopped }).catch(() => {})
    retryMs = Math.min(retryMs * 2, RETRY_LONGEST_MS)
  }
}

async function failed(parts: KeeperParts, state: State, error: unknown): Promise<void> {
  const refusal = asReplicationError(error)
  if (state.why !== refusal.message)
    parts.log.warn(errorRecord(refusal), 'the log is not archived at the moment')
  state.why = refusal instanceof ReplicationError ? refusal.message : 'The log is not archived at the moment.'
}

type Alarms = ReturnType<typeof openAlarms>

/** One beat: the heartbeat, lags and, once a minute, what is written down. */
function beater(parts: KeeperParts, state: State, alarms: Alarms): () => Promise<void> {
  let worst = new Map<string, RegionLag>()
  let notedAt = performance.now()
  let switchedAt = performance.now()
  const note = async (): Promise<void> => {
    notedAt = performance.now()
    const now = parts.clock.now()
    await addLags(parts.db, new Date(now.getTime() - (now.getTime() % (HOUR * 1000))), [...worst.values()])
    worst = new Map()
    const slot = await slotState(parts.db, ARCHIVE_NAME)
    await alarms(slotAlarms(ARCHIVE_NAME, slot), ['backup.log-held', 'backup.log-lost'])
    if (slot?.status === 'lost') {
      await parts.dropSlot()
      await parts.lost()
    }
    await state.wal?.refresh()
  }
  return async () => {
    await beat(parts.db, parts.clock.now())
    const lags = (await state.wal?.lag()) ?? []
    for (const lag of lags) worst.set(lag.region, worse(worst.get(lag.region), lag))
    await alarms(behindAlarms(lags, parts.policy.read(recoveryPoint)), ['backup.behind'])
    if (performance.now() - switchedAt > HOUR * 1000) {
      switchedAt = performance.now()
      await parts.switchSegment()
    }
    if (performance.now() - notedAt > NOTE_MS) await note()
  }
}

function worse(one: RegionLag | undefined, other: RegionLag): RegionLag {
  if (one === undefined || one.seconds === null) return other
  return other.seconds === null || other.seconds > one.seconds ? other : one
}

async function repeat(
  everyMs: number,
  stopped: AbortSignal,
  work: () => Promise<void>,
  log: Log,
): Promise<void> {
  while (!stopped.aborted) {
    try {
      await work()
    } catch (error) {
      if (!stopped.aborted) log.warn(errorRecord(error), 'the heartbeat of backups was missed')
    }
    await pause(everyMs, undefined, { signal: stopped }).catch(() => {})
  }
}
