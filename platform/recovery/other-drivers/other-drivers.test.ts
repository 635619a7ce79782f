import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DAY, fakeClock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { openPgBackRestDriver, openRdsDriver } from './index.ts'
import { readInfo } from './pgbackrest-info.ts'

/** Recorded from the documentation of `pgbackrest info --output=json`, not from the program. */
const backup = (label: string, type: string, prior: string | null, start: number) => ({
  label,
  type,
  prior,
  error: false,
  timestamp: { start, stop: start + 60 },
  lsn: { start: '0/2000028', stop: '0/2000138' },
  archive: { start: '000000010000000000000002', stop: '000000010000000000000002' },
  database: { id: 1, 'repo-key': 1 },
  info: { delta: 100, size: 100, repository: { delta: 40, size: 40 } },
})
const FULL = '20260130-120000F'
const MORE = `${FULL}_20260130-130000I`
const START = Date.UTC(2026, 0, 30, 12) / 1000
const INFO = [
  {
    name: 'main',
    status: { code: 0, message: 'ok', lock: { backup: { held: false } } },
    archive: [
      { id: '18-1', min: '000000010000000000000001', max: '000000010000000000000009', database: { id: 1 } },
    ],
    backup: [backup(FULL, 'full', null, START), backup(MORE, 'incr', FULL, START + 3600)],
    repo: [{ key: 1, cipher: 'none', status: { code: 0, message: 'ok' } }],
    db: [],
  },
]

test('pgBackRest is told what to do, and its list is read', async () => {
  const ran: string[][] = []
  const driver = openPgBackRestDriver({
    stanza: 'main',
    run: async (args) => {
      ran.push(args.filter((one) => !one.startsWith('--stanza') && !one.startsWith('--log')))
      return args.includes('info') ? JSON.stringify(INFO) : ''
    },
  })
  assert.equal((await driver.full()).name, MORE)
  const [first] = await driver.list()
  assert.deepEqual(
    [first?.kind, first?.startedAt, first?.bytes, first?.timeline, first?.regions],
    ['full', '2026-01-30T12:00:00.000Z', 40, 1, ['repo1']],
  )
  const restored = await driver.restore({
    target: { at: new Date('2026-01-30T14:00:00Z') },
    into: '/new',
    region: 'repo1',
  })
  assert.deepEqual(restored.chain, [FULL, MORE])
  await driver.verify(MORE)
  assert.deepEqual(await driver.expire(new Date()), [])
  assert.ok((await driver.capabilities()).limits.some((one) => /Repository 1 is not encrypted/.test(one)))
  assert.deepEqual(
    ran.filter((args) => !args.includes('info')),
    [
      ['--type=full', 'backup'],
      [
        '--pg1-path=/new',
        '--repo=1',
        '--type=time',
        '--target=2026-01-30 14:00:00.000+00',
        '--target-action=promote',
        'restore',
      ],
      [`--set=${MORE}`, 'verify'],
      ['expire'],
    ],
  )
})

test('whatever pgBackRest answers, it is a list or refused by name', () => {
  const refused = (error: unknown): boolean =>
    error instanceof Problem && error.code === 'recovery.unreadable'
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      assert.throws(() => readInfo(text, 'main'), refused)
    }),
  )
  const ill = INFO.map((one) => ({ ...one, status: { code: 2, message: 'no valid backups' } }))
  assert.throws(() => readInfo(JSON.stringify(ill), 'main'), refused)
  assert.throws(() => readInfo(JSON.stringify(INFO), 'another'), refused)
})

test('RDS is asked for snapshots and restores to a moment, and only our snapshots end', async () => {
  const clock = fakeClock()
  const asked: [string, object][] = []
  const at = clock.now()
  const one = {
    DBSnapshotIdentifier: 'surety-main-20260130120000',
    DBInstanceIdentifier: 'main',
    AllocatedStorage: 20,
  }
  const old = {
    ...one,
    DBSnapshotIdentifier: 'surety-main-20251001120000',
    Status: 'available',
    SnapshotCreateTime: new Date('2025-10-01T12:00:00Z'),
  }
  const theirs = { ...old, DBSnapshotIdentifier: 'before-the-upgrade' }
  const answers: Readonly<Record<string, (parameters: object) => unknown>> = {
    CreateDBSnapshot: () => ({ DBSnapshot: { ...one, Status: 'creating', PercentProgress: 50 } }),
    DescribeDBSnapshots: (parameters) =>
      'DBSnapshotIdentifier' in parameters
        ? { DBSnapshots: [{ ...one, Status: 'available', SnapshotCreateTime: at }] }
        : 'Marker' in parameters
          ? { DBSnapshots: [theirs] }
          : { DBSnapshots: [old], Marker: 'next' },
    DescribeDBInstances: () => ({
      DBInstances: [{ DBInstanceIdentifier: 'main', LatestRestorableTime: new Date(at.getTime() - 300_000) }],
    }),
    RestoreDBInstanceToPointInTime: () => ({ DBInstance: {} }),
    DeleteDBSnapshot: () => ({}),
  }
  const driver = openRdsDriver({
    instance: 'main',
    region: 'eu-central-1',
    clock,
    keepSeconds: () => 90 * DAY,
    pause: async () => {},
    send: async (action, parameters) => {
      asked.push([action, parameters])
      return answers[action]?.(parameters)
    },
  })
  const told: number[] = []
  const made = await driver.full(({ doneBytes }) => void told.push(doneBytes / 2 ** 30))
  assert.deepEqual([made.name, told], [one.DBSnapshotIdentifier, [10]])
  assert.equal((await driver.lag())[0]?.seconds, 300)
  await driver.restore({ target: { at: 'latest' }, into: 'sandbox-1' })
  assert.deepEqual(asked.find(([action]) => action.startsWith('Restore'))?.[1], {
    SourceDBInstanceIdentifier: 'main',
    TargetDBInstanceIdentifier: 'sandbox-1',
    UseLatestRestorableTime: true,
  })
  await assert.rejects(driver.restore({ target: { at: 'latest' }, into: '/some/Where' }), Problem)
  await assert.rejects(
    driver.incremental('x'),
    (error) => error instanceof Problem && error.code === 'recovery.unsupported',
  )
  assert.deepEqual(await driver.expire(clock.now()), [old.DBSnapshotIdentifier])
})
