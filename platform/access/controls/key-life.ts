import type { Observation } from '../../kernel/control.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { observed } from '../../kernel/observed.ts'
import type { Door } from '../direct-door.ts'
import { apiKeyLifetime } from '../parameters.ts'
import { accessChanged } from '../changed.ts'
import { setSuspended } from '../people/queries.ts'
import { withTwin, type AccessSystem } from './observed-system.ts'
import { CHECK_ORIGIN, contextOfToken, enrolProbe, withProbe } from './probe-person.ts'
import { ageKey, PROBE_WORKSPACE } from './queries.ts'

const SCOPE = 'people.read'
const PATH = '/api/people'
/** An expired key of a check ended this long ago, in seconds; a twin whose clock stands still before takes it. */
const PAST_SECONDS = 60

async function statusWith(door: Door, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'user-agent': CHECK_ORIGIN.userAgent }
  const reply = await door.request(PATH, { headers })
  await reply.body?.cancel()
  return reply.status
}

/**
 * Uses keys through the door: a good one, an expired one, one older than the policy lets a key be, one that another took
 * the place of, and one whose maker was suspended. Policy 4.3-a.2.
 */
export function lookAtKeyLife(system: AccessSystem, door: Door): Promise<Observation> {
  const { parts, access } = system
  const { db, clock, policy } = parts
  return withProbe(system, async (person) => {
    const { token } = await enrolProbe(system, person)
    const context = await contextOfToken(system, token)
    const wish = { workspace: PROBE_WORKSPACE, account: person.id, label: 'Check', scopes: [SCOPE] } as const
    const make = () => access.apiKeys.make(context, { ...wish, seconds: 600 })
    const failures: string[] = []
    const expect = async (what: string, key: string, wanted: number): Promise<void> => {
      const status = await statusWith(door, key)
      if (status !== wanted) failures.push(`${what} was answered ${status}, not ${wanted}`)
    }
    const good = await make()
    await expect('a good key', good.key, 200)
    const past = await make()
    const now = clock.now()
    await ageKey(db, past.id, { expires_at: secondsAfter(now, -PAST_SECONDS) })
    await expect('an expired key', past.key, 401)
    const old = await make()
    const made = secondsAfter(now, -policy.read(apiKeyLifetime))
    await ageKey(db, old.id, { created_at: made, expires_at: secondsAfter(made, 365 * 86_400) })
    await expect('a key older than the policy allows', old.key, 401)
    const turn = { workspace: PROBE_WORKSPACE, id: good.id, seconds: 600 }
    const next = await access.apiKeys.rotate(context, { ...turn, overlapSeconds: 0 })
    await expect('a replaced key after its overlap', good.key, 401)
    await expect('the key in its place', next.key, 200)
    await db.transaction().execute(async (tx) => {
      await setSuspended(tx, PROBE_WORKSPACE, person.id, clock.now())
      await accessChanged(tx, { account: person.id })
    })
    await expect('a key whose maker was suspended', next.key, 401)
    const saw = 'API keys end with their time, with their replacement and with the rights of their makers'
    const scope = { count: 4, coverage: 1, of: 'keys' }
    return observed(failures, saw, { keys: 4, keyDaysMax: policy.read(apiKeyLifetime) / 86_400 }, scope)
  })
}

/** The same against a twin whose clock is late, so that it takes an expired key for a good one. */
export function lookWithLateClock(system: AccessSystem): Promise<Observation> {
  const { clock } = system.parts
  const late = { now: () => secondsAfter(clock.now(), -2 * PAST_SECONDS) }
  return withTwin(system, { clock: late }, (_, door) => lookAtKeyLife(system, door))
}
