import type { OperatorHost } from '../operators/operator.ts'
import { createCollectionStore, type CollectionStore } from './collections.ts'
import type { OperatorCache } from './operator-cache.ts'
import type { RunHost } from './state.ts'

/** What the engine gets from whoever uses it. */
export interface EngineHost extends OperatorHost {
  /** Where `IP`, `GLOBAL`, `SESSION`, `USER` and `RESOURCE` are kept; in this process when absent. */
  readonly store?: CollectionStore
  /** Patterns and phrases compiled before: given to every load, what did not change is not compiled again. */
  readonly cache?: OperatorCache
  /** Microseconds of a clock that only goes forward, for `DURATION`; this machine's when absent. */
  readonly microseconds?: () => number
  /**
   * Looks into bodies whose type says nothing of how to read them, or says a form where JSON stands: what answers a request
   * may not go by the type either.
   */
  readonly guessesBodies?: boolean
}

/** What a transaction needs of a host. */
export function runHost(host: EngineHost): RunHost {
  return {
    store: host.store ?? createCollectionStore(),
    microseconds: host.microseconds ?? (() => performance.now() * 1000),
    guessesBodies: host.guessesBodies ?? false,
  }
}
