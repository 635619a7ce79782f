import { undone, type Database } from '../../db/index.ts'
import type { FactorKind } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { policyWith } from '../../kernel/parameter.ts'
import type { Door } from '../direct-door.ts'
import { mfaScope, recoveryDelay, stepUpFreshness } from '../parameters.ts'
import { QUARTER_HOUR, withTwin, type AccessSystem } from './observed-system.ts'
import { askWith, checkContext, enrolProbe, tryPassword, withProbe } from './probe-person.ts'
import { hastyReset } from './resets-wait.ts'
import { ageProof, assuranceCensus, PROBE_WORKSPACE } from './queries.ts'

/** Ways to data and to administration that no session without a second factor may go. */
const CLOSED_PATHS = ['/api/access/sessions', '/api/access/factors', '/api/people', '/api/api-keys']

/** What only a fresh second factor opens. */
const SENSITIVE_PATH = '/api/access/recovery-codes'

/** What a session of a probe account that gave only its password, before and after it has a factor, reaches through `door`. */
async function reachedWithPassword(system: AccessSystem, door: Door): Promise<string[]> {
  return withProbe(system, async (person) => {
    const withoutFactor = await tryPassword(system, system.access, person)
    await enrolProbe(system, person)
    const withFactor = await tryPassword(system, system.access, person)
    const reached: string[] = []
    for (const { token, level } of [withoutFactor, withFactor]) {
      if (level === 'full') reached.push(`a password alone gave a full session`)
      for (const path of CLOSED_PATHS) {
        const { status } = await askWith(door, token, path)
        if (status !== 401) reached.push(`${path} answered ${status} to a session at level ${level}`)
      }
    }
    return reached
  })
}

/** What a session whose last proof of a second factor is just too old may do that asks for a fresh one. */
async function staleProof(system: AccessSystem, door: Door): Promise<string[]> {
  const { parts, access } = system
  return withProbe(system, async (person) => {
    const { token } = await enrolProbe(system, person)
    const seconds = system.parts.policy.read(stepUpFreshness)
    const failures: string[] = []
    const lately = (await askWith(door, token, SENSITIVE_PATH, 'POST')).status
    if (lately !== 200) failures.push(`a fresh session was answered with ${lately} at ${SENSITIVE_PATH}`)
    const session = await access.sessions.prepare(checkContext(system).caller, person.id)
    await session.store(parts.db, 'full', PROBE_WORKSPACE, ['password', 'totp'])
    await ageProof(parts.db, session.id, secondsAfter(parts.clock.now(), -seconds))
    const stale = (await askWith(door, session.token, SENSITIVE_PATH, 'POST')).status
    if (stale !== 401)
      failures.push(`${seconds} s after the last factor ${SENSITIVE_PATH} was answered with ${stale}`)
    return failures
  })
}

async function look(system: AccessSystem, door: Door, db: Database): Promise<Observation> {
  const census = await census31(db)
  const failures = [
    ...(await reachedWithPassword(system, door)),
    ...(await staleProof(system, door)),
    ...(await hastyReset(system)),
    ...census.failures,
  ]
  const { accounts, fullSessions } = census.counted
  const saw = `of ${accounts} accounts none reaches data without a second factor: ${fullSessions} sessions do, each proved by two; a password alone was refused at ${CLOSED_PATHS.length * 2} requests`
  return observed(failures, saw, census.counted, { count: accounts, coverage: 1, of: 'accounts' })
}

/** Every session that reaches data, held against what it was proved with and what its account has. */
async function census31(db: Database) {
  const counted = await assuranceCensus(db)
  const of = `of ${counted.fullSessions} full sessions`
  const failures = [
    ...(counted.withoutFactor > 0
      ? [`${counted.withoutFactor} ${of} belong to accounts without a second factor`]
      : []),
    ...(counted.oneFactor > 0 ? [`${counted.oneFactor} ${of} were proved by one factor`] : []),
  ]
  return { failures, counted }
}

const ONE_SESSION = { count: 1, coverage: 1, of: 'sessions' } as const

/** A full session of an account without a factor, seen in a transaction that is undone. */
function withBareSession(system: AccessSystem, factors: readonly FactorKind[]): Promise<Observation> {
  return withProbe(system, async (person) => {
    // The account has a factor when it is the session that lacks one.
    if (new Set(factors).size < 2) await enrolProbe(system, person)
    const session = await system.access.sessions.prepare(checkContext(system).caller, person.id)
    const { failures, counted } = await undone(system.parts.db, async (tx) => {
      await session.store(tx, 'full', PROBE_WORKSPACE, factors)
      return census31(tx)
    })
    const scope = { count: counted.fullSessions, coverage: 1, of: 'full sessions' }
    return observed(failures, 'none was found', counted, scope)
  })
}

/** The same stale session at a twin for which a factor stays fresh twice as long. */
function withLazyStepUp(system: AccessSystem): Promise<Observation> {
  const { policy } = system.parts
  const lazy = policyWith({ [stepUpFreshness.name]: 2 * policy.read(stepUpFreshness) }, policy)
  return withTwin(system, { policy: lazy }, async (_, door) =>
    observed(await staleProof(system, door), 'a stale factor was refused', {}, ONE_SESSION),
  )
}

/** The same reset at a twin that lets it wait half as long. */
async function withHastyResets(system: AccessSystem): Promise<Observation> {
  const { policy } = system.parts
  const hasty = policyWith({ [recoveryDelay.name]: policy.read(recoveryDelay) / 2 }, policy)
  return observed(await hastyReset(system, { policy: hasty }), 'the reset waited', {}, ONE_SESSION)
}

/** A door that forgets to ask for the level. */
const forgetful: Door = { request: async () => Response.json({}) }

/** Policy 3.1-0. */
export const secondFactorRequired: Control<AccessSystem> = control({
  id: 'second-factor-required',
  clauses: ['3.1-0'],
  reads: [mfaScope, stepUpFreshness, recoveryDelay],
  everySeconds: QUARTER_HOUR,
  enforcedIn: [
    'platform/access/roles/roles.ts',
    'platform/access/sign-in/assurance.ts',
    'platform/access/factors/freshness.ts',
    'platform/access/recovery/resets.ts',
  ],
  looks:
    'Signs a probe account in with its password alone, before and after it has a factor, asks the gateway for data, asks for a sensitive operation with a stale factor, lets one person and then two reset the factors of a probe administrator, and looks at every session that reaches data.',
  breaks:
    'Gives an account without a factor a full session and another one a session proved by one factor, asks a door that does not look at the level, lets a factor stay fresh too long, and lets a reset wait half as long.',
  check: (system) => look(system, system.door, system.parts.db),
  knownBad: async (system) =>
    everyBreakFound({
      'a full session without a factor': await withBareSession(system, ['password', 'totp']),
      'a full session proved by one factor twice': await withBareSession(system, ['password', 'password']),
      'a door that ignores the level': await look(system, forgetful, system.parts.db),
      'a factor that stays fresh too long': await withLazyStepUp(system),
      'a reset that does not wait': await withHastyResets(system),
    }),
})
