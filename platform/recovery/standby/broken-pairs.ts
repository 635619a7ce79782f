import { DAY, secondsAfter } from '../../kernel/clock.ts'
import type { Observation } from '../../kernel/control.ts'
import type { PairSight } from '../../kernel/server-pair.ts'
import { BEHIND_SECONDS_MAX, CHANGE_SECONDS_MAX, canFailOver, type StandbySeen } from './judge.ts'
import type { ChangeRow } from './queries.ts'

type Server = NonNullable<PairSight['a']>

const LIMITS = { lossSeconds: 3600, testSeconds: 92 * DAY }

/** Two servers, in two regions, of which all is well. */
export function soundPair(now: Date): PairSight {
  const at = now.toISOString()
  const both = { system: '1', timeline: 1, lsn: '0/0', heartbeatAt: at }
  const a = { ...both, standby: false, readOnly: false, receives: null, address: '192.0.2.1', kernel: 'one' }
  const receives = { slot: null, name: 'standby' }
  const b = { ...both, standby: true, readOnly: true, receives, address: '198.51.100.1', kernel: 'another' }
  const link = { streaming: true, behindBytes: 0, address: '198.51.100.1' }
  const regions = { a: 'one', b: 'another' }
  return { regions, primary: 'a', system: '1', timeline: 1, a, b, link, fence: true }
}

/** A change of yesterday between them that went well. */
function soundChange(now: Date): ChangeRow {
  const at = secondsAfter(now, -DAY)
  return {
    id: 'probe',
    kind: 'switchover',
    from_site: 'b',
    to_site: 'a',
    began_at: at,
    fenced_at: at,
    promoted_at: at,
    written_at: secondsAfter(at, 2),
    heartbeat_at: at,
    fenced_by: 'read-only',
    timeline: 1,
    from_region: 'another',
    to_region: 'one',
  }
}

/** A situation in which all is well between two servers, to break one thing at a time. */
export function soundServers(now: Date): StandbySeen {
  const sites = { primary: 'a' as const, term: 1, standby: 'ready' as const, why: null, changes: [] }
  return {
    sites: { ...sites, pair: soundPair(now) },
    follower: null,
    changes: [soundChange(now)],
    limits: LIMITS,
    now,
  }
}

/** The same between two folders; only that it is one machine is wrong with it. */
export function soundFolders(now: Date): StandbySeen {
  const sites = { primary: 'a' as const, term: 1, standby: 'ready' as const, why: null, changes: [] }
  const own = { fenced_by: 'ended', timeline: null, from_region: null, to_region: null }
  return {
    sites,
    follower: { streaming: true, behindBytes: 0, seconds: 0 },
    changes: [{ ...soundChange(now), ...own }],
    limits: LIMITS,
    now,
  }
}

/** A broken situation is found when it fails and the reason is the one that was planted. */
function found(reason: string, seen: Observation): Observation {
  return seen.saw.includes(reason) ? seen : { ...seen, result: 'pass' }
}

type Broken = Readonly<Record<string, Observation>>

/** Ways to break one thing of two servers. */
function breaking(now: Date) {
  const well = soundServers(now)
  const pair = soundPair(now)
  const of = (broken: Partial<PairSight>): Observation =>
    canFailOver({ ...well, sites: well.sites && { ...well.sites, pair: { ...pair, ...broken } } })
  const standby = (broken: Partial<Server>): Observation => of({ b: pair.b && { ...pair.b, ...broken } })
  return { pair, of, standby }
}

/** Standbys that could not take over. */
function brokenStandbys(now: Date): Broken {
  const { pair, of, standby } = breaking(now)
  const late = secondsAfter(now, -LIMITS.lossSeconds - 1).toISOString()
  const newer = pair.a && { ...pair.a, timeline: 2 }
  const back = pair.b && { ...pair.b, standby: false, readOnly: false }
  const promoted = { standby: false, readOnly: false, timeline: 2 }
  const waiting = { streaming: false, behindBytes: 0, address: null }
  return {
    'a standby that is gone': found('the standby, site b, does not answer', of({ b: null })),
    'a primary that is gone': found('site a, does not answer', of({ a: null })),
    'another database': found('no copy of this database', standby({ system: '2' })),
    'two that take writes': found('takes writes itself', standby(promoted)),
    'an old primary that came back': found('came back', of({ timeline: 2, a: newer, b: back })),
    'a standby of an older time line': found('on timeline 1', of({ timeline: 2, a: newer })),
    'a standby that takes writes': found('would take writes', standby({ readOnly: false })),
    'one that receives nothing': found('does not receive the log', of({ link: null })),
    'one that does not stream': found('does not receive the log', of({ link: waiting })),
    'one further behind than may be lost': found('s behind, and', standby({ heartbeatAt: late })),
    'one without a heartbeat': found('no heartbeat', standby({ heartbeatAt: null })),
  }
}

/** Two servers that are no two places, or of which a lost one could not be replaced. */
function brokenPlaces(now: Date): Broken {
  const { pair, of, standby } = breaking(now)
  const a = pair.a && { ...pair.a, kernel: null }
  const b = pair.b && { ...pair.b, kernel: null }
  const tunnel = { streaming: true, behindBytes: 0, address: '127.0.0.1' }
  return {
    'one region for both': found('in the region one', of({ regions: { a: 'one', b: 'one' } })),
    'regions that nobody states': found('do not state the regions', of({ regions: { a: '', b: '' } })),
    'one kernel': found('on one machine', standby({ kernel: 'one' })),
    'one address': found('on one machine', of({ a, b: b && { ...b, address: '192.0.2.1' } })),
    'a log that never leaves the machine': found('on one machine', of({ a, b, link: tunnel })),
    'machines that nothing shows': found('nothing shows', of({ a: a && { ...a, address: null }, b })),
    'nothing to fence with': found('FENCE_COMMAND', of({ fence: false })),
  }
}

/** Rehearsals between two servers that count for nothing. */
function brokenChanges(now: Date): Broken {
  const well = soundServers(now)
  const sound = soundChange(now)
  const changed = (broken: Partial<ChangeRow>): Observation =>
    canFailOver({ ...well, changes: [{ ...sound, ...broken }] })
  const long = secondsAfter(now, -LIMITS.testSeconds - DAY)
  const slow = secondsAfter(sound.began_at, CHANGE_SECONDS_MAX + 1)
  const lost = secondsAfter(sound.began_at, -LIMITS.lossSeconds - 1)
  const old = { began_at: long, promoted_at: long, written_at: long }
  const never = 'was ever made'
  return {
    'a change that was never made': found(never, canFailOver({ ...well, changes: [] })),
    'a change of somebody else': found(never, changed({ fenced_by: 'somebody-else' })),
    'a change between other regions': found(never, changed({ from_region: 'third' })),
    'a change too long ago': found('days ago', changed(old)),
    'a change that took too long': found('until the first write', changed({ written_at: slow })),
    'a change that lost nobody knows what': found(
      'no heartbeat tells',
      changed({ kind: 'failover', heartbeat_at: null }),
    ),
    'a change that lost too much': found('may have lost', changed({ kind: 'failover', heartbeat_at: lost })),
  }
}

/** Everything that must be found with two servers, each beside a situation that is well otherwise. */
export function brokenServers(now: Date): Broken {
  return { ...brokenStandbys(now), ...brokenPlaces(now), ...brokenChanges(now) }
}

/** Everything that must be found with two folders, beside that they are on one machine. */
export function brokenFolders(now: Date): Broken {
  const well = soundFolders(now)
  const far = { streaming: true, behindBytes: 1, seconds: BEHIND_SECONDS_MAX + 1 }
  return {
    'no standby': found('no second database', canFailOver({ ...well, sites: null })),
    'an embedded one that receives nothing': found(
      'does not receive the log',
      canFailOver({ ...well, follower: null }),
    ),
    'an embedded one that is far behind': found('s behind', canFailOver({ ...well, follower: far })),
    'one machine': found('stands in for two regions', canFailOver(well)),
  }
}
