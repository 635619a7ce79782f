import { parseLsn } from '#backup'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../kernel/clock.ts'
import { baseBackup, type ArchiveSink } from './base-backup.ts'
import { testCluster, type TestCluster } from './cluster.fixture.ts'
import { connectReplication } from './connection.ts'
import type { ReplicationError } from './errors.ts'
import { ensureSlot, identifySystem, showSetting } from './system.ts'
import { receiveWal, type WalSink } from './wal-receiver.ts'

const SEGMENT = 16 * 1024 * 1024

suite('the replication protocol', () => {
  let cluster: TestCluster
  before(async () => {
    cluster = await testCluster()
    await cluster.sql.query('create table sample (id bigint generated always as identity, text text)')
  })
  after(() => cluster.close())

  const connect = () => connectReplication(cluster.url, 'test')
  const write = (rows: number) =>
    cluster.sql.query("insert into sample (text) select repeat('x', 500) from generate_series(1, $1::int)", [
      rows,
    ])
  const serverEnd = async (): Promise<bigint> => {
    const { rows } = await cluster.sql.query<{ lsn: string }>(
      'select pg_current_wal_flush_lsn()::text as lsn',
    )
    return parseLsn(rows[0]?.lsn ?? '')
  }

  /** Keeps what arrives, in one piece. */
  function keeping(): WalSink & { readonly pieces: Buffer[]; from: bigint | null } {
    const pieces: Buffer[] = []
    const sink = {
      pieces,
      from: null as bigint | null,
      take: (start: bigint, bytes: Buffer) => {
        sink.from ??= start
        pieces.push(Buffer.from(bytes))
        return undefined
      },
      flushed: () => (sink.from ?? 0n) + BigInt(Buffer.concat(pieces).length),
      heard: () => {},
      timeline: async () => {},
    }
    return sink
  }

  test('a full backup and an incremental one arrive whole, with their manifests and their ends', async () => {
    const archives: string[] = []
    let bytes = 0
    let held = 0
    let most: readonly [number, number | null] = [0, null]
    const sink: ArchiveSink = {
      archive: (name) => void archives.push(name),
      data: (piece) => {
        bytes += piece.length
        // Every now and then the receiver needs a moment, and the server waits for it.
        if (bytes % 7 !== 0) return undefined
        held += 1
        return pause(1)
      },
      progress: (done, total) => void (most = [done, total]),
    }
    const connection = await connect()
    const full = await baseBackup(connection, { label: 'full', parentManifest: null }, sink)
    assert.deepEqual(archives, ['base.tar'])
    assert.ok(bytes > 20_000_000 && held > 0)
    assert.equal(bytes % 512, 0, 'whole blocks of a tar file')
    assert.ok(
      most[0] > 20_000_000 && most[0] <= (most[1] ?? 0) * 1.05,
      `progress is told: ${most.join(' of ')}`,
    )
    assert.match(full.manifest.toString(), /"WAL-Ranges"/)
    await write(1000)
    bytes = 0
    const increment = await baseBackup(connection, { label: 'more', parentManifest: full.manifest }, sink)
    assert.ok(bytes < 6_000_000 && increment.start > full.start, `an increment is small: ${bytes}`)
    await assert.rejects(
      baseBackup(connection, { label: 'odd', parentManifest: Buffer.from('{"not": "a manifest"}') }, sink),
    )
    await connection.end()
  })

  test('a backup whose receiver fails is cut off with its reason', async () => {
    const connection = await connect()
    const failing: ArchiveSink = {
      archive: () => undefined,
      data: () => Promise.reject(new Error('the store is gone')),
      progress: () => {},
    }
    await assert.rejects(
      baseBackup(connection, { label: 'cut', parentManifest: null }, failing),
      /the store is gone/,
    )
    await assert.rejects(connection.run({ text: 'IDENTIFY_SYSTEM' }))
  })

  test('the log arrives byte for byte and without a gap, however often its connection is cut', async () => {
    const first = await connect()
    const { system, timeline } = await identifySystem(first)
    const { restart } = await ensureSlot(first, 'test_stream')
    assert.deepEqual(await ensureSlot(first, 'test_stream'), { restart, timeline }, 'a slot is made once')
    assert.equal(await showSetting(first, 'wal_segment_size'), '16MB')
    await first.end()
    const sink = keeping()
    const cuts: string[] = []
    const from = restart - (restart % BigInt(SEGMENT))
    const receiver = receiveWal(
      {
        connect,
        slot: 'test_stream',
        from,
        timeline,
        system,
        segmentBytes: SEGMENT,
        clock: systemClock,
        interrupted: (error) => void (error !== null && cuts.push((error as ReplicationError).code)),
      },
      sink,
    )
    for (let round = 0; round < 3; round++) {
      await write(3000)
      await cluster.sql.query('select pg_terminate_backend(pid) from pg_stat_replication')
    }
    await write(30_000)
    const end = await serverEnd()
    while (receiver.received() < end) await pause(10)
    await receiver.stop()
    await receiver.ended
    assert.ok(cuts.length >= 1 && cuts.every((code) => code === 'lost'))
    const got = Buffer.concat(sink.pieces)
    assert.equal(sink.from, from)
    const name = await cluster.sql.query<{ name: string }>(
      'select pg_walfile_name($1::text::pg_lsn) as name',
      [`0/${(from + 1n).toString(16)}`],
    )
    const segment = await readFile(join(cluster.server.dataFolder, 'pg_wal', name.rows[0]?.name ?? ''))
    const common = Math.min(SEGMENT, got.length)
    assert.ok(
      segment.subarray(0, common).equals(got.subarray(0, common)),
      'what arrived is what the server wrote',
    )
    const slot = await cluster.sql.query<{ behind: string }>(
      "select pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) as behind from pg_replication_slots where slot_name = 'test_stream'",
    )
    assert.ok(Number(slot.rows[0]?.behind) < 1_000_000, 'the server was told what is safe')
  })

  test('a sink that is slow holds the server back, and one that fails ends the stream with its reason', async () => {
    const first = await connect()
    const { system, timeline } = await identifySystem(first)
    const { restart } = await ensureSlot(first, 'test_slow')
    await first.end()
    await write(20_000)
    let open = 0
    let most = 0
    let taken = 0
    const receiver = receiveWal(
      {
        connect,
        slot: 'test_slow',
        from: restart - (restart % BigInt(SEGMENT)),
        timeline,
        system,
        segmentBytes: SEGMENT,
        clock: systemClock,
        interrupted: () => {},
      },
      {
        ...keeping(),
        take: async (_start, bytes) => {
          taken += bytes.length
          most = Math.max(most, ++open)
          await pause(1)
          open -= 1
          if (taken > 2_000_000) throw new Error('no room')
        },
      },
    )
    await assert.rejects(receiver.ended, /no room/)
    assert.ok(most < 20, `what has arrived already still comes, and no more: ${most}`)
  })

  test('a user without the right, another cluster and a removed log are each refused by name', async () => {
    await cluster.sql.query("create role plain login password 'plain'")
    const plain = cluster.url.replace(/\/\/[^@]*@/, '//plain:plain@')
    await assert.rejects(
      connectReplication(plain, 'test'),
      (error) => (error as ReplicationError).code === 'no-right',
    )
    const source = {
      connect,
      slot: 'test_stream',
      from: 0x100_0000n,
      timeline: 1,
      segmentBytes: SEGMENT,
      clock: systemClock,
      interrupted: () => {},
    }
    const foreign = receiveWal({ ...source, system: '1' }, keeping())
    await assert.rejects(foreign.ended, (error) => (error as ReplicationError).code === 'foreign')
    const first = await connect()
    const { system } = await identifySystem(first)
    await first.end()
    const gone = receiveWal({ ...source, system, from: 0n }, keeping())
    await assert.rejects(gone.ended, (error) => {
      assert.equal((error as ReplicationError).code, 'wal-removed')
      return true
    })
  })
})
