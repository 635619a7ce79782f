import type { Clock } from '../../kernel/clock.ts'
import type { Database } from '../../db/index.ts'
import { touchSession } from './queries.ts'

/** Between two writes of one session lies at least this long. */
const WRITE_EVERY_MS = 60_000

/**
 * When each session was last used, exact in memory and at most a minute late in the database. Whoever decides takes
 * the later of both, so that a session neither ends early nor outlives its last use. Policy 3.4-a.
 */
export interface LastSeen {
  /** The later of what the database and what this process knows. */
  latest(id: string, stored: Date): Date
  /** Notes a use now; writes it when the last write is a minute old. */
  touch(id: string, stored: Date): Promise<void>
  /** Writes uses that are not in the database yet, once their minute has passed; `all` waits for nothing. */
  flush(all?: boolean): Promise<void>
  forget(id: string): void
}

/** Opens the memory of uses. */
export function openLastSeen(db: Database, clock: Clock): LastSeen {
  const known = new Map<string, { seen: number; written: number }>()
  const write = async (id: string, one: { seen: number; written: number }): Promise<void> => {
    const before = one.written
    // Claimed before the statement runs, so that a thousand requests at once make one write.
    one.written = one.seen
    try {
      await touchSession(db, id, new Date(one.seen))
    } catch (error) {
      one.written = before
      throw error
    }
  }
  return {
    latest: (id, stored) => new Date(Math.max(known.get(id)?.seen ?? 0, stored.getTime())),
    touch: async (id, stored) => {
      const now = clock.now().getTime()
      const one = known.get(id) ?? { seen: stored.getTime(), written: stored.getTime() }
      known.set(id, one)
      one.seen = Math.max(one.seen, now)
      one.written = Math.max(one.written, stored.getTime())
      if (one.seen - one.written >= WRITE_EVERY_MS) await write(id, one)
    },
    flush: async (all = false) => {
      const now = clock.now().getTime()
      for (const [id, one] of known) {
        const due = all || now - one.written >= WRITE_EVERY_MS
        if (one.seen > one.written && due) await write(id, one)
        else if (one.seen <= one.written && due) known.delete(id)
      }
    },
    forget: (id) => void known.delete(id),
  }
}
