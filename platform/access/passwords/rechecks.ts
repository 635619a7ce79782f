import { DAY, secondsAfter, type Clock } from '../../kernel/clock.ts'
import type { Breaches } from './breaches.ts'

const WAITING_MAX = 1000
const KEPT_SECONDS = 7 * DAY

/** A password that was set while the service did not answer. */
export interface Recheck {
  readonly account: string
  /** The hash it is stored as; another one means that the question is void. */
  readonly passwordHash: string
  readonly sha1: Buffer
}

/** What was asked again, and answered. */
export interface Rechecked extends Recheck {
  readonly breached: boolean
}

/**
 * Passwords that wait for the service to return, in the memory of this process and nowhere else: a quick hash of a
 * password that is stored, even sealed, would undo what bcrypt is for. What a stop forgets is asked at the next
 * sign-in. Policy 3.3-c.
 */
export interface Rechecks {
  add(one: Recheck): void
  /** Asks for those that wait, until the service fails again, and hands over each answer. */
  retry(answered: (one: Rechecked) => Promise<void>): Promise<void>
  readonly waiting: number
}

/** Opens an empty queue: 1,000 at most, the oldest dropped first, none longer than 7 days. */
export function openRechecks(breaches: Pick<Breaches, 'askAgain' | 'online'>, clock: Clock): Rechecks {
  const waiting = new Map<string, Recheck & { readonly since: Date }>()
  const drop = (account: string): void => {
    waiting.get(account)?.sha1.fill(0)
    waiting.delete(account)
  }
  return {
    get waiting() {
      return waiting.size
    },
    add: (one) => {
      // Nobody will ever answer.
      if (!breaches.online) return
      drop(one.account)
      waiting.set(one.account, { ...one, since: clock.now() })
      const oldest = waiting.keys().next()
      if (waiting.size > WAITING_MAX && oldest.done === false) drop(oldest.value)
    },
    retry: async (answered) => {
      const before = secondsAfter(clock.now(), -KEPT_SECONDS)
      for (const one of waiting.values()) {
        if (one.since > before) {
          const verdict = await breaches.askAgain(one.sha1)
          if (verdict === 'unknown') return
          await answered({ ...one, breached: verdict === 'listed' })
        }
        if (waiting.get(one.account)?.passwordHash === one.passwordHash) drop(one.account)
      }
    },
  }
}
