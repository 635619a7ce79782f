import { undone, type Database } from '../../db/index.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import { policyWith } from '../../kernel/parameter.ts'
import type { Door } from '../direct-door.ts'
import { mfaScope, stepUpFreshness } from '../parameters.ts'
import { fullSessions } from '../sessions/queries.ts'
import { QUARTER_HOUR, withTwin, type AccessSystem } from './observed-system.ts'
import { askWith, checkContext, enrolProbe, tryPassword, withProbe } from './probe-person.ts'
import { ageProof, PROBE_WORKSPACE } from './queries.ts'

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
  const sessions = await fullSessions(db)
  const reached = await reachedWithPassword(system, door)
  const failures = [
    ...reached,
    ...(await staleProof(system, door)),
    ...(sessions.withoutFactor > 0
      ? [
          `${sessions.withoutFactor} of ${sessions.all} full sessions belong to accounts without a second factor`,
        ]
      : []),
  ]
  const saw = `${sessions.all} sessions reach data and each belongs to an account with a second factor; a password alone was refused at ${CLOSED_PATHS.length * 2} requests`
  const metrics = { fullSessions: sessions.all, withoutFactor: sessions.withoutFactor }
  return observed(failures, saw, metrics, { count: sessions.all, coverage: 1, of: 'full sessions' })
}

const ONE_SESSION = { count: 1, coverage: 1, of: 'sessions' } as const

/** A full session of an account without a factor, seen in a transaction that is undone. */
function withBareSession(system: AccessSystem): Promise<Observation> {
  return withProbe(system, async (person) => {
    const session = await system.access.sessions.prepare(checkContext(system).caller, person.id)
    const sessions = await undone(system.parts.db, async (tx) => {
      await session.store(tx, 'full', PROBE_WORKSPACE, ['password', 'totp'])
      return fullSessions(tx)
    })
    const failures =
      sessions.withoutFactor > 0 ? [`${sessions.withoutFactor} full session without a factor`] : []
    return observed(
      failures,
      'none was found',
      { ...sessions },
      { count: sessions.all, coverage: 1, of: 'full sessions' },
    )
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

/** A door that forgets to ask for the level. */
const forgetful: Door = { request: async () => Response.json({}) }

/** Policy 3.1-0. */
export const secondFactorRequired: Control<AccessSystem> = control({
  id: 'second-factor-required',
  clauses: ['3.1-0'],
  reads: [mfaScope, stepUpFreshness],
  everySeconds: QUARTER_HOUR,
  enforcedIn: ['platform/access/roles/roles.ts', 'platform/access/sign-in/sign-in.ts'],
  looks:
    'Signs a probe account in with its password alone, before and after it has a factor, asks the gateway for data, and counts full sessions of accounts without a factor.',
  breaks:
    'Gives an account without a factor a full session, and asks a door that does not look at the level.',
  check: (system) => look(system, system.door, system.parts.db),
  knownBad: async (system) =>
    everyBreakFound({
      'a full session without a factor': await withBareSession(system),
      'a door that ignores the level': await look(system, forgetful, system.parts.db),
      'a factor that stays fresh too long': await withLazyStepUp(system),
    }),
})
