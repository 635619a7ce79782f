import type { RegionLag } from '../driver.ts'
import type { SlotState } from './queries.ts'

/** Something that somebody has to look at. */
export interface Alarm {
  readonly type: 'backup.behind' | 'backup.log-held' | 'backup.log-lost'
  /** The region, or the slot. */
  readonly of: string
  readonly details: Readonly<Record<string, number>>
}

/** The part of the recovery point at which a region that is behind is told. */
const BEHIND_PART = 0.5
/** The part of its limit at which log that waits is told. */
const HELD_PART = 0.5

/** Regions that are behind by half of the recovery point or more. Policy 6.2-b. */
export function behindAlarms(lags: readonly RegionLag[], pointSeconds: number): Alarm[] {
  return lags
    .filter(({ seconds }) => seconds !== null && seconds >= pointSeconds * BEHIND_PART)
    .map(({ region, seconds }) => ({
      type: 'backup.behind',
      of: region,
      details: { seconds: Math.round(seconds ?? 0), pointSeconds },
    }))
}

/** Where a server of one's own keeps log without a limit, so much that waits is told: nothing else stops it from filling the disk. */
const HELD_BYTES_MAX = 2 * 1024 ** 3

/** A slot for which the server keeps half of what it may, and one whose log is gone. */
export function slotAlarms(slot: string, state: SlotState | null): Alarm[] {
  if (state === null) return []
  const { keptBytes, roomBytes } = state
  if (state.status === 'lost') return [{ type: 'backup.log-lost', of: slot, details: { keptBytes } }]
  const limit = roomBytes === null ? null : keptBytes + Math.max(0, roomBytes)
  if (keptBytes < (limit === null ? HELD_BYTES_MAX : limit * HELD_PART)) return []
  const details = { keptBytes, ...(limit === null ? {} : { limitBytes: limit }) }
  return [{ type: 'backup.log-held', of: slot, details }]
}

/** Tells each alarm when it begins, and again only after it has ended. */
export function openAlarms(raise: (alarm: Alarm) => Promise<void>) {
  const raised = new Set<string>()
  const key = ({ type, of }: Alarm): string => `${type} ${of}`
  return async (now: readonly Alarm[], types: readonly Alarm['type'][]): Promise<void> => {
    const keys = new Set(now.map(key))
    for (const one of raised)
      if (!keys.has(one) && types.some((type) => one.startsWith(`${type} `))) raised.delete(one)
    for (const alarm of now) {
      if (raised.has(key(alarm))) continue
      await raise(alarm)
      raised.add(key(alarm))
    }
  }
}
