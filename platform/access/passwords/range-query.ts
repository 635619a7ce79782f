import type { Clock } from '../../kernel/clock.ts'
import { askOutside } from '../../kernel/outgoing.ts'

const TIMEOUT_MS = 1500
const BYTES_MAX = 512 * 1024
/** So many failures in a row, and the service is left alone for a while. */
const FAILURES_MAX = 3
const REST_SECONDS = 60
const PREFIX_LENGTH = 5
const LINE = /^([0-9A-F]{35}):(\d{1,12})$/i

/** What the service says of a password; `unknown` when it could not be asked. */
export type RangeVerdict = 'listed' | 'not-listed' | 'unknown'

/** Asks the service for breached passwords without telling it which password is meant. Policy 3.3-c. */
export interface RangeQuery {
  /** Takes the SHA-1 of a password; only its first five hexadecimal digits leave this machine. */
  ask(sha1: Buffer): Promise<RangeVerdict>
  /** How the last question went; `off` when no service is set, `unasked` before the first. */
  state(): 'off' | 'unasked' | 'reachable' | 'unreachable'
}

/** Opens the query over the base URL of the service; an empty one asks nobody. */
export function openRangeQuery(deps: { readonly url: string; readonly clock: Clock }): RangeQuery {
  const { url, clock } = deps
  let failures = 0
  let restsUntil = 0
  let last: 'unasked' | 'reachable' | 'unreachable' = 'unasked'
  return {
    state: () => (url === '' ? 'off' : last),
    ask: async (sha1) => {
      const now = clock.now().getTime()
      if (url === '' || now < restsUntil) return 'unknown'
      const hex = sha1.toString('hex').toUpperCase()
      const suffixes = await fetchRange(url, hex.slice(0, PREFIX_LENGTH)).catch(() => null)
      if (suffixes === null) {
        failures += 1
        last = 'unreachable'
        if (failures >= FAILURES_MAX) restsUntil = now + REST_SECONDS * 1000
        return 'unknown'
      }
      failures = 0
      last = 'reachable'
      return suffixes.has(hex.slice(PREFIX_LENGTH)) ? 'listed' : 'not-listed'
    },
  }
}

/** The suffixes below a prefix that were really seen; throws when the answer is not a range. */
async function fetchRange(base: string, prefix: string): Promise<ReadonlySet<string>> {
  const headers = { 'add-padding': 'true', 'user-agent': 'surety', accept: 'text/plain' }
  const answer = await askOutside(new URL(base + prefix), {
    headers,
    timeoutMs: TIMEOUT_MS,
    bytesMax: BYTES_MAX,
  })
  if (answer.status !== 200) throw new Error(`the service answered ${answer.status}`)
  return readRange(answer.body.toString('latin1'))
}

/**
 * Reads `SUFFIX:COUNT` lines; rows that the service adds as padding have the count 0. Throws for anything else, an
 * empty answer too: no prefix is without entries, and a page of a network's portal is no clean bill.
 */
export function readRange(text: string): ReadonlySet<string> {
  const lines = text.split('\n').map((line) => line.trim())
  const seen = new Set<string>()
  let rows = 0
  for (const line of lines) {
    if (line === '') continue
    const [, suffix = '', count = ''] = LINE.exec(line) ?? []
    if (suffix === '') throw new Error('the answer is no range of hashes')
    rows += 1
    if (Number(count) > 0) seen.add(suffix.toUpperCase())
  }
  if (rows === 0) throw new Error('the answer is empty')
  return seen
}
