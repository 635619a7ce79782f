import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parseLsn } from '#backup'
import { sql } from 'kysely'
import { Problem } from '../../kernel/problem.ts'
import { olderCluster, olderPrograms } from '../replication/older-cluster.fixture.ts'
import { proveBackup } from './prove.ts'
import { restoreSystem, type SystemRequest } from './restore-system.ts'
import { worldOf, type RecoveryWorld } from './world.fixture.ts'

const programs = olderPrograms()
const skip =
  programs === null
    ? 'no PostgreSQL 15 or 16 is installed here (apt-get install postgresql-15, or SURETY_PEER_POSTGRES=its bin folder)'
    : false

suite('a server of PostgreSQL 15 or 16', { skip }, () => {
  let world: RecoveryWorld
  let full: string
  const binaries = programs ?? undefined
  before(async () => {
    world = await worldOf(await olderCluster(programs ?? ''))
    await world.cluster.sql.query('create table sample (id bigint primary key, text text)')
  })
  after(() => world.close())

  const write = (from: number, to: number) =>
    world.cluster.sql.query(
      'insert into sample select n, repeat(md5(n::text), 10) from generate_series($1::int, $2::int) n',
      [from, to],
    )
  const archived = async (): Promise<void> => {
    const { rows } = await world.cluster.sql.query<{ lsn: string }>(
      'select pg_current_wal_flush_lsn()::text as lsn',
    )
    assert.ok(await world.wal.reached(parseLsn(rows[0]?.lsn ?? ''), 20))
    await world.house.repository.settled()
  }
  const restored = async (name: string, target: SystemRequest['target']): Promise<number> => {
    let count = -1
    const { repository } = await world.reading()
    await mkdir(join(world.folder, name))
    const done = await restoreSystem(repository, {
      target,
      into: join(world.folder, name, 'var'),
      binaries,
      migrate: false,
      also: async (db) => {
        const { rows } = await sql<{ count: number }>`select count(*)::int as count from sample`.execute(db)
        count = rows[0]?.count ?? -1
      },
    })
    assert.ok((done.pages?.pages ?? 0) > 500 && done.pages?.damaged.length === 0)
    assert.ok(done.ledger !== null)
    return count
  }

  test('policy 6.1-b: it is said plainly that there are no incremental backups, and asking for one is refused', async () => {
    const { limits, ...can } = await world.driver.capabilities()
    assert.deepEqual(can, { incremental: false, wal: true, pointInTime: true, standby: true })
    assert.match(
      limits.join(),
      /^PostgreSQL 1[56] sends no incremental backups, .* every backup is a full one/,
    )
  })

  test('policy 6.1-a: a full backup and the log reach every region, verify there, and come back', async () => {
    await write(1, 2000)
    await world.happen(3)
    await world.keepLedger()
    await world.beat()
    const backup = await world.driver.full()
    full = backup.name
    assert.deepEqual([backup.kind, backup.regions.length], ['full', 2])
    await assert.rejects(
      world.driver.incremental(full),
      (error) =>
        error instanceof Problem &&
        error.code === 'recovery.unsupported' &&
        /sends no incremental backups/.test(error.detail),
    )
    await archived()
    assert.equal((await world.driver.verify(full)).regions.length, 2)
    const { repository } = await world.reading()
    const proof = await proveBackup(repository, { backup: full, scratch: world.folder, binaries })
    assert.deepEqual(proof.chain, [full])
    assert.ok(proof.rows >= 2000 && proof.pages > 500 && proof.ledgerEntries === 3, JSON.stringify(proof))
  })

  test('without the programs of its version a restore says which are needed', async () => {
    const { repository } = await world.reading()
    await assert.rejects(
      proveBackup(repository, { backup: full, scratch: world.folder }),
      (error) => error instanceof Problem && /is of PostgreSQL 1[56], .*PG_BIN/.test(error.detail),
    )
  })

  test('policy 6.1-b, 6.2-b: it comes back to a moment and to the last byte, with every row', async () => {
    await write(2001, 3000)
    await pause(20)
    const { rows } = await world.cluster.sql.query<{ at: Date }>('select clock_timestamp() as at')
    const moment = rows[0]?.at ?? new Date(0)
    await pause(20)
    await world.cluster.sql.query('delete from sample where id % 2 = 0')
    await write(3001, 80_000)
    await archived()
    assert.equal(await restored('moment', { at: moment }), 3000)
    assert.equal(await restored('latest', { at: 'latest' }), 1500 + 77_000)
  })
})
