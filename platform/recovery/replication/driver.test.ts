import assert from 'node:assert/strict'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { formatLsn, parseLsn } from '#backup'
import { DAY, systemClock } from '../../kernel/clock.ts'
import { Problem } from '../../kernel/problem.ts'
import { openBackupRepository, type RepositoryHouse } from '../open-repository.ts'
import { testCluster, type TestCluster } from './cluster.fixture.ts'
import { factsOf, openParentManifests, openReplicationDriver, type ReplicationDriver } from './index.ts'

suite('the driver over the replication protocol', () => {
  let cluster: TestCluster
  let house: RepositoryHouse
  let driver: ReplicationDriver
  const troubles: unknown[] = []
  const never = () => Promise.reject(new Error('not asked here'))

  before(async () => {
    cluster = await testCluster()
    const settings = {
      SURETY_BACKUPS: join(cluster.folder, 'backups'),
      SURETY_VAR: join(cluster.folder, 'var'),
      BACKUP_STORES: '',
      BACKUP_RESIDENCY: [],
    }
    const keyFolders = {
      keysFolder: join(cluster.folder, 'keys'),
      recoveryFolder: join(cluster.folder, 'recovery-keys'),
      escrow: [],
      clock: systemClock,
    }
    const { system } = await factsOf(cluster.url)
    const parts = { stores: settings, keyFolders, clock: systemClock, keepSeconds: () => 90 * DAY }
    house = await openBackupRepository(parts, system, { reading: true })
    driver = openReplicationDriver({
      ...house,
      url: cluster.url,
      clock: systemClock,
      manifests: openParentManifests(join(cluster.folder, 'manifests')),
      synchronous: false,
      troubled: (error) => void troubles.push(error),
      restore: never,
      expire: never,
    })
    await cluster.sql.query('create table sample (id bigint generated always as identity, text text)')
  })
  after(async () => {
    await house?.close()
    await cluster.close()
  })
  const write = (rows: number) =>
    cluster.sql.query(
      'insert into sample (text) select repeat(md5(n::text), 10) from generate_series(1, $1::int) n',
      [rows],
    )

  const flushed = async (): Promise<bigint> => {
    const { rows } = await cluster.sql.query<{ lsn: string }>(
      'select pg_current_wal_flush_lsn()::text as lsn',
    )
    return parseLsn(rows[0]?.lsn ?? '')
  }

  test('policy 6.1-a, 6.1-b: full and incremental backups and the log reach every region, and verify there', async () => {
    assert.deepEqual(await driver.capabilities(), {
      incremental: true,
      wal: true,
      pointInTime: true,
      standby: true,
      limits: [],
    })
    const wal = await driver.startWal()
    await write(2000)
    const told: number[] = []
    const full = await driver.full(({ doneBytes }) => void told.push(doneBytes))
    assert.ok(full.kind === 'full' && full.regions.length === 2 && full.bytes > 1_000_000)
    assert.ok(told.length > 0 && told.every((bytes, at) => at === 0 || bytes >= (told[at - 1] ?? 0)))
    await write(500)
    // Names carry seconds.
    await pause(1001)
    const more = await driver.incremental(full.name)
    assert.equal(more.parent, full.name)
    assert.ok(more.bytes < full.bytes / 3, `${more.bytes} of ${full.bytes}`)
    const { rows } = await cluster.sql.query<{ lsn: string }>(
      'select pg_current_wal_flush_lsn()::text as lsn',
    )
    const end = parseLsn(rows[0]?.lsn ?? '')
    assert.ok(await wal.reached(end, 10))
    await house.repository.settled()
    assert.deepEqual(
      (await driver.list()).map(({ name }) => name),
      [full.name, more.name],
    )
    const verified = await driver.verify(more.name)
    assert.ok(verified.regions.length === 2 && verified.objects > 2)
    const lag = await driver.lag()
    assert.ok(
      lag.length === 2 && lag.every(({ seconds, lsn }) => seconds !== null && seconds < 5 && lsn !== null),
      JSON.stringify(lag),
    )
    const plan = await house.repository.plan({ at: 'latest' })
    assert.deepEqual(
      plan.chain.map(({ name }) => name),
      [full.name, more.name],
    )
    assert.ok(parseLsn(plan.wal.reachesTo) >= end, `${plan.wal.reachesTo} of ${formatLsn(end)}`)
    await wal.stop()
    assert.equal(await wal.ended, 'stopped')
    assert.deepEqual(troubles, [])
  })

  test('after a stop the log goes on where it ended, whole segments take the place of their pieces', async () => {
    const wal = await driver.startWal()
    await write(80_000)
    await cluster.sql.query('select pg_switch_wal()')
    await write(10)
    const { rows } = await cluster.sql.query<{ lsn: string }>(
      'select pg_current_wal_flush_lsn()::text as lsn',
    )
    const end = parseLsn(rows[0]?.lsn ?? '')
    assert.ok(await wal.reached(end, 10))
    await house.repository.settled()
    for (const region of house.repository.regions) {
      const index = await house.repository.walIndex({ region })
      assert.ok(index.segments.length >= 2 && index.tails.length >= 1)
    }
    assert.ok((await driver.lag()).every(({ lsn }) => lsn !== null && parseLsn(lsn) >= end))
    await wal.stop()
  })

  test('an increment without the file list of its parent is refused, and a backup that is cut off does not exist', async () => {
    const [full] = await driver.list()
    const lost = openReplicationDriver({
      ...house,
      url: cluster.url,
      clock: systemClock,
      manifests: openParentManifests(join(cluster.folder, 'none')),
      synchronous: false,
      troubled: () => {},
      restore: never,
      expire: never,
    })
    await assert.rejects(
      lost.incremental(full?.name ?? ''),
      (error) => error instanceof Problem && error.code === 'recovery.unsupported',
    )
    const before = (await driver.list()).length
    const cut = driver.full()
    const cutting = setInterval(() => {
      void cluster.sql.query(
        "select pg_terminate_backend(pid) from pg_stat_replication where state = 'backup'",
      )
    }, 5)
    await assert.rejects(cut, (error) => error instanceof Problem && error.code === 'recovery.unavailable')
    clearInterval(cutting)
    assert.equal((await driver.list()).length, before)
  })

  test('a region that is away holds nothing up, and its lag says so until it has caught up', async () => {
    const [stays = '', gone = ''] = house.repository.regions
    const folder = join(cluster.folder, 'backups', gone)
    assert.ok((await readdir(folder)).length > 0)
    const wal = await driver.startWal()
    await write(100)
    await wal.flush()
    await house.repository.settled()
    await rename(folder, `${folder}-away`)
    await writeFile(folder, 'not a folder')
    await write(100)
    const end = await flushed()
    assert.ok(await wal.reached(end, 10))
    await house.repository.settled()
    const behind = async (region: string) => (await driver.lag()).find((one) => one.region === region)
    assert.ok(parseLsn((await behind(stays))?.lsn ?? '0/0') >= end)
    assert.ok(parseLsn((await behind(gone))?.lsn ?? '0/0') < end, 'its lag is not hidden')
    await rm(folder)
    await rename(`${folder}-away`, folder)
    await write(100)
    await wal.flush()
    await house.repository.settled()
    assert.ok(parseLsn((await behind(gone))?.lsn ?? '0/0') < end, 'a gap stays a gap')
    const { copied } = await house.repository.mirror(gone)
    assert.ok(copied > 0)
    await wal.refresh()
    assert.ok(parseLsn((await behind(gone))?.lsn ?? '0/0') >= end, 'the mirror closes it')
    await wal.stop()
  })
})
