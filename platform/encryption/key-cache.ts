import { secondsBetween, type Clock } from '../kernel/clock.ts'

/** How long something opened may be used before it is opened again: a key withdrawn at its root ends here. */
const HELD_SECONDS = 300
/** For how long a refusal is repeated without asking again. */
const REFUSED_SECONDS = 2
/** After looking for a newer key in vain, the next look comes this much later. */
const LOOKED_SECONDS = 5

/** What was opened, held for a limited time. */
export interface TimedCache<Value> {
  /** The value, opened at most once at a time for each name; a refusal is repeated for a moment. */
  get(name: string): Promise<Value>
  /** Opens anew for somebody who misses a newer key, unless that was tried in vain a moment ago; then null. */
  renewed(name: string): Promise<Value> | null
  /** The last renewal did not help. */
  renewedInVain(name: string): void
  /** Drops what is held, of every name when none is given. */
  forget(name?: string): void
  /** Drops every name that is meant. */
  forgetEach(meant: (name: string) => boolean): void
  readonly size: number
}

interface Held<Value> {
  readonly value: Promise<Value>
  readonly since: Date
  seconds: number
}

/** Holds what `open` opens: by the clock, at most `entriesMax`, the least recently used dropped first. */
export function timedCache<Value>(
  clock: Clock,
  entriesMax: number,
  open: (name: string) => Promise<Value>,
): TimedCache<Value> {
  const held = new Map<string, Held<Value>>()
  const begin = (name: string): Promise<Value> => {
    const entry: Held<Value> = { value: open(name), since: clock.now(), seconds: HELD_SECONDS }
    held.delete(name)
    held.set(name, entry)
    entry.value.catch(() => {
      entry.seconds = REFUSED_SECONDS
    })
    dropOldest(held, entriesMax)
    return entry.value
  }
  const renewals = renewalsBy(clock, entriesMax, begin)
  return {
    renewed: renewals.renewed,
    renewedInVain: renewals.inVain,
    get: (name) => {
      const known = held.get(name)
      if (known === undefined || !isFresh(known, clock)) return begin(name)
      // Back in at the end: the first one is always the least recently used.
      held.delete(name)
      held.set(name, known)
      return known.value
    },
    forget: (name) => {
      for (const kept of [held, renewals.looked, renewals.running]) {
        if (name === undefined) kept.clear()
        else kept.delete(name)
      }
    },
    forgetEach: (meant) => {
      for (const name of held.keys()) if (meant(name)) held.delete(name)
    },
    get size() {
      return held.size
    },
  }
}

function isFresh(one: Held<unknown>, clock: Clock): boolean {
  const age = secondsBetween(one.since, clock.now())
  // A clock that was set back must not prolong anything.
  return age >= 0 && age < one.seconds
}

/** Looks for newer keys, one look at a time for each name, and not again right after a look in vain. */
function renewalsBy<Value>(clock: Clock, entriesMax: number, begin: (name: string) => Promise<Value>) {
  const looked = new Map<string, Date>()
  const running = new Map<string, Promise<Value>>()
  return {
    looked,
    running,
    renewed: (name: string): Promise<Value> | null => {
      const last = looked.get(name)
      if (last !== undefined && secondsBetween(last, clock.now()) < LOOKED_SECONDS) return null
      const renewing = running.get(name) ?? begin(name)
      running.set(name, renewing)
      const ended = (): void => void running.delete(name)
      renewing.then(ended, ended)
      return renewing
    },
    inVain: (name: string): void => {
      looked.delete(name)
      looked.set(name, clock.now())
      dropOldest(looked, entriesMax)
    },
  }
}

function dropOldest(map: Map<string, unknown>, entriesMax: number): void {
  const oldest = map.keys().next()
  if (map.size > entriesMax && oldest.done === false) map.delete(oldest.value)
}
