import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import type { Clock } from '../kernel/clock.ts'
import { Problem } from '../kernel/problem.ts'
import { countHere, type RateStore, type RateVerdict, type RateWant } from './rate-limit.ts'

/** What is done with requests while the shared store does not answer: refused, or counted by each process alone. */
export type StoreLost = 'refuse' | 'count-here'

/** A connection to the store. */
export interface SharedRates extends RateStore {
  close(): Promise<void>
}

/** A request is not kept waiting longer than this for its count (milliseconds). */
const ANSWER_MS = 250

/** One step for all budgets of a request, so that several processes count exactly (see the comment in the script). */
const SCRIPT = readFileSync(new URL('take-rates.lua', import.meta.url), 'utf8')

/**
 * Counts in Valkey or Redis, so that all gateways in front of one service share every budget exactly; the store's own
 * clock counts. While it does not answer, `lost` says what happens; `told` hears of it once each time. Policy 4.1-d.
 */
export async function openSharedRates(deps: {
  /** `redis://`, or `rediss://` for TLS. */
  readonly url: string
  readonly lost: StoreLost
  readonly clock: Clock
  readonly told: (error: Error) => void
  /** How long an answer is waited for, in milliseconds. */
  readonly answerMs?: number
}): Promise<SharedRates> {
  // Loaded only where several gateways share their counts.
  const { Redis: Client } = await import('ioredis')
  const client = new Client(deps.url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    commandTimeout: deps.answerMs ?? ANSWER_MS,
    retryStrategy: (times) => Math.min(times * 100, 2000),
  })
  client.on('error', deps.told)
  await client.connect().catch(deps.told)
  const here = countHere(deps.clock)
  return {
    takeEach: async (wants) => {
      try {
        return await takeThere(client, wants)
      } catch (cause) {
        if (deps.lost === 'count-here') return here.takeEach(wants)
        throw new Problem('limits.unavailable', 'Requests cannot be counted at the moment.', { cause })
      }
    },
    close: async () => client.disconnect(),
  }
}

async function takeThere(client: Redis, wants: readonly RateWant[]): Promise<readonly RateVerdict[]> {
  // The braces keep the keys of one request on one node of a cluster.
  const keys = wants.map(({ budget, client: who }) => `surety:{rate}:${budget} ${who}`)
  const limits = wants.map(({ limit }) => limit)
  const answer: unknown = await client.eval(SCRIPT, keys.length, ...keys, ...limits)
  return readAnswer(answer, wants)
}

/** The script answers with whether it was taken, then total and seconds for each budget. */
function readAnswer(answer: unknown, wants: readonly RateWant[]): readonly RateVerdict[] {
  if (!Array.isArray(answer) || answer.length !== 1 + 2 * wants.length || !answer.every(Number.isInteger))
    throw new Error('the store of rates answered with something else')
  const [taken = 0, ...figures] = answer as number[]
  return wants.map(({ limit }, index) => {
    const [total = 0, resetSeconds = 0] = figures.slice(index * 2)
    return {
      allowed: taken === 1 || total < limit,
      limit,
      remaining: Math.max(0, limit - total),
      resetSeconds,
    }
  })
}
