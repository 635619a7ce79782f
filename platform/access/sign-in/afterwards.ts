import { errorRecord, type Log } from '../../kernel/log.ts'

const UNDER_WAY_MAX = 200

/**
 * Work that an answer does not wait for, so that its time tells nothing: letters about locks, new hashes, questions
 * about breached passwords. What fails is logged.
 */
export interface Afterwards {
  add(what: string, work: () => Promise<void>): void
  /** Waits for everything under way. */
  settled(): Promise<void>
}

/** Opens it; above 200 at once further work is left out and the log says so. */
export function openAfterwards(log: Log): Afterwards {
  const underWay = new Set<Promise<void>>()
  return {
    add: (what, work) => {
      if (underWay.size >= UNDER_WAY_MAX) {
        log.warn({ what }, 'left out, too much is under way')
        return
      }
      const one = work()
        .catch((error: unknown) => log.error({ what, ...errorRecord(error) }, 'failed after a sign-in'))
        .finally(() => underWay.delete(one))
      underWay.add(one)
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
