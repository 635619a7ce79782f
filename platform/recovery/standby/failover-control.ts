import { undone, type Database } from '../../db/index.ts'
import { DAY, HOUR, secondsAfter, secondsBetween, type Clock } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { newId } from '../../kernel/id.ts'
import { everyBreakFound, observed } from '../../kernel/observed.ts'
import type { Sites } from './changes.ts'
import {
  dropChanges,
  follower,
  insertChange,
  newestChanges,
  type ChangeRow,
  type Follower,
} from './queries.ts'
import { STANDBY_NAME } from './standby.ts'

/** The running system as the control of clause 6.2-d observes it. */
export interface StandbySystem {
  readonly db: Database
  readonly clock: Clock
  readonly sites: () => Promise<Sites | null>
  /** The regions that the two databases are in; one name twice where both are on one machine. */
  readonly siteRegions: readonly [string, string]
}

/** A standby further behind than this would lose too much. */
const BEHIND_SECONDS_MAX = 60
/** A change is exercised once a month. */
const EXERCISE_SECONDS_MAX = 31 * DAY
/** From the loss of the primary to the first write of the application. */
const CHANGE_SECONDS_MAX = 60

interface Seen {
  readonly sites: Sites | null
  readonly follower: Follower | null
  readonly last: ChangeRow | null
  readonly regions: readonly [string, string]
}

function standbyFaults({ sites, follower: behind }: Seen): string[] {
  if (sites === null) return ['there is no second database that could take over']
  if (sites.standby !== 'ready') return [`the standby is not ready: ${sites.why ?? 'it is being made'}`]
  if (behind?.streaming !== true) return ['the standby does not receive the log']
  return behind.seconds > BEHIND_SECONDS_MAX ? [`the standby is ${Math.round(behind.seconds)} s behind`] : []
}

function changeFaults({ last }: Seen, now: Date): string[] {
  if (last === null) return ['no change to the standby was ever made']
  const days = Math.floor(secondsBetween(last.promoted_at, now) / DAY)
  const took = Math.round(secondsBetween(last.began_at, last.written_at))
  return [
    ...(days * DAY > EXERCISE_SECONDS_MAX ? [`the last change to a standby is ${days} days ago`] : []),
    ...(took > CHANGE_SECONDS_MAX ? [`the last change took ${took} s until the first write`] : []),
  ]
}

function canFailOver(seen: Seen, now: Date): Observation {
  const { sites, last, regions } = seen
  const found = sites === null ? standbyFaults(seen) : [...standbyFaults(seen), ...changeFaults(seen, now)]
  const one = regions[0] === regions[1]
  const behind = seen.follower === null ? null : Number(seen.follower.seconds.toFixed(1))
  const took = last === null ? null : Number(secondsBetween(last.began_at, last.written_at).toFixed(1))
  const works = `a standby follows ${behind ?? 0} s behind, and the last change to one took ${took ?? 0} s until the first write`
  const failures = [
    ...found,
    ...(sites !== null && one ? ['both databases are on one machine, which stands in for two regions'] : []),
  ]
  // What works is said with the failure too, so that a stand-in can be told from damage.
  const all = failures.length > 0 && found.length === 0 ? [...failures, works] : failures
  const metrics = {
    standby: sites?.standby ?? 'none',
    ...(behind === null ? {} : { behindSeconds: behind }),
    ...(took === null ? {} : { changeSeconds: took }),
    regions: one ? 1 : 2,
  }
  return observed(all, works, metrics, { count: sites === null ? 1 : 2, coverage: 1, of: 'databases' })
}

async function look(system: StandbySystem, db: Database): Promise<Seen> {
  const [last] = await newestChanges(db, 1)
  return {
    sites: await system.sites(),
    follower: await follower(db, STANDBY_NAME),
    last: last ?? null,
    regions: system.siteRegions,
  }
}

/** A situation in which all would be well, to break one thing at a time. */
function sound(now: Date): Seen {
  const at = secondsAfter(now, -DAY)
  const ends = {
    began_at: at,
    fenced_at: at,
    promoted_at: at,
    written_at: secondsAfter(at, 2),
    heartbeat_at: at,
  }
  return {
    sites: { primary: 'a', standby: 'ready', why: null, changes: [] },
    follower: { streaming: true, behindBytes: 0, seconds: 0 },
    last: { id: 'probe', kind: 'switchover', from_site: 'b', to_site: 'a', ...ends },
    regions: ['one', 'another'],
  }
}

/** The newest change as it would be seen after two months without another one. */
function forgotten(system: StandbySystem): Promise<Observation> {
  return undone(system.db, async (tx) => {
    const at = secondsAfter(system.clock.now(), -62 * DAY)
    await dropChanges(tx)
    const ends = { began_at: at, fenced_at: at, promoted_at: at, written_at: at, heartbeat_at: null }
    const sites = { from_site: 'a', to_site: 'b' }
    await insertChange(tx, { id: newId(system.clock), kind: 'switchover', ...sites, ...ends })
    const { last } = await look(system, tx)
    return canFailOver({ ...sound(system.clock.now()), last }, system.clock.now())
  })
}

/** Policy 6.2-d: another database, in another region, can take over. */
export const failoverReady: Control<StandbySystem> = control({
  id: 'failover-ready',
  clauses: ['6.2-d'],
  reads: [],
  everySeconds: HOUR,
  enforcedIn: ['launch/sites', 'platform/recovery/standby'],
  looks:
    'Asks who takes writes, asks that database for the standby that it sends its log to and how far behind it is, and reads how long the last change to a standby took until the application wrote again.',
  breaks:
    'No standby, one that receives nothing, one that is far behind, a change that nobody exercised for two months and two databases in one region must be found.',
  check: async (system) => canFailOver(await look(system, system.db), system.clock.now()),
  knownBad: async (system) => {
    const now = system.clock.now()
    const well = sound(now)
    const far = { streaming: true, behindBytes: 1, seconds: BEHIND_SECONDS_MAX + 1 }
    return everyBreakFound({
      'no standby': canFailOver({ ...well, sites: null }, now),
      'one that receives nothing': canFailOver({ ...well, follower: null }, now),
      'one that is far behind': canFailOver({ ...well, follower: far }, now),
      'a change nobody exercised': await forgotten(system),
      'one region': canFailOver({ ...well, regions: ['one', 'one'] }, now),
    })
  },
})

/** The controls of the second database. */
export const standbyControls: readonly Control<StandbySystem>[] = [failoverReady]
