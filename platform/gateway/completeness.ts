import type { RequestCounts } from './request-log.ts'
import type { RecentChange } from './recent-changes.ts'

/** Which of these requests left an event in the audit log. */
export type RequestsRecorded = (requestIds: readonly string[]) => Promise<readonly string[]>

/** How many changes should have left an event by the declaration of their route, and how many did. Policy 4.3-a.4. */
export interface EventCounts {
  /** Requests of known callers that a route which declares an event answered with success. */
  readonly expected: number
  readonly recorded: number
  readonly missing: number
  /** Answered since the audit log was last asked, or more than could be remembered until then. */
  readonly unchecked: number
  /** Routes of the last changes that left nothing. */
  readonly missingAt: readonly string[]
}

/** Compares what routes declare with what the audit log holds. */
export interface Reconciliation {
  add(change: RecentChange): void
  /** Asks the audit log about every change that it was not asked about before. */
  settle(): Promise<EventCounts>
}

const SHOWN_MAX = 20
/** More changes than this are not remembered between two looks; they count as unchecked, never as recorded. */
const PENDING_MAX = 20_000
/** Ids in one question. */
const ASKED_MAX = 500

/** Starts counting; an event is written before the answer is sent, so that one which is not there now never comes. */
export function openReconciliation(recordedOf: RequestsRecorded): Reconciliation {
  const counts = { expected: 0, recorded: 0, missing: 0, unchecked: 0 }
  const missingAt: string[] = []
  let pending: RecentChange[] = []
  const settleSome = async (some: readonly RecentChange[]): Promise<void> => {
    const found = new Set(await recordedOf(some.map(({ requestId }) => requestId)))
    const lost = some.filter(({ requestId }) => !found.has(requestId))
    counts.recorded += some.length - lost.length
    counts.missing += lost.length
    missingAt.push(...lost.map(({ route }) => route))
    missingAt.splice(0, missingAt.length - SHOWN_MAX)
  }
  return {
    add: (change) => {
      counts.expected += 1
      if (pending.length < PENDING_MAX) pending.push(change)
      else counts.unchecked += 1
    },
    settle: async () => {
      const taken = pending
      pending = []
      while (taken.length > 0) {
        try {
          await settleSome(taken.slice(0, ASKED_MAX))
        } catch (error) {
          // What could not be asked about is asked about the next time.
          pending = [...taken, ...pending]
          throw error
        }
        taken.splice(0, ASKED_MAX)
      }
      return { ...counts, unchecked: counts.unchecked + pending.length, missingAt: [...missingAt] }
    },
  }
}

/** What this process answered, wrote down and recorded since its start. */
export interface Completeness {
  readonly requests: {
    readonly arrived: number
    readonly underWay: number
    readonly answered: number
    readonly logged: number
    readonly missing: number
  }
  readonly events: EventCounts
  /** Whether nothing is missing on either side. */
  readonly complete: boolean
}

/** Puts both comparisons side by side. */
export function completenessOf(counts: RequestCounts, events: EventCounts): Completeness {
  const { arrived, underWay, logged } = counts
  const answered = arrived - underWay
  const missing = answered - logged
  const complete = missing === 0 && events.missing === 0
  return { requests: { arrived, underWay, answered, logged, missing }, events, complete }
}
