import assert from 'node:assert/strict'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { formatLsn, parseLsn } from '#backup'
import { Problem } from '../../kernel/problem.ts'
import { driverRig, type DriverRig } from './driver-rig.fixture.ts'

suite('the driver over the replication protocol', () => {
  let rig: DriverRig
  before(async () => {
    rig = await driverRig()
  })
  after(() => rig.close())

  test('policy 6.1-a, 6.1-b: full and incremental backups and the log reach every region, and verify there', async () => {
    assert.deepEqual(await rig.driver.capabilities(), {
      incremental: true,
      wal: true,
      pointInTime: true,
      standby: true,
      limits: [],
    })
    const wal = await rig.driver.startWal()
    await rig.write(2000)
    const told: number[] = []
    const full = await rig.driver.full(({ doneBytes }) => void told.push(doneBytes))
    assert.ok(full.kind === 'full' && full.regions.length === 2 && full.bytes > 1_000_000)
    assert.ok(told.length > 0 && told.every((bytes, at) => at === 0 || bytes >= (told[at - 1] ?? 0)))
    await rig.write(500)
    // Names carry seconds.
    await pause(1001)
    const more = await rig.driver.incremental(full.name)
    assert.equal(more.parent, full.name)
    assert.ok(more.bytes < full.bytes / 3, `${more.bytes} of ${full.bytes}`)
    const { rows } = await rig.cluster.sql.query<{ lsn: string }>(
      'select pg_current_wal_flush_lsn()::text as lsn',
    )
    const end = parseLsn(rows[0]?.lsn ?? '')
    assert.ok(await wal.reached(end, 10))
    await rig.house.repository.settled()
    assert.deepEqual(
      (await rig.driver.list()).map(({ name }) => name),
      [full.name, more.name],
    )
    const verified = await rig.driver.verify(more.name)
    assert.ok(verified.regions.length === 2 && verified.objects > 2)
    const lag = await rig.driver.lag()
    assert.ok(
      lag.length === 2 && lag.every(({ seconds, lsn }) => seconds !== null && seconds < 5 && lsn !== null),
      JSON.stringify(lag),
    )
    const plan = await rig.house.repository.plan({ at: 'latest' })
    assert.deepEqual(
      plan.chain.map(({ name }) => name),
      [full.name, more.name],
    )
    assert.ok(parseLsn(plan.wal.reachesTo) >= end, `${plan.wal.reachesTo} of ${formatLsn(end)}`)
    await wal.stop()
    assert.equal(await wal.ended, 'stopped')
    assert.deepEqual(rig.troubles, [])
  })

  test('after a stop the log goes on where it ended, whole segments take the place of their pieces', async () => {
    const wal = await rig.driver.startWal()
    await rig.write(80_000)
    await rig.cluster.sql.query('select pg_switch_wal()')
    await rig.write(10)
    const { rows } = await rig.cluster.sql.query<{ lsn: string }>(
      'select pg_current_wal_flush_lsn()::text as lsn',
    )
    const end = parseLsn(rows[0]?.lsn ?? '')
    assert.ok(await wal.reached(end, 10))
    await rig.house.repository.settled()
    for (const region of rig.house.repository.regions) {
      const index = await rig.house.repository.walIndex({ region })
      assert.ok(index.segments.length >= 2 && index.tails.length >= 1)
    }
    assert.ok((await rig.driver.lag()).every(({ lsn }) => lsn !== null && parseLsn(lsn) >= end))
    await wal.stop()
  })

  test('an increment without the file list of its parent is refused, and a backup that is cut off does not exist', async () => {
    const [full] = await rig.driver.list()
    const lost = rig.another({ manifests: 'none' })
    await assert.rejects(
      lost.incremental(full?.name ?? ''),
      (error) => error instanceof Problem && error.code === 'recovery.unsupported',
    )
    const before = (await rig.driver.list()).length
    const cut = rig.driver.full()
    const cutting = setInterval(() => {
      void rig.cluster.sql.query(
        "select pg_terminate_backend(pid) from pg_stat_replication where state = 'backup'",
      )
    }, 5)
    await assert.rejects(cut, (error) => error instanceof Problem && error.code === 'recovery.unavailable')
    clearInterval(cutting)
    assert.equal((await rig.driver.list()).length, before)
  })

  test('a region that is away holds nothing up, and its lag says so until it has caught up', async () => {
    const [stays = '', gone = ''] = rig.house.repository.regions
    const folder = join(rig.cluster.folder, 'backups', gone)
    assert.ok((await readdir(folder)).length > 0)
    const wal = await rig.driver.startWal()
    await rig.write(100)
    await wal.flush()
    await rig.house.repository.settled()
    await rename(folder, `${folder}-away`)
    await writeFile(folder, 'not a folder')
    await rig.write(100)
    const end = await rig.flushed()
    assert.ok(await wal.reached(end, 10))
    await rig.house.repository.settled()
    const behind = async (region: string) => (await rig.driver.lag()).find((one) => one.region === region)
    assert.ok(parseLsn((await behind(stays))?.lsn ?? '0/0') >= end)
    assert.ok(parseLsn((await behind(gone))?.lsn ?? '0/0') < end, 'its lag is not hidden')
    await rm(folder)
    await rename(`${folder}-away`, folder)
    await rig.write(100)
    await wal.flush()
    await rig.house.repository.settled()
    assert.ok(parseLsn((await behind(gone))?.lsn ?? '0/0') < end, 'a gap stays a gap')
    const { copied } = await rig.house.repository.mirror(gone)
    assert.ok(copied > 0)
    await wal.refresh()
    assert.ok(parseLsn((await behind(gone))?.lsn ?? '0/0') >= end, 'the mirror closes it')
    await wal.stop()
  })
})
