import type { Clock } from '../../kernel/clock.ts'
import type { Entry } from './entry.ts'

/** What passed in one minute. */
export interface TrafficMinute {
  readonly at: string
  readonly requests: number
  /** Requests that no rules looked at, because there were none or the sampling share left them out. */
  readonly unguarded: number
  readonly blocked: number
  readonly wouldBlock: number
  /** Time that the rules took, together and at most for one request, in milliseconds. */
  readonly ms: number
  readonly msMax: number
}

/** A refusal as the live list shows it. */
export interface RecentBlock {
  readonly id: string
  readonly at: string
  readonly outcome: Entry['outcome']
  readonly method: string
  readonly route: string
  readonly rule: number
  readonly message: string
  readonly score: number
  readonly status: number
}

/** Counts in memory: the last hour by minute, the last refusals, and which rules matched since the start. */
export interface Traffic {
  passed(guarded: boolean): void
  judged(outcome: 'blocked' | 'would-block' | 'noticed' | 'clean', ms: number): void
  keep(entry: Entry): void
  minutes(): readonly TrafficMinute[]
  recent(): readonly RecentBlock[]
  rules(): readonly { readonly rule: number; readonly message: string; readonly matches: number }[]
}

const MINUTES = 60
const RECENT = 200
const RULES_MAX = 2000

type Counting = { -readonly [Name in keyof TrafficMinute]: TrafficMinute[Name] }

function minuteOf(clock: Clock, minutes: Counting[]): Counting {
  const at = new Date(Math.floor(clock.now().getTime() / 60_000) * 60_000).toISOString()
  const last = minutes.at(-1)
  if (last !== undefined && last.at >= at) return last
  const next: Counting = { at, requests: 0, unguarded: 0, blocked: 0, wouldBlock: 0, ms: 0, msMax: 0 }
  minutes.push(next)
  if (minutes.length > MINUTES) minutes.shift()
  return next
}

/** Opens the counts. */
export function openTraffic(clock: Clock): Traffic {
  const minutes: Counting[] = []
  const recent: RecentBlock[] = []
  const rules = new Map<number, { readonly message: string; matches: number }>()
  const current = (): Counting => minuteOf(clock, minutes)
  return {
    passed: (guarded) => {
      const minute = current()
      minute.requests += 1
      if (!guarded) minute.unguarded += 1
    },
    judged: (outcome, ms) => {
      const minute = current()
      if (outcome === 'blocked') minute.blocked += 1
      if (outcome === 'would-block') minute.wouldBlock += 1
      minute.ms += ms
      minute.msMax = Math.max(minute.msMax, ms)
    },
    keep: (entry) => {
      for (const { rule, message } of entry.matches) {
        const known = rules.get(rule)
        if (known !== undefined) known.matches += 1
        else if (rules.size < RULES_MAX) rules.set(rule, { message, matches: 1 })
      }
      if (entry.outcome === 'noticed') return
      const { id, at, outcome, method, route, rule, message, scores, status } = entry
      recent.push({
        id,
        at,
        outcome,
        method,
        route,
        rule,
        message,
        score: Math.max(scores.inbound, scores.outbound),
        status,
      })
      if (recent.length > RECENT) recent.shift()
    },
    minutes: () => minutes.map((one) => ({ ...one, ms: round(one.ms), msMax: round(one.msMax) })),
    recent: () => recent.toReversed(),
    rules: () =>
      [...rules]
        .map(([rule, { message, matches }]) => ({ rule, message, matches }))
        .toSorted((a, b) => b.matches - a.matches)
        .slice(0, 100),
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
