/** Credentials that an event names at most: their number is told apart, and the steps of a departure name all. */
const NAMED_MAX = 100

/** Those that an event names, so that nobody stays by holding more than an event can. Policy 3.2-c. */
export function namedIn(ids: readonly string[]): string[] {
  return ids.slice(0, NAMED_MAX)
}
