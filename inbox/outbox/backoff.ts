/** A message is given up after so many tries, about an hour and a quarter. */
export const TRIES_MAX = 10
const FIRST_SECONDS = 2
const LONGEST_SECONDS = 900

/**
 * Seconds to wait after try number `tried` (from 1): doubling from 2 seconds up to 15 minutes, of which the last half is
 * chance, so that messages that failed together do not come back together. `chance` lies in [0, 1).
 */
export function backoffSeconds(tried: number, chance: number): number {
  const full = Math.min(FIRST_SECONDS * 2 ** (tried - 1), LONGEST_SECONDS)
  return full / 2 + (full / 2) * chance
}
