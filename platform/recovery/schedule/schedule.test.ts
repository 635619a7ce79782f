import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { testDatabase, type TestDatabase } from '#database'
import { parseLsn } from '#backup'
import { openDatabase, type Database } from '../../db/index.ts'
import { DAY, fakeClock, HOUR, MINUTE, secondsAfter } from '../../kernel/clock.ts'
import type { AuditEvent } from '../../kernel/event.ts'
import { newId } from '../../kernel/id.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { driverRig, type DriverRig } from '../replication/driver-rig.fixture.ts'
import { openParentManifests, type RunningWal } from '../replication/index.ts'
import { backupIsYoung, incrementsAreYoung, pointIsKept, type ScheduleSystem } from './controls.ts'
import { addLags, beat, endPauses, insertPause, newestRuns } from './queries.ts'
import { makeBackupNow, makeDueBackup, type ScheduleParts } from './run-backup.ts'
import { join } from 'node:path'

suite('the schedule of backups', () => {
  const clock = fakeClock(new Date())
  const policy = policyWith({ 'backup.interval': DAY, 'backup.incremental': HOUR, 'recovery.point': HOUR })
  const events: AuditEvent[] = []
  const audit = { record: async (_within: unknown, event: AuditEvent) => void events.push(event) }
  const operator = { kind: 'operator', id: 'test' } as const
  let database: TestDatabase
  let db: Database
  let rig: DriverRig
  let wal: RunningWal
  let parts: ScheduleParts
  let system: ScheduleSystem

  before(async () => {
    database = await testDatabase()
    db = openDatabase(database.url, () => {})
    rig = await driverRig()
    wal = await rig.driver.startWal()
    const manifests = openParentManifests(join(rig.cluster.folder, 'manifests'))
    parts = {
      db,
      databaseUrl: database.url,
      clock,
      policy,
      audit,
      driver: rig.driver,
      canFollow: async (name) => (await manifests.read(name)) !== null,
      logStored: (lsn) => wal.reached(parseLsn(lsn), 10),
    }
    const { driver, house } = rig
    const backups = {
      house: async () => house,
      capabilities: driver.capabilities,
      lag: driver.lag,
      why: () => null,
    }
    system = { db, clock, policy, backups }
  })
  after(async () => {
    await wal.stop()
    await rig.close()
    await db.destroy()
    await database.drop()
  })

  test('policy 6.1-a, 6.1-b: without a backup nothing is proven, then a full one is made and increments follow in time', async () => {
    for (const one of [backupIsYoung, incrementsAreYoung]) {
      assert.equal((await one.check(system)).result, 'fail')
      await assert.rejects(one.knownBad(system), Problem, 'a run that broke nothing finds nothing')
    }
    assert.equal((await makeDueBackup(parts))?.kind, 'full')
    assert.equal(await makeDueBackup(parts), null)
    clock.advanceSeconds(57 * MINUTE)
    await pause(1001)
    // Two processes look at the same moment.
    const both = await Promise.all([makeDueBackup(parts), makeDueBackup(parts)])
    assert.deepEqual(new Set(both.map((one) => one?.kind ?? null)), new Set(['incremental', null]))
    for (const one of [backupIsYoung, incrementsAreYoung, pointIsKept]) {
      const seen = await one.check(system)
      assert.equal(seen.result, 'pass', seen.saw)
      assert.equal((await one.knownBad(system)).result, 'fail', `${one.id} must find what is broken`)
    }
    assert.match((await incrementsAreYoung.check(system)).saw, /its chain of 2 from the full one on is whole/)
    assert.deepEqual(
      events.map(({ type }) => type),
      ['backup.made', 'backup.made'],
    )
  })

  test('a pause holds the schedule up until it ends, and says so in the check; a backup can be made all the same', async () => {
    clock.advanceSeconds(2 * HOUR)
    const made_at = clock.now()
    const row = { id: newId(clock), reason: 'load', made_by_kind: 'account', made_by_id: 'sample' }
    await insertPause(db, { ...row, made_at, ends_at: secondsAfter(made_at, HOUR) })
    assert.equal(await makeDueBackup(parts), null)
    assert.match((await backupIsYoung.check(system)).saw, /the schedule is paused until .* \(load\)/)
    assert.equal((await incrementsAreYoung.check(system)).result, 'fail', 'a pause excuses nothing')
    await pause(1001)
    assert.equal((await makeBackupNow(parts, null, operator)).kind, 'incremental')
    clock.advanceSeconds(HOUR + 1)
    await pause(1001)
    assert.equal((await makeDueBackup(parts))?.kind, 'incremental', 'it ended by itself')
    assert.equal(await endPauses(db, { at: clock.now(), ...operator }), 0)
  })

  test('a backup that fails is noted with its reason, and one whose process was killed is noted by the next', async () => {
    const failing = {
      ...parts,
      driver: { ...rig.driver, full: () => Promise.reject(new Problem('recovery.unavailable', 'x')) },
    }
    clock.advanceSeconds(1)
    await assert.rejects(makeBackupNow(failing, 'full', operator), Problem)
    const [failed] = await newestRuns(db, 1)
    assert.deepEqual([failed?.state, failed?.code], ['failed', 'recovery.unavailable'])
    assert.equal(events.at(-1)?.type, 'backup.failed')
    const stuck = { ...parts, logStored: async () => false }
    await pause(1001)
    await assert.rejects(makeBackupNow(stuck, 'full', operator), /could not be stored/)
    const at = clock.now()
    const orphan = { id: newId(clock), kind: 'full', asked_by_kind: 'system', asked_by_id: 'recovery' }
    await db
      .insertInto('backup_run')
      .values({ ...orphan, started_at: secondsAfter(at, -10), heard_at: at, state: 'running' })
      .execute()
    await pause(1001)
    await makeBackupNow(parts, 'full', operator)
    const runs = await newestRuns(db, 10)
    assert.equal(runs.find(({ id }) => id === orphan.id)?.code, 'cut-off')
  })

  test('policy 6.2-b: an hour in which no region was near enough is remembered for 30 days', async () => {
    await beat(db, clock.now())
    await beat(db, secondsAfter(clock.now(), 5))
    assert.equal((await db.selectFrom('heartbeat').selectAll().execute()).length, 1)
    const hour = new Date(Math.floor(clock.now().getTime() / 3_600_000) * 3_600_000)
    const lags = (one: number, two: number) => [
      { region: 'region-a', seconds: one },
      { region: 'region-b', seconds: two },
    ]
    await addLags(db, hour, lags(3, 9000))
    assert.equal((await pointIsKept.check(system)).result, 'pass', 'one region was near')
    await addLags(db, hour, lags(4000, 2))
    const seen = await pointIsKept.check(system)
    assert.match(seen.saw, /up to 4000 s would have been lost/)
    clock.advanceSeconds(31 * DAY)
    assert.doesNotMatch((await pointIsKept.check(system)).saw, /up to 4000 s/)
  })
})
