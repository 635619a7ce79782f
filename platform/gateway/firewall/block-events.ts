import type { Clock } from '../../kernel/clock.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import { clientNetwork } from '../client-network.ts'
import type { Entry } from './entry.ts'

/** Where a refused request came from. */
export interface BlockOrigin {
  readonly ip: string
  readonly userAgent: string
}

/** Turns refusals into events of the ledger, few of them however many there are. */
export interface BlockEvents {
  /** The first of a client and rule in a minute is told at once, the others as a number afterwards. */
  blocked(entry: Entry, from: BlockOrigin): void
  /** Tells what was only counted in minutes that are over. */
  sweep(): void
}

interface Counted {
  readonly entry: Entry
  readonly from: BlockOrigin
  readonly since: number
  more: number
}

/** Clients and rules that are told apart in a minute; beyond them all count as one. */
const APART_MAX = 60
const REST = 'rest'

/** Opens them over whatever records an event. */
export function openBlockEvents(clock: Clock, record: (event: AuditEvent) => void): BlockEvents {
  const counted = new Map<string, Counted>()
  const sweep = (): void => {
    const now = clock.now().getTime()
    for (const [key, one] of counted) {
      if (now - one.since < 60_000) continue
      counted.delete(key)
      if (one.more > 0) record(eventOf(one, one.more, key === REST))
    }
  }
  return {
    sweep,
    blocked: (entry, from) => {
      sweep()
      const own = `${entry.client === '' ? clientNetwork(from.ip) : entry.client} ${entry.rule}`
      const key = counted.has(own) || counted.size < APART_MAX ? own : REST
      const known = counted.get(key)
      if (known !== undefined) {
        known.more += 1
        return
      }
      const first: Counted = { entry, from, since: clock.now().getTime(), more: 0 }
      counted.set(key, first)
      record(eventOf(first, 1, false))
    },
  }
}

function eventOf({ entry, from }: Counted, requests: number, several: boolean): AuditEvent {
  const { id, method, route, rule, message, scores, outcome } = entry
  return {
    type: 'request.blocked',
    tenant: null,
    actor: { kind: entry.client === '' ? 'anonymous' : 'account', id: entry.client },
    target: { kind: 'route', id: `${method} ${route}` },
    outcome: outcome === 'blocked' ? 'refused' : 'success',
    details: { rule, message, score: scores.inbound, requests, several },
    request: { id, ip: from.ip, userAgent: from.userAgent },
  }
}
