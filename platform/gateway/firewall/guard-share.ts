import type { Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'

/** How much of the rules' time each client network takes, so that none can take everybody's. Policy 4.1-d. */
export interface InspectionShare {
  /** Throws `request.too-many` while a network has used up its share of the last minute. */
  require(client: string): void
  /** Whether it has used it up. */
  isOver(client: string): boolean
  /** Counts milliseconds that the rules took for a request of this network. */
  add(client: string, milliseconds: number): void
}

interface Used {
  milliseconds: number
  /** Milliseconds since 1970. */
  at: number
}

const MINUTE_MS = 60_000
const CLIENTS_MAX = 40_000

/** Opens the shares: `perMinute()` milliseconds in a minute for each network; what was used wears off evenly over a minute. */
export function openInspectionShare(
  clock: Clock,
  perMinute: () => number,
  clientsMax = CLIENTS_MAX,
): InspectionShare {
  const clients = new Map<string, Used>()
  const leftOf = (client: string): number => {
    const used = clients.get(client)
    if (used === undefined) return 0
    const passed = Math.max(0, clock.now().getTime() - used.at)
    return Math.max(0, used.milliseconds - (passed * perMinute()) / MINUTE_MS)
  }
  return {
    isOver: (client) => leftOf(client) > perMinute(),
    require: (client) => {
      const over = leftOf(client) - perMinute()
      if (over <= 0) return
      const retryAfterSeconds = Math.max(1, Math.ceil((over * MINUTE_MS) / perMinute() / 1000))
      throw new Problem(
        'request.too-many',
        'Requests of this network take too long to look at; send fewer or smaller ones.',
        { retryAfterSeconds },
      )
    },
    add: (client, milliseconds) => {
      const used = { milliseconds: leftOf(client) + milliseconds, at: clock.now().getTime() }
      clients.delete(client)
      clients.set(client, used)
      if (clients.size > clientsMax) clients.delete(clients.keys().next().value ?? client)
    },
  }
}

/** Waits for a turn of work; a turn is given once in a round of the event loop, to one client after the other. */
export type Turns = (client: string) => Promise<void>

/** Opens the line for work that is done in steps: everything small goes on between two of them. */
export function openTurns(soon: (run: () => void) => void = setImmediate): Turns {
  const lines = new Map<string, (() => void)[]>()
  const next = (): void => {
    const [first] = lines
    if (first === undefined) return
    const [client, line] = first
    // To the end of the queue, so that one client with many requests waits for itself.
    lines.delete(client)
    line.shift()?.()
    if (line.length > 0) lines.set(client, line)
    if (lines.size > 0) soon(next)
  }
  return (client) =>
    new Promise((resolve) => {
      if (lines.size === 0) soon(next)
      const line = lines.get(client)
      if (line === undefined) lines.set(client, [resolve])
      else line.push(resolve)
    })
}
