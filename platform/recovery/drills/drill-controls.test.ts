import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { testDatabase, type TestDatabase } from '#database'
import { openAudit } from '../../audit/index.ts'
import { openDatabase, type Database } from '../../db/index.ts'
import { openKeyring, type Keyring } from '../../encryption/index.ts'
import { DAY, fakeClock, HOUR, secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { policyWith } from '../../kernel/parameter.ts'
import { Problem } from '../../kernel/problem.ts'
import { recoveryEvents } from '../events.ts'
import { drillControls } from './controls.ts'
import { beginDrill, drillNow, DRILLER, endBrokenOff, type DrillHouse } from './drills.ts'
import { dueDrill, gameDayDueAt, nextType, signGameDay } from './game-days.ts'
import { POINTS } from './points.ts'
import { dropDrills, newestDrills } from './queries.ts'
import type { DrillReport } from './report.ts'

const [recoveryInTime, recoveryTested] = drillControls

suite('drills of the running system', () => {
  let database: TestDatabase
  let db: Database
  let keyring: Keyring
  let report: (() => DrillReport) | null = null
  const clock = fakeClock(new Date('2030-01-01T00:00:00Z'))
  const policy = policyWith({ 'recovery.time': 4 * HOUR, 'recovery.point': HOUR, 'recovery.test': 92 * DAY })
  const audit = openAudit({
    clock,
    keys: { sealText: () => Promise.reject(new Error('these events are open')) },
    catalogues: [recoveryEvents],
  })
  const orders: unknown[] = []
  const house = (): DrillHouse => ({
    db,
    clock,
    policy,
    audit,
    keyring,
    program: {
      run: async <Result>(order: unknown) => {
        orders.push(order)
        if (report === null) throw new Problem('recovery.no-key', 'There is no recovery identity here.')
        return report() as Result
      },
    },
    list: async () => [{ name: '20300101T000000Z-full', kind: 'full' }],
    regions: async () => ['region-a', 'region-b'],
    uptimeSeconds: () => HOUR,
  })
  const sound = (): DrillReport => ({
    passed: true,
    says: 'all is well',
    chain: [],
    points: Object.entries(POINTS).map(([number, name]) => ({
      number: Number(number),
      name,
      result: 'passed',
      says: 'seen',
      seconds: 1,
    })),
    figures: {
      servingSeconds: 12,
      servingSecondsIn90Days: 24,
      lostSeconds: 5,
      failoverSeconds: 1,
      bytes: 1,
      bytesIn90Days: 2,
      tables: 1,
      rows: 1,
      ledgerEntries: 1,
    },
    rootUses: [],
  })
  const asked = { type: 'restore', reason: 'asked', actor: DRILLER } as const

  before(async () => {
    database = await testDatabase()
    db = openDatabase(database.url, () => {})
    keyring = openKeyring(database.url, () => {})
  })
  after(async () => {
    await db.destroy()
    await keyring.destroy()
    await database.drop()
  })

  test('policy 6.2-c: a drill that could not run is red, with every point of it', async () => {
    report = null
    const done = await drillNow(house(), asked)
    assert.equal(done.passed, false)
    assert.deepEqual([...new Set(done.points.map(({ result }) => result))], ['could-not-run', 'failed'])
    const seen = await recoveryTested?.check({ db, clock, policy })
    assert.equal(seen?.result, 'fail')
    assert.match(seen?.saw ?? '', /recovery identity/)
    await dropDrills(db)
  })

  test('policy 6.2-a, 6.2-c: the first drill that passed counts until the first interval is over', async () => {
    report = sound
    assert.ok((await drillNow(house(), asked)).passed)
    const time = await recoveryInTime?.check({ db, clock, policy })
    assert.equal(time?.result, 'pass', time?.saw)
    const tested = await recoveryTested?.check({ db, clock, policy })
    assert.equal(tested?.result, 'pass', tested?.saw)
    assert.match(tested?.saw ?? '', /first interval .* is not over/)
  })

  test('policy 6.2-c: each drill reads keys from another region', async () => {
    orders.length = 0
    await drillNow(house(), asked)
    await drillNow(house(), asked)
    assert.deepEqual(
      new Set(orders.map((order) => (order as { from: string }).from)),
      new Set(['region-a', 'region-b']),
    )
  })

  test('policy 6.2-c: two drills never run at once, and one that was broken off is red', async () => {
    clock.advanceSeconds(60)
    const begun = await beginDrill(house(), asked)
    await assert.rejects(beginDrill(house(), asked), { code: 'resource.conflict' })
    await endBrokenOff(house())
    assert.equal((await newestDrills(db, 1))[0]?.state, 'running')
    clock.advanceSeconds(2 * HOUR)
    await endBrokenOff(house())
    const row = (await newestDrills(db, 20)).find(({ id }) => id === begun.id)
    assert.equal(row?.state, 'failed')
  })

  test('policy 6.2-c: a game day is opened two weeks before its interval ends and counts when two people signed it', async () => {
    clock.advanceSeconds(79 * DAY)
    const due = await dueDrill(house())
    assert.deepEqual(due, { type: 'restore', reason: 'game-day' })
    const { id } = await drillNow(house(), { type: 'restore', reason: 'game-day', actor: DRILLER })
    assert.ok((await gameDayDueAt(house())) > secondsAfter(clock.now(), 77 * DAY))
    assert.equal(await nextType(house()), 'region-loss')
    clock.advanceSeconds(13.5 * DAY)
    await drillNow(house(), asked)
    const before = await recoveryTested?.check({ db, clock, policy })
    assert.match(before?.saw ?? '', /signed by 0 of 2/)
    const sign = (account: string): Promise<void> =>
      signGameDay(
        house(),
        { drill: id, account, gaps: ['runbook-unclear'], reference: 'CASE-1' },
        { kind: 'account', id: account },
      )
    const [one, other] = [newId(clock), newId(clock)]
    await sign(one)
    await assert.rejects(sign(one), { code: 'resource.conflict' })
    const half = await recoveryTested?.check({ db, clock, policy })
    assert.match(half?.saw ?? '', /signed by 1 of 2/)
    await sign(other)
    const after_ = await recoveryTested?.check({ db, clock, policy })
    assert.equal(after_?.result, 'pass', after_?.saw)
    await assert.rejects(
      signGameDay(house(), { drill: newId(clock), account: one, gaps: [], reference: null }, DRILLER),
      { code: 'resource.unknown' },
    )
    clock.advanceSeconds(92 * DAY)
    await assert.rejects(sign(newId(clock)), { code: 'resource.conflict' })
  })

  for (const one of drillControls)
    test(`policy ${one.clauses.join()}: the known-bad run finds every break and leaves nothing`, async () => {
      const rows = (await newestDrills(db, 100)).length
      const seen = await one.knownBad({ db, clock, policy })
      assert.equal(seen.result, 'fail', seen.saw)
      assert.equal(seen.metrics['missed'], 0)
      assert.equal((await newestDrills(db, 100)).length, rows)
    })
})
