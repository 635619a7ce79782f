import { undone, type Database } from '../../db/index.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { Door } from '../direct-door.ts'
import { mfaScope } from '../parameters.ts'
import { fullSessions } from '../sessions/queries.ts'
import { QUARTER_HOUR, type AccessSystem } from './observed-system.ts'
import { askWith, checkContext, enrolProbe, tryPassword, withProbe } from './probe-person.ts'
import { PROBE_WORKSPACE } from './queries.ts'

/** Ways to data and to administration that no session without a second factor may go. */
const CLOSED_PATHS = ['/api/access/sessions', '/api/access/factors', '/api/people', '/api/api-keys']

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

async function look(system: AccessSystem, door: Door, db: Database): Promise<Observation> {
  const sessions = await fullSessions(db)
  const reached = await reachedWithPassword(system, door)
  const failures = [
    ...reached,
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

/** A door that forgets to ask for the level. */
const forgetful: Door = { request: async () => Response.json({}) }

/** Policy 3.1-0. */
export const secondFactorRequired: Control<AccessSystem> = control({
  id: 'second-factor-required',
  clauses: ['3.1-0'],
  reads: [mfaScope],
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
    }),
})
