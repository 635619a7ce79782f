import type { Clock } from '../../kernel/clock.ts'
import type { Database } from '../../db/index.ts'
import { touchSession } from './queries.ts'

/** Between two writes of one session lies at least this long, in all processes together. */
const WRITE_EVERY_MS = 60_000
/** After another process was found to have written, this one looks again so much later. */
const AGAIN_MS = 15_000

interface Use {
  /** The last use that this process knows of. */
  seen: number
  /** The last use that the database is known to hold. */
  stored: number
  /** Nothing is written before. */
  due: number
}

/**
 * When each session was last used, exact in memory and at most a minute and a flush late in the database. Whoever
 * decides takes the later of both, so that a session neither ends early nor outlives its last use. Policy 3.4-a.
 */
export interface LastSeen {
  /** The later of what the database and what this process knows, in milliseconds. */
  latestMs(id: string, stored: Date): number
  /** Notes a use now; writes it when the last write is a minute old. */
  touch(id: string, stored: Date): Promise<void> | undefined
  /** Writes uses that are not in the database yet, once their minute has passed; `all` waits for nothing. */
  flush(all?: boolean): Promise<void>
  forget(id: string): void
}

/** Opens the memory of uses. */
export function openLastSeen(db: Database, clock: Clock): LastSeen {
  const known = new Map<string, Use>()

  const write = async (id: string, use: Use, now: number, all = false): Promise<void> => {
    const { seen } = use
    // Claimed before the statement runs, so that a thousand requests at once make one write.
    use.due = now + WRITE_EVERY_MS
    try {
      const writtenBefore = all ? null : new Date(now - WRITE_EVERY_MS)
      const stored = await touchSession(db, id, { seen: new Date(seen), now: new Date(now), writtenBefore })
      if (stored === undefined) {
        known.delete(id)
        return
      }
      use.stored = Math.max(use.stored, stored.getTime())
      if (stored.getTime() < seen) use.due = now + AGAIN_MS
    } catch (error) {
      // The next use or the next flush tries again.
      use.due = now
      throw error
    }
  }
  return {
    latestMs: (id, stored) => Math.max(known.get(id)?.seen ?? 0, stored.getTime()),
    touch: (id, stored) => {
      const now = clock.now().getTime()
      const at = stored.getTime()
      let use = known.get(id)
      if (use === undefined) {
        use = { seen: at, stored: at, due: at + WRITE_EVERY_MS }
        known.set(id, use)
      }
      if (use.seen < now) use.seen = now
      if (use.stored < at) use.stored = at
      return now >= use.due && use.seen > use.stored ? write(id, use, now) : undefined
    },
    flush: async (all = false) => {
      const now = clock.now().getTime()
      for (const [id, use] of known) {
        if (!all && now < use.due) continue
        if (use.seen > use.stored) await write(id, use, now, all)
        else known.delete(id)
      }
    },
    forget: (id) => void known.delete(id),
  }
}
