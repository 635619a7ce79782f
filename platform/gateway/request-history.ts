import type { Clock } from '../kernel/clock.ts'
import type { RequestRecord } from './request-log.ts'

/** What was answered in one minute. */
export interface AnsweredMinute {
  readonly at: string
  readonly requests: number
  /** By the first digit of the status; `gone` are those whose client left before an answer. */
  readonly statuses: Readonly<Record<StatusClass, number>>
}

/** The first digit of a status in words. */
export type StatusClass = '2xx' | '3xx' | '4xx' | '5xx' | 'gone'

/** A request as it is shown: nothing in it says who sent it or what it held. */
export interface RecentRequest extends RequestRecord {
  readonly at: string
}

/** What people are shown of the last hour. */
export interface RequestsSeen {
  /** Since when this process counts. */
  readonly since: string
  readonly minutes: readonly AnsweredMinute[]
  /** How long half and 95 of 100 requests of the hour took at most, in milliseconds; null without any. */
  readonly latency: { readonly half: number; readonly most: number } | null
  /** The newest first. */
  readonly recent: readonly RecentRequest[]
}

/** The last hour of this process, in memory. */
export interface RequestHistory {
  add(record: RequestRecord): void
  seen(): RequestsSeen
}

const MINUTE_MS = 60_000
const MINUTES = 60
const RECENT = 100
/** Upper ends of the steps in which latency is counted, in milliseconds. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 120_000] as const

interface Counting {
  readonly startMs: number
  readonly statuses: Record<StatusClass, number>
  readonly steps: number[]
}

/** Opens the counts; what they hold is bounded whatever arrives. */
export function openRequestHistory(clock: Clock): RequestHistory {
  const since = clock.now().toISOString()
  const recent: RecentRequest[] = []
  let minutes: Counting[] = []
  const young = (nowMs: number): Counting[] =>
    minutes.filter(({ startMs }) => startMs > nowMs - MINUTES * MINUTE_MS)
  const current = (nowMs: number): Counting => {
    const startMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS
    const last = minutes.at(-1)
    // A clock that was set back counts on in the minute that is there.
    if (last !== undefined && last.startMs >= startMs) return last
    const next: Counting = {
      startMs,
      statuses: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, gone: 0 },
      steps: STEPS.map(() => 0),
    }
    minutes = [...young(nowMs), next]
    return next
  }
  return {
    add: (record) => {
      const now = clock.now()
      const minute = current(now.getTime())
      minute.statuses[classOf(record.status)] += 1
      const step = STEPS.findIndex((end) => record.ms <= end)
      const at = step < 0 ? STEPS.length - 1 : step
      minute.steps[at] = (minute.steps[at] ?? 0) + 1
      recent.push({ ...record, at: now.toISOString() })
      if (recent.length > RECENT) recent.shift()
    },
    seen: () => {
      const hour = young(clock.now().getTime())
      return {
        since,
        minutes: hour.map(({ startMs, statuses }) => ({
          at: new Date(startMs).toISOString(),
          requests: Object.values(statuses).reduce((sum, one) => sum + one, 0),
          statuses: { ...statuses },
        })),
        latency: latencyOf(hour),
        recent: recent.toReversed(),
      }
    },
  }
}

function classOf(status: number): StatusClass {
  if (status === 0) return 'gone'
  if (status >= 500) return '5xx'
  if (status >= 400) return '4xx'
  // 101 hands a connection over, which is what was asked for.
  return status >= 300 ? '3xx' : '2xx'
}

function latencyOf(hour: readonly Counting[]): RequestsSeen['latency'] {
  const steps = STEPS.map((_, at) => hour.reduce((sum, minute) => sum + (minute.steps[at] ?? 0), 0))
  const all = steps.reduce((sum, one) => sum + one, 0)
  if (all === 0) return null
  const within = (share: number): number => {
    let seen = 0
    const at = steps.findIndex((count) => (seen += count) >= all * share)
    return STEPS[at] ?? STEPS[STEPS.length - 1] ?? 0
  }
  return { half: within(0.5), most: within(0.95) }
}
