import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'

/** Backtracking steps after which V8 gives a search over to its linear engine. */
const BACKTRACKS_MAX = 20_000
/** Only ends a search that would otherwise never end. */
const PROBE_MILLISECONDS_MAX = 5_000

let asserted = false

/**
 * Tells V8 to finish a search in its linear engine once it backtracks too much, and makes sure that it obeys. Must run
 * before any pattern is tried: one that has run already keeps code without that way out. Throws where V8 does not obey.
 */
export function assertLinearEngine(): void {
  if (asserted) return
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  setFlagsFromString(`--regexp-backtracks-before-fallback=${BACKTRACKS_MAX}`)
  // 2^80 steps of backtracking: it is answered by the linear engine or never, whatever the machine's speed.
  const probe = new Script("/^(?:x|x)*y/.test('x'.repeat(80) + 'z')")
  try {
    if (probe.runInThisContext({ timeout: PROBE_MILLISECONDS_MAX }) !== false) throw new Error('matched')
  } catch (error) {
    throw new Error('the linear engine for regular expressions of this Node.js is not in force', {
      cause: error,
    })
  }
  asserted = true
}
