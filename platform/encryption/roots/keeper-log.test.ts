import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { testDatabase, type TestDatabase } from '#database'
import { fakeClock, secondsAfter, type FakeClock } from '../../kernel/clock.ts'
import { openKeyring, type Keyring } from '../keyring/database.ts'
import { cloudTrailLog } from './cloud-trail.ts'
import { KeeperError } from './keeper.ts'
import type { FollowedLog, LogPart } from './keeper-log.ts'
import { insertRootUse } from './queries.ts'
import { compareLogs, newAlarms, readKeeperLogs } from './reconcile.ts'
import { UNANSWERED, type RootUse } from './root.ts'
import { decryptRecord, trailServer, type TrailServer } from './trail-server.fixture.ts'

suite('what a keeper logged and what is registered here', () => {
  let database: TestDatabase
  let keyring: Keyring
  let trail: TrailServer
  let clock: FakeClock
  let named: string
  let count = 0

  before(async () => {
    database = await testDatabase()
    keyring = openKeyring(database.url, () => {})
    trail = await trailServer()
  })
  after(async () => {
    await keyring.destroy()
    await database.drop()
    await trail.close()
  })
  beforeEach(() => {
    clock = fakeClock()
    trail.records.length = 0
    // Another root key for each test.
    named = `aws-kms:test-${(count += 1)}`
  })

  const follow = (read?: FollowedLog['log']['read']): readonly FollowedLog[] => {
    const settings = { arn: trail.arn, region: 'eu-central-1', accessKeyId: 'a', secretAccessKey: 'b' }
    const log = cloudTrailLog(
      { ...settings, apiUrl: trail.address },
      { pagesMax: 100, spanPagesMax: 10, pauseMs: 0 },
    )
    return [{ named, fingerprint: `print of ${named}`, log: read === undefined ? log : { ...log, read } }]
  }
  const use = async (request: string, action: RootUse['action'] = 'unwrap'): Promise<void> =>
    insertRootUse(keyring, named, {
      action,
      request: `${named}:${request.replaceAll(' ', '-')}`,
      at: clock.now(),
    })
  const logged = (request: string, at = clock.now()): void =>
    void trail.records.push(decryptRecord(trail.arn, at, `${named}:${request.replaceAll(' ', '-')}`))
  const minutes = (much: number): void => clock.advanceSeconds(60 * much)
  const found = async (logs = follow()) => {
    await readKeeperLogs({ keyring, clock }, logs)
    const { compared, unexplained, missing, notYet, problems } = await compareLogs(
      keyring,
      { without: null, logs },
      clock.now(),
    )
    return { compared, unexplained, missing, notYet, problems }
  }
  const CLEAN = { compared: 0, unexplained: 0, missing: 0, notYet: 0, problems: [] }

  test('policy 2.3-b: an entry that comes late is not there yet, and neither fine nor an alarm', async () => {
    await use('r-1')
    minutes(5)
    assert.deepEqual(await found(), { ...CLEAN, notYet: 1 })
    minutes(9)
    logged('r-1', secondsAfter(clock.now(), -14 * 60))
    assert.deepEqual(await found(), { ...CLEAN, compared: 1 })
  })

  test('policy 2.3-b: a use whose entry never comes is an alarm, until it comes after all', async () => {
    await use('r-1')
    const at = clock.now()
    minutes(17)
    assert.deepEqual(await found(), { ...CLEAN, missing: 1 })
    minutes(300)
    assert.deepEqual(await found(), { ...CLEAN, missing: 1 })
    logged('r-1', at)
    assert.deepEqual(await found(), { ...CLEAN, compared: 1 })
  })

  test('policy 2.3-b: a use that nobody here made is an alarm once it is settled, told once, and stays one', async () => {
    await use('r-1')
    logged('r-1')
    minutes(5)
    logged('stranger')
    minutes(10)
    assert.deepEqual(await found(), { ...CLEAN, compared: 1 })
    minutes(25)
    assert.deepEqual(await found(), { ...CLEAN, compared: 1, unexplained: 1 })
    const alarms = await newAlarms(keyring, follow(), clock.now())
    assert.deepEqual(
      alarms.map((one) => one.found.unexplained),
      [1],
    )
    assert.deepEqual(await newAlarms(keyring, follow(), clock.now()), [])
    minutes(60 * 24 * 20)
    assert.equal((await found()).unexplained, 1)
  })

  test('a use that is registered after its entry was read, as those of a drill are, is no alarm', async () => {
    await use('r-1')
    logged('r-1')
    minutes(5)
    logged('of a drill')
    const at = clock.now()
    minutes(20)
    await found()
    await insertRootUse(keyring, named, { action: 'unwrap', request: `${named}:of-a-drill`, at })
    minutes(20)
    assert.deepEqual(await found(), { ...CLEAN, compared: 2 })
  })

  test('a call that got no answer explains one entry of its kind and time, and no more', async () => {
    await use('r-1')
    logged('r-1')
    minutes(5)
    await insertRootUse(keyring, named, {
      action: 'unwrap',
      request: `${UNANSWERED}x${count}`,
      at: clock.now(),
    })
    logged('served all the same')
    minutes(60)
    assert.deepEqual(await found(), { ...CLEAN, compared: 1 })
    logged('another', secondsAfter(clock.now(), -60 * 60))
    assert.equal((await found()).unexplained, 1)
  })

  test('a call that got no answer explains no entry of another kind or time', async () => {
    await use('r-1')
    logged('r-1')
    for (const [action, after] of [
      ['wrap', 0],
      ['unwrap', 5],
    ] as const) {
      minutes(5)
      const request = `${UNANSWERED}${action}${count}`
      await insertRootUse(keyring, named, { action, request, at: clock.now() })
      minutes(after)
      logged(`not of ${action}`)
    }
    minutes(60)
    assert.equal((await found()).unexplained, 2)
  })

  test('entries from before the first use that is registered here are none of ours', async () => {
    logged('before', secondsAfter(clock.now(), -3600))
    await use('r-1')
    logged('r-1')
    minutes(60)
    assert.deepEqual(await found(), { ...CLEAN, compared: 1 })
  })

  test('policy 2.3-b: a log that cannot be read is told, and what nobody read is not taken for missing', async () => {
    const away = follow(() => Promise.reject(new KeeperError('denied', 'No right to read it.')))
    await use('r-1')
    logged('r-1')
    minutes(60)
    assert.deepEqual(await found(away), { ...CLEAN, notYet: 1, problems: ['No right to read it.'] })
    minutes(120)
    assert.match((await found(away)).problems.join(), /was not read for hours/)
    assert.deepEqual(await found(), { ...CLEAN, compared: 1 })
    minutes(200)
    assert.match((await found(away)).problems.join(), /not read for hours,No right/)
  })

  const partOf = (requests: readonly string[], at: Date, to = clock.now()): LogPart => {
    const uses = requests.map((request) => ({
      at,
      operation: 'Decrypt',
      request,
      caller: null,
      context: null,
    }))
    return { uses, position: 'p', from: secondsAfter(clock.now(), -60), to, lost: null }
  }

  test('policy 2.3-b: uses from the future or from before time began hide nothing, and stop no reading', async () => {
    await use('r-1')
    minutes(1)
    const times = ['2099-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '0000-01-01T00:00:00Z']
    for (const [index, time] of times.entries())
      await found(follow(async () => partOf([`${named}:${index}`], new Date(time))))
    const ahead = follow(async () => ({ ...partOf([], clock.now()), to: new Date('2099-01-01T00:00:00Z') }))
    await found(ahead)
    minutes(40)
    assert.equal((await found(ahead)).unexplained, 2)
  })

  test('policy 2.3-b: a log that begins in the future is compared from now on', async () => {
    await use('r-1')
    const later = new Date('2099-01-01T00:00:00Z')
    await found(follow(async () => ({ ...partOf([], clock.now()), from: later })))
    minutes(1)
    await found(follow(async () => partOf([`${named}:stranger`], clock.now())))
    minutes(40)
    assert.equal((await found(follow(async () => partOf([], clock.now())))).unexplained, 1)
  })

  test('policy 2.3-b: more strangers than one statement takes are all kept, whatever their numbers look like', async () => {
    await use('r-1')
    minutes(1)
    const many = Array.from({ length: 12_000 }, (_, index) => `${named}:${index}`)
    const odd = ['\u0000', '\ud800', 'x'.repeat(5000), `${'x'.repeat(5000)}y`, "'; drop"].map(
      (one) => named + one,
    )
    await found(follow(async () => partOf([...many, ...odd], clock.now())))
    minutes(40)
    const quiet = follow(async () => partOf([], clock.now()))
    assert.equal((await found(quiet)).unexplained, many.length + odd.length)
  })

  test('policy 2.3-b: whoever fills a log faster than it is read cannot hide in what is not read yet', async () => {
    await use('r-1')
    const began = clock.now()
    const slow = follow(async () => partOf([], began, secondsAfter(began, 60)))
    minutes(60)
    assert.deepEqual((await found(slow)).problems, [])
    minutes(120)
    assert.match((await found(slow)).problems.join(), /it grows faster than it is read/)
  })

  test('a part of a log that is lost is told for as long as uses are compared', async () => {
    const part = (lost: string | null): LogPart => {
      const now = clock.now()
      return { uses: [], position: 'p', from: now, to: now, lost }
    }
    assert.deepEqual((await found(follow(async () => part('a file is gone')))).problems, ['a file is gone'])
    minutes(60)
    const whole = follow(async () => part(null))
    assert.match((await found(whole)).problems.join(), /was lost before/)
    minutes(60 * 24 * 31)
    assert.deepEqual((await found(whole)).problems, [])
  })
})
