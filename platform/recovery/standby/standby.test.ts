import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { testDatabase, type TestDatabase } from '#database'
import { openDatabase, type Database } from '../../db/index.ts'
import { DAY, fakeClock, HOUR, secondsAfter } from '../../kernel/clock.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { behindSeconds, drainedFaults, secondsLost } from '../../kernel/server-pair.ts'
import { brokenFolders, brokenServers, soundFolders, soundPair, soundServers } from './broken-pairs.ts'
import { changeView, noteChange, type Sites } from './changes.ts'
import { failoverReady, type StandbySystem } from './failover-control.ts'
import { canFailOver } from './judge.ts'
import { newestChanges } from './queries.ts'

const clock = fakeClock(new Date('2030-01-01T00:00:00Z'))

suite('changes to the standby', () => {
  let database: TestDatabase
  let db: Database
  const events: AuditEvent[] = []
  const audit = {
    record: async (_within: Database, event: AuditEvent) => {
      events.push(event)
    },
  }
  before(async () => {
    database = await testDatabase()
    db = openDatabase(database.url, () => {})
  })
  after(async () => {
    await db.destroy()
    await database.drop()
  })

  const change = (kind: 'failover' | 'switchover') => ({
    kind,
    from: 'a' as const,
    to: 'b' as const,
    beganAt: clock.now(),
    fencedAt: secondsAfter(clock.now(), 1),
    promotedAt: secondsAfter(clock.now(), 2),
  })
  const ready: Sites = { primary: 'b', term: 1, standby: 'ready', why: null, changes: [] }
  const system = (sites: Sites | null): StandbySystem => ({
    db,
    clock,
    sites: () => Promise.resolve(sites),
    policy: policyWith({ 'recovery.point': HOUR, 'recovery.test': 92 * DAY }),
  })

  test('policy 6.2-d: a change is noted once, with its event, by the first write after it', async () => {
    const told = change('failover')
    clock.advanceSeconds(3)
    await noteChange({ db, clock, audit }, told)
    clock.advanceSeconds(10)
    await noteChange({ db, clock, audit }, told)
    const all = await newestChanges(db, 10)
    assert.equal(all.length, 1)
    assert.deepEqual(
      all.map(changeView).map(({ kind, seconds }) => ({ kind, seconds })),
      [{ kind: 'failover', seconds: 3 }],
    )
    assert.deepEqual(
      events.map(({ type }) => type),
      ['recovery.failed-over'],
    )
  })

  test('policy 6.2-d: without a second database the check fails and says so', async () => {
    const seen = await failoverReady.check(system(null))
    assert.equal(seen.result, 'fail')
    assert.match(seen.saw, /no second database/)
  })

  test('policy 6.2-d: a standby that receives no log makes the check fail', async () => {
    const seen = await failoverReady.check(system(ready))
    assert.equal(seen.result, 'fail')
    assert.match(seen.saw, /does not receive the log/)
  })

  test('policy 6.2-d: a standby that is being made is not ready', async () => {
    const seen = await failoverReady.check(system({ ...ready, standby: 'failed', why: 'the disk is full' }))
    assert.match(seen.saw, /not ready: the disk is full/)
  })

  test('policy 6.2-d: the known-bad run finds every break', async () => {
    const seen = await failoverReady.knownBad(system(ready))
    assert.equal(seen.result, 'fail', seen.saw)
    assert.equal(seen.metrics['missed'], 0)
  })

  test('policy 6.2-d: two servers in two regions of which all is well are proven, and every break of them is told by its reason', () => {
    const now = clock.now()
    const well = canFailOver(soundServers(now))
    assert.equal(well.result, 'pass', well.saw)
    assert.match(well.saw, /one and another as the operator states, they run on different kernels/)
    const broken = { ...brokenServers(now), ...brokenFolders(now) }
    assert.deepEqual(
      Object.entries(broken).filter(([, { result }]) => result !== 'fail'),
      [],
    )
    assert.equal(canFailOver(soundFolders(now)).result, 'fail', 'one machine is never two regions')
  })

  test('policy 6.2-d: a change between two servers is noted with its regions, its fence and its loss', async () => {
    const told = {
      ...change('failover'),
      fencedBy: 'command' as const,
      timeline: 3,
      fromRegion: 'sample-north',
      toRegion: 'sample-south',
      heartbeatAt: secondsAfter(clock.now(), -4),
    }
    clock.advanceSeconds(2)
    await noteChange({ db, clock, audit }, told)
    const [row] = await newestChanges(db, 1)
    assert.ok(row)
    const { fencedBy, timeline, fromRegion, toRegion, lostSecondsMax } = changeView(row)
    assert.deepEqual(
      [fencedBy, timeline, fromRegion, toRegion],
      ['command', 3, 'sample-north', 'sample-south'],
    )
    assert.equal(lostSecondsMax, 5)
    assert.deepEqual(events.at(-1)?.details, {
      from: 'a',
      to: 'b',
      seconds: 2,
      fencedBy: 'command',
      lostSecondsMax: 5,
      timeline: 3,
    })
  })

  test('policy 6.2-d: a clock that was put back makes what is behind and what was lost unknown, never nothing', () => {
    const [now, later] = [clock.now(), secondsAfter(clock.now(), HOUR)]
    assert.equal(secondsLost(later, now), null)
    assert.equal(secondsLost(secondsAfter(now, -5), now), 5)
    const pair = soundPair(now)
    const ahead = { ...pair, b: pair.b && { ...pair.b, heartbeatAt: later.toISOString() } }
    assert.equal(behindSeconds(ahead), null)
    const sites = { primary: 'a' as const, term: 1, standby: 'ready' as const, why: null, changes: [] }
    const seen = canFailOver({ ...soundServers(now), sites: { ...sites, pair: ahead } })
    assert.match(seen.saw, /no heartbeat tells how far the standby is behind/)
    const back = { heartbeat_at: later, kind: 'failover' }
    const [sound] = soundServers(now).changes
    assert.ok(sound)
    const changed = canFailOver({ ...soundServers(now), changes: [{ ...sound, ...back }] })
    assert.match(changed.saw, /no heartbeat tells what the last change lost/)
  })

  test('policy 6.2-d: a standby that replayed as far as a server at rest but shows another moment is no copy of it', () => {
    const pair = soundPair(clock.now())
    assert.deepEqual(drainedFaults(pair), [])
    const other = {
      ...pair,
      b: pair.b && { ...pair.b, heartbeatAt: secondsAfter(clock.now(), -1).toISOString() },
    }
    assert.match(drainedFaults(other).join(), /follows something else/)
  })

  test('policy 6.2-d: what the known-bad run plants is gone afterwards', async () => {
    const before = await newestChanges(db, 10)
    await failoverReady.knownBad(system(ready))
    assert.deepEqual(await newestChanges(db, 10), before)
  })
})
