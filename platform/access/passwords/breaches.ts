import { hash } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import type { Corpus } from './corpus.ts'
import { normalisePassword } from './password-rule.ts'
import { openRangeQuery, type RangeVerdict } from './range-query.ts'

/** What is known of a password. */
export interface BreachVerdict {
  readonly breached: boolean
  /** Whether the service answered; otherwise the list on this machine decided alone. */
  readonly asked: boolean
  /** The SHA-1 of the password, for asking again; it is never stored. */
  readonly sha1: Buffer
}

/** Tells breached passwords: by the service, and by a list on this machine. Policy 3.3-c. */
export interface Breaches {
  /** Whether a service is set at all. */
  readonly online: boolean
  check(password: string): Promise<BreachVerdict>
  /** Only the service, for a password that is no longer at hand. */
  askAgain(sha1: Buffer): Promise<RangeVerdict>
  /** Whether the list on this machine knows it. */
  listed(password: string): Promise<boolean>
  /** What answers now, for the evidence. */
  state(): Promise<{
    readonly service: 'off' | 'unasked' | 'reachable' | 'unreachable'
    readonly corpus: Pick<Corpus, 'entries' | 'source'>
  }>
}

/** Opens the check over the base URL of the service (empty: no service) and a list on this machine. */
export function openBreaches(deps: {
  readonly url: string
  readonly corpus: () => Promise<Corpus>
  readonly clock: Clock
}): Breaches {
  const { corpus } = deps
  const service = openRangeQuery(deps)
  const listed = async (password: string): Promise<boolean> =>
    (await corpus()).has(normalisePassword(password))
  return {
    online: deps.url !== '',
    listed,
    check: async (password) => {
      const sha1 = hash('sha1', normalisePassword(password), 'buffer')
      const [online, offline] = await Promise.all([service.ask(sha1), listed(password)])
      return { breached: offline || online === 'listed', asked: online !== 'unknown', sha1 }
    },
    askAgain: (sha1) => service.ask(sha1),
    state: async () => {
      const { entries, source } = await corpus()
      return { service: service.state(), corpus: { entries, source } }
    },
  }
}
