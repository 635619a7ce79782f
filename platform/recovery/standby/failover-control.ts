import { undone, type Database } from '../../db/index.ts'
import { DAY, HOUR, secondsAfter, type Clock } from '../../kernel/clock.ts'
import { control, type Control, type Observation } from '../../kernel/control.ts'
import { newId } from '../../kernel/id.ts'
import { everyBreakFound } from '../../kernel/observed.ts'
import type { PolicyReader } from '../../kernel/parameter.ts'
import { recoveryPoint, recoveryTest } from '../parameters.ts'
import { brokenFolders, brokenServers, soundServers } from './broken-pairs.ts'
import type { Sites } from './changes.ts'
import { canFailOver, type StandbySeen } from './judge.ts'
import { dropChanges, follower, insertChange, newestChanges } from './queries.ts'
import { STANDBY_NAME } from './standby.ts'

/** The running system as the control of clause 6.2-d observes it. */
export interface StandbySystem {
  readonly db: Database
  readonly clock: Clock
  readonly policy: PolicyReader
  readonly sites: () => Promise<Sites | null>
}

/** Changes that are looked at. */
const CHANGES_MAX = 100

async function look({ clock, policy, sites }: StandbySystem, db: Database): Promise<StandbySeen> {
  return {
    sites: await sites(),
    follower: await follower(db, STANDBY_NAME),
    changes: await newestChanges(db, CHANGES_MAX),
    limits: { lossSeconds: policy.read(recoveryPoint), testSeconds: policy.read(recoveryTest) },
    now: clock.now(),
  }
}

/** What the database tells of changes when the last one was long ago. */
function forgotten(system: StandbySystem): Promise<Observation> {
  return undone(system.db, async (tx) => {
    const now = system.clock.now()
    const at = secondsAfter(now, -400 * DAY)
    await dropChanges(tx)
    const ends = { began_at: at, fenced_at: at, promoted_at: at, written_at: at, heartbeat_at: null }
    const sites = { from_site: 'a', to_site: 'b', from_region: 'one', to_region: 'another' }
    const row = { id: newId(system.clock), kind: 'switchover', fenced_by: 'read-only', timeline: 2 }
    await insertChange(tx, { ...row, ...sites, ...ends })
    const seen = canFailOver({ ...soundServers(now), changes: await newestChanges(tx, CHANGES_MAX) })
    return seen.saw.includes('days ago') ? seen : { ...seen, result: 'pass' }
  })
}

/** Policy 6.2-d: another database, in another region, can take over. */
export const failoverReady: Control<StandbySystem> = control({
  id: 'failover-ready',
  clauses: ['6.2-d'],
  // What may be lost and how often is tested belong to 6.2-b and 6.2-c, whose own controls read them.
  reads: [],
  everySeconds: HOUR,
  enforcedIn: ['launch/sites', 'launch/pair', 'platform/recovery/standby'],
  looks:
    'Asks both databases who takes writes, whether they are one system, whether the other receives the log and how far behind it is, what shows that they are two machines, which regions the operator states, and how long the last change took until the application wrote again.',
  breaks:
    'No standby, one that is gone, foreign, old, far behind, without the log or taking writes itself, two servers in one region or on one machine, nothing to fence with, and changes that nobody made, that are too old, took too long or lost too much must be found.',
  check: async (system) => canFailOver(await look(system, system.db)),
  knownBad: async (system) => {
    const now = system.clock.now()
    return everyBreakFound({
      ...brokenFolders(now),
      ...brokenServers(now),
      'a change nobody exercised': await forgotten(system),
    })
  },
})

/** The controls of the second database. */
export const standbyControls: readonly Control<StandbySystem>[] = [failoverReady]
