import assert from 'node:assert/strict'
import { readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parseLsn } from '#backup'
import { openDatabase } from '../../db/index.ts'
import { slotAlarms } from '../schedule/alarms.ts'
import { slotState } from '../schedule/queries.ts'
import { driverRig, type DriverRig } from './driver-rig.fixture.ts'
import { ARCHIVE_NAME, dropSlotAt } from './index.ts'

suite('the archive of the log', () => {
  let rig: DriverRig
  before(async () => {
    rig = await driverRig(['max_slot_wal_keep_size=48MB', 'max_wal_size=64MB', 'min_wal_size=32MB'])
  })
  after(() => rig.close())

  test('policy 6.2-b: with a synchronous archive a commit is confirmed once a region has stored it, and not before', async () => {
    const wal = await rig.another({ synchronous: true }).startWal()
    const { sql } = rig.cluster
    assert.ok(await wal.reached(await rig.flushed(), 10))
    await sql.query(`alter system set synchronous_standby_names = '${ARCHIVE_NAME}'`)
    await sql.query('select pg_reload_conf()')
    const state = () => sql.query<{ sync_state: string }>('select sync_state from pg_stat_replication')
    while ((await state()).rows[0]?.sync_state !== 'sync') await pause(10)
    // Commits wait from when the checkpointer has read the setting, which it does before a checkpoint.
    await sql.query('checkpoint')
    for (let round = 0; round < 20; round++) {
      // What the server writes for itself meanwhile is not waited for by anybody.
      const { rows } = await sql.query<{ lsn: string }>(
        "insert into sample (text) values ('x') returning pg_current_wal_insert_lsn()::text as lsn",
      )
      assert.ok(wal.safe() >= parseLsn(rows[0]?.lsn ?? ''))
    }
    const folder = join(rig.cluster.folder, 'backups')
    await rig.house.repository.settled()
    await rename(folder, `${folder}-away`)
    await writeFile(folder, 'no region answers')
    let confirmed = false
    const waiting = rig.write(1).then(() => (confirmed = true))
    await pause(400)
    assert.equal(confirmed, false, 'nothing is confirmed while no region answers')
    await rm(folder)
    await rename(`${folder}-away`, folder)
    await waiting
    await sql.query('alter system reset synchronous_standby_names')
    await sql.query('select pg_reload_conf()')
    await wal.stop()
    rig.troubles.length = 0
  })

  test('a new timeline is followed from its beginning, with its history', async () => {
    const wal = await rig.driver.startWal()
    await rig.write(10)
    assert.ok(await wal.reached(await rig.flushed(), 10))
    await rig.cluster.server.stop()
    await writeFile(join(rig.cluster.server.dataFolder, 'standby.signal'), '')
    await rig.cluster.again()
    await rig.cluster.sql.query('select pg_promote()')
    await rig.write(10)
    assert.ok(await wal.reached(await rig.flushed(), 20))
    await rig.house.repository.settled()
    const index = await rig.house.repository.walIndex()
    assert.deepEqual(index.histories, [2])
    assert.ok([...index.segments, ...index.tails].some(({ timeline }) => timeline === 2))
    assert.match((await rig.house.repository.readHistory(2)).toString(), /^1\t/)
    await wal.stop()
  })

  test('a dead archive cannot fill the disk: the log is dropped at its limit, which is told, and archiving begins anew', async () => {
    const { sql, server } = rig.cluster
    for (let segment = 0; segment < 12; segment++) {
      await rig.write(1)
      await sql.query('select pg_switch_wal()')
      await sql.query('checkpoint')
    }
    const kept = (await readdir(join(server.dataFolder, 'pg_wal'))).filter((name) =>
      /^[0-9A-F]{24}$/.test(name),
    )
    assert.ok(kept.length <= 9, `${kept.length} segments of 16 MB are kept`)
    const db = openDatabase(rig.cluster.url, () => {})
    const state = await slotState(db, ARCHIVE_NAME)
    assert.equal(state?.status, 'lost')
    assert.equal(slotAlarms(ARCHIVE_NAME, state)[0]?.type, 'backup.log-lost')
    await assert.rejects(
      rig.driver.startWal().then((wal) => wal.ended.then((why) => Promise.reject(new Error(why)))),
      /removed log that was not archived|slot/,
    )
    await dropSlotAt(rig.cluster.url, ARCHIVE_NAME)
    const wal = await rig.driver.startWal()
    const full = await rig.driver.full()
    await rig.write(10)
    assert.ok(await wal.reached(await rig.flushed(), 10))
    const plan = await rig.house.repository.plan({ at: 'latest' })
    assert.equal(plan.chain.at(-1)?.name, full.name)
    await wal.stop()
    await db.destroy()
  })
})
