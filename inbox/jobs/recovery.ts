import { errorRecord, type Log } from '../kernel/log.ts'

/** What works on what was left behind. */
export interface Recovery {
  /** Something was in trouble: there is work again once it is over. */
  wanted(): void
  /** Begins, if it is wanted and not under way; called every few seconds while Surety answers. */
  begin(): void
  /** Resolves when nothing is under way. */
  ended(): Promise<void>
}

/** So many calls are let pass, at most, after a try that did not get through. */
const REST_CALLS_MAX = 16

/**
 * Runs `recover` at the start and whenever Surety answers again: no key is to be had without it, and both may start at once.
 * What did not get through, as `recover` says with false or an error, is tried again later and later.
 */
export function openRecovery(recover: () => Promise<boolean>, log: Pick<Log, 'warn'>): Recovery {
  let running = Promise.resolve()
  const state = { wanted: true, under: false, rest: 0, restNext: 1 }
  const failed = (): void => {
    state.wanted = true
    state.rest = state.restNext
    state.restNext = Math.min(REST_CALLS_MAX, state.restNext * 2)
  }
  const run = async (): Promise<void> => {
    try {
      if (await recover()) state.restNext = 1
      else failed()
    } catch (error) {
      failed()
      log.warn(errorRecord(error), 'what was left behind waits')
    } finally {
      state.under = false
    }
  }
  return {
    wanted: () => {
      state.wanted = true
    },
    begin: () => {
      if (!state.wanted || state.under || state.rest-- > 0) return
      Object.assign(state, { wanted: false, under: true, rest: 0 })
      running = run()
    },
    ended: () => running,
  }
}
