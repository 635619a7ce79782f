import { createSecretKey, randomUUID, timingSafeEqual, type KeyObject } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { EnvelopeError, keyFingerprint, type KeyLabel } from '#envelope'
import type { Clock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { openBreaker, type Breaker, type BreakerLimits } from './breaker.ts'
import { KeeperError, type Keeper, type KeeperCall, type KeeperState } from './keeper.ts'
import { keeperFingerprint, keptKey, readKeptKey } from './kept-key.ts'
import { refusing } from './local-root.ts'
import { UNANSWERED, type KeyRoot, type RootAction, type RootHealth, type RootUse } from './root.ts'

/** How long callers wait, how often they try again, and when they stop trying. */
export interface KeeperLimits extends BreakerLimits {
  /** For one call with all its tries, in milliseconds. */
  readonly callMs: number
  readonly triesMax: number
  /** Before the second try, in milliseconds; each further one waits twice as long. */
  readonly pauseMs: number
}

/** Bounds that suit a service in the same region: a call takes milliseconds, or it will not be answered in time. */
export const KEEPER_LIMITS: KeeperLimits = {
  callMs: 5000,
  triesMax: 3,
  pauseMs: 100,
  failuresMax: 5,
  openSeconds: 10,
}

/** What the use of a keeper needs. */
export interface KeptRootDeps {
  readonly clock: Clock
  readonly limits?: KeeperLimits
  /** Hears of every request that the keeper served. */
  readonly used?: (use: RootUse) => void
}

const KEY_BYTES = 32
/** How many keys one request to a keeper may carry. */
const RESEAL_MAX = 100

/** A root key at a keeper: every call is bounded in time, and nobody waits for a keeper that was found not to answer. Policy 2.2-d. */
export function keptRoot(keeper: Keeper, deps: KeptRootDeps): KeyRoot {
  const { provider, id } = keeper
  const fingerprint = keeperFingerprint(provider, id)
  const ask = asking(keeper, deps)
  const wrapWith = (key: KeyObject, sealed: Buffer): Buffer =>
    keptKey(provider, { rootFingerprint: fingerprint, keyFingerprint: keyFingerprint(key), sealed })
  const read = (wrapped: Uint8Array) => refusing(() => readKeptKey(provider, fingerprint, wrapped))

  return {
    provider,
    id,
    fingerprint,
    opens: (asked) => asked === fingerprint,
    wrap: async (label, key) => {
      const plain = key.export()
      try {
        return wrapWith(key, await ask('wrap', (call) => keeper.seal(label, plain, call)))
      } finally {
        plain.fill(0)
      }
    },
    unwrap: async (label, wrapped) => {
      const kept = read(wrapped)
      const plain = await ask('unwrap', (call) => keeper.open(label, kept.sealed, call))
      return refusing(() => committed(plain, kept.keyFingerprint))
    },
    rewrap: async (keys) => {
      const kept = keys.map(({ label, wrapped }) => ({ label, ...read(wrapped) }))
      const again: Buffer[] = []
      for (let at = 0; at < kept.length; at += RESEAL_MAX) {
        const some = kept.slice(at, at + RESEAL_MAX)
        const sealed = await ask('rewrap', (call) => keeper.reseal(some, call))
        if (sealed.length !== some.length) throw new Error('a keeper sealed another number of keys')
        for (const [index, one] of some.entries())
          again.push(keptKey(provider, { ...one, sealed: sealed[index] ?? Buffer.alloc(0) }))
      }
      return again
    },
    health: () => healthOf(keeper, deps),
    rotate: () => ask('rotate', (call) => keeper.rotate(call)),
    close: () => keeper.close(),
  }
}

/** The key in these bytes, which are wiped; a keeper's seal need not commit to its key, the fingerprint does. */
function committed(plain: Buffer, expected: string): KeyObject {
  if (plain.length !== KEY_BYTES) throw new EnvelopeError('not-authentic')
  const key = createSecretKey(plain)
  plain.fill(0)
  const found = Buffer.from(keyFingerprint(key), 'hex')
  if (!timingSafeEqual(found, Buffer.from(expected, 'hex'))) throw new EnvelopeError('not-authentic')
  return key
}

type Ask = <Answer>(action: RootAction, work: (call: KeeperCall) => Promise<Answer>) => Promise<Answer>

function asking({ provider }: Keeper, { clock, used, limits = KEEPER_LIMITS }: KeptRootDeps): Ask {
  const breaker = openBreaker(clock, limits)
  return async (action, work) => {
    if (!breaker.enter()) throw unanswered(provider, breaker)
    const telling = tellsOf({ clock, used }, action)
    try {
      const answer = await tried(limits, action, (signal) => work({ signal, ...telling }))
      breaker.worked()
      return answer
    } catch (error) {
      const refused = error instanceof KeeperError && error.refusal !== 'unreachable'
      if (refused) breaker.worked()
      else breaker.failed()
      throw asProblem(error)
    }
  }
}

/** Hands on which requests were served, and which got no answer; these have a number that only we know. */
function tellsOf(
  { clock, used }: { readonly clock: Clock; readonly used: KeptRootDeps['used'] },
  action: RootAction,
): Omit<KeeperCall, 'signal'> {
  return {
    served: (request) => used?.({ action, request, at: clock.now() }),
    unanswered: () => used?.({ action, request: `${UNANSWERED}${randomUUID()}`, at: clock.now() }),
  }
}

function unanswered(provider: string, breaker: Breaker): Problem {
  return new Problem(
    'encryption.root-unreachable',
    `The keeper of the root key (${provider}) does not answer.`,
    {
      retryAfterSeconds: Math.ceil(breaker.secondsToProbe()),
    },
  )
}

/** Reaches a keeper for the first time, within the same bounds. */
export async function firstReached(
  reach: (call: KeeperCall) => Promise<Keeper>,
  { clock, used, limits = KEEPER_LIMITS }: KeptRootDeps,
): Promise<Keeper> {
  const telling = tellsOf({ clock, used }, 'describe')
  try {
    return await tried(limits, 'describe', (signal) => reach({ signal, ...telling }))
  } catch (error) {
    throw asProblem(error)
  }
}

/** Tries until it is answered or the time is over; what makes a new version is tried once. */
async function tried<Answer>(
  { callMs, triesMax, pauseMs }: KeeperLimits,
  action: RootAction,
  work: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const signal = AbortSignal.timeout(callMs)
  for (let tries = 1; ; tries += 1) {
    try {
      return await within(signal, callMs, work(signal))
    } catch (error) {
      const again = error instanceof KeeperError && error.refusal === 'unreachable' && action !== 'rotate'
      if (!again || tries >= triesMax || signal.aborted) throw error
      await pause(pauseMs * 2 ** (tries - 1))
    }
  }
}

/** The answer, or a refusal once the time is over, even of a keeper that does not look at the signal. */
async function within<Answer>(signal: AbortSignal, callMs: number, answer: Promise<Answer>): Promise<Answer> {
  const late = new KeeperError('unreachable', `The keeper did not answer within ${callMs} ms.`)
  const { promise, reject } = Promise.withResolvers<never>()
  const over = (): void => reject(late)
  if (signal.aborted) over()
  signal.addEventListener('abort', over, { once: true })
  // What comes too late is dropped.
  answer.catch(() => {})
  try {
    return await Promise.race([answer, promise])
  } catch (error) {
    throw signal.aborted ? late : error
  } finally {
    signal.removeEventListener('abort', over)
  }
}

/** A refusal of a keeper as the one that callers know; any other error as it is. */
export function asProblem(error: unknown): unknown {
  if (!(error instanceof KeeperError)) return error
  const { refusal, detail } = error
  if (refusal === 'unreadable')
    return new Problem('encryption.unreadable', 'The stored data could not be authenticated.', {
      cause: error,
    })
  const code = refusal === 'unreachable' ? 'encryption.root-unreachable' : 'encryption.root-disabled'
  return new Problem(code, detail, { cause: error })
}

/** Asks past the breaker, so that a keeper which is back is seen. */
async function healthOf(
  keeper: Keeper,
  { clock, used, limits = KEEPER_LIMITS }: KeptRootDeps,
): Promise<RootHealth> {
  const began = performance.now()
  const telling = tellsOf({ clock, used }, 'describe')
  const state = await tried({ ...limits, triesMax: 1 }, 'describe', (signal) =>
    keeper.describe({ signal, ...telling }),
  ).catch(refusedState)
  return { ...state, millis: Math.round(performance.now() - began) }
}

function refusedState(error: unknown): KeeperState {
  if (!(error instanceof KeeperError)) throw error
  const { refusal, detail } = error
  return {
    state: refusal === 'pending-deletion' || refusal === 'unreachable' ? refusal : 'disabled',
    problem: detail,
    notes: [],
    exportable: false,
    rotatedAt: null,
    versions: null,
    policyHash: null,
    audited: null,
  }
}

/** Wraps a label for keepers whose context is a map of texts. */
export function labelTexts({
  tenant,
  purpose,
  version,
}: KeyLabel): Record<'tenant' | 'purpose' | 'version', string> {
  return { tenant, purpose, version: String(version) }
}
