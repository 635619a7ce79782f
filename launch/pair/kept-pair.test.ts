import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { closeForGood, drain, makeReadOnly, withServer } from '#database'
import { behindSeconds, machinesSeen } from '../../platform/kernel/server-pair.ts'
import { answersOf } from '../sites/answers.ts'
import type { SiteName } from '../sites/state.ts'
import { changeServers } from './change.ts'
import { keptPair, replaceLost, type KeptPair, type KeptPairParts } from './kept-pair.ts'
import { openPairRig, until, type PairRig } from './pair-rig.fixture.ts'
import type { PairState } from './state.ts'

const PASSWORD = 'sample-password'

/** The rights that docs/recovery.md asks for, and no more. */
const USERS = `
  create role sample_writer login password '${PASSWORD}';
  create role sample_changer login password '${PASSWORD}' in role sample_writer, pg_monitor, pg_signal_backend;
  alter database surety owner to sample_writer;
  grant alter system on parameter default_transaction_read_only to sample_changer;
  grant execute on function pg_promote, pg_reload_conf to sample_changer`

const TABLES = `
  set role sample_writer;
  create schema surety;
  create table surety.heartbeat (at timestamptz);
  create table surety.kept (n int primary key)`

/** How much may be lost in order, in these tests (seconds). */
const BEHIND_SECONDS_MAX = 60

suite('two servers of the operator’s own', { timeout: 250_000 }, () => {
  let rig: PairRig
  let pair: KeptPair
  const said: string[] = []

  const as = (user: string) => (site: SiteName) => ({ ...rig.address(site), user, password: PASSWORD })
  const writer = as('sample_writer')
  const changer = as('sample_changer')
  const parts = (more: Partial<KeptPairParts> = {}): KeptPairParts => ({
    writers: { a: writer('a'), b: writer('b') },
    changers: { a: changer('a'), b: changer('b') },
    backup: rig.replicationUser,
    regions: { a: 'sample-north', b: 'sample-south' },
    fence: { command: [rig.fenceProgram], secondsMax: 20 },
    drainSecondsMax: 20,
    stateFile: join(rig.home, 'servers.json'),
    runFolder: join(rig.home, 'run'),
    say: (line) => void said.push(line),
    now: () => new Date(),
    ...more,
  })
  /** Seen from the other region: `a` of its settings is the server that is `b` here. */
  const elsewhere = (): KeptPairParts => {
    const addresses = { a: changer('b'), b: changer('a') }
    return parts({
      writers: addresses,
      changers: addresses,
      fence: { command: ['/bin/true'], secondsMax: 5 },
    })
  }
  const reopened = async (more: Partial<KeptPairParts> = {}): Promise<void> => {
    await pair.stop()
    pair = await keptPair(parts(more))
  }
  const change = (kind: 'failover' | 'switchover') =>
    pair.change({ kind, behindSecondsMax: BEHIND_SECONDS_MAX })
  const ready = () => until('a standby', async () => (await pair.status()).standby === 'ready')

  /** One statement through the relay, as every program sends it. */
  async function through<Row>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: pair.url, connectionTimeoutMillis: 20_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query(text)).rows as Row[]
    } finally {
      await client.end().catch(() => {})
    }
  }
  const count = async (): Promise<number> =>
    (await through<{ n: number }>('select count(*)::int as n from surety.kept'))[0]?.n ?? -1

  async function stillAt(site: SiteName): Promise<void> {
    const { primary, pair: seen } = await pair.status()
    assert.equal(primary, site)
    assert.equal((site === 'a' ? seen.b : seen.a)?.standby, true, 'the standby was not promoted')
    await through('insert into surety.kept select coalesce(max(n), 0) + 1 from surety.kept')
    const kept = JSON.parse(await readFile(join(rig.home, 'servers.json'), 'utf8')) as Record<string, unknown>
    assert.equal(kept['switchingTo'], null)
  }

  before(async () => {
    rig = await openPairRig()
    await rig.query('a', USERS)
    await rig.query('a', TABLES)
    await until('the standby has them', async () => {
      const there = `select 1 from pg_tables where tablename = 'kept'`
      return (await rig.query('b', there)).length === 1
    })
    pair = await keptPair(parts())
  })
  after(async () => {
    await pair?.stop()
    await rig?.remove()
  })

  test('policy 6.2-d: the pair is seen as it is: following, read-only, and on one machine', async () => {
    await ready()
    await through('insert into surety.kept values (1)')
    const { pair: seen, primary, why } = await pair.status()
    assert.deepEqual({ primary, why }, { primary: 'a', why: null })
    assert.equal(seen.a?.system, seen.b?.system)
    assert.deepEqual([seen.a?.readOnly, seen.b?.readOnly, seen.link?.streaming], [false, true, true])
    assert.deepEqual(machinesSeen(seen), { machines: 'one', by: 'the log goes through a Unix socket' })
  })

  test('policy 6.2-d: while the fence command fails, a primary that lives is not replaced', async () => {
    for (const command of [['/bin/false'], ['/nowhere/fence'], []]) {
      await reopened({ fence: { command, secondsMax: 5 } })
      await assert.rejects(change('failover'), /fence command|FENCE_COMMAND is not set/)
      await stillAt('a')
    }
  })

  test('policy 6.2-d: a fence command that says 0 while the server takes writes is not believed', async () => {
    await reopened({ fence: { command: ['/bin/true'], secondsMax: 5 } })
    await assert.rejects(change('failover'), /still takes writes/)
    await stillAt('a')
  })

  test('policy 6.2-d: a fence command that does not end is killed with what it started, and counts as failed', async () => {
    const script = join(rig.home, 'slow')
    await writeFile(script, `#!/bin/sh\nsleep 300 &\necho $! > "${rig.home}/child"\nwait\n`, { mode: 0o755 })
    await reopened({ fence: { command: [script], secondsMax: 3 } })
    await assert.rejects(change('failover'), /did not end within 3 s/)
    const child = Number(await readFile(join(rig.home, 'child'), 'utf8'))
    await until('the child is gone', async () => !/^[^)]*\) [^Z]/.test(await statOf(child)))
    await stillAt('a')
    await reopened()
  })

  test('policy 6.2-d: programs are cut off from a lost server before it is fenced, and nothing is confirmed meanwhile', async () => {
    const script = join(rig.home, 'after-the-cut')
    const cut = join(rig.home, 'cut')
    // Ends at once when the program was cut off already, and not at all when that comes later.
    const waits = `#!/bin/sh\nwhile [ ! -e "${cut}" ]; do sleep 0.02; done\nexit 3\n`
    await writeFile(script, waits, { mode: 0o755 })
    await reopened({ fence: { command: [script], secondsMax: 20 } })
    const client = new pg.Client({ connectionString: pair.url })
    client.on('error', () => {})
    client.on('end', () => void writeFile(cut, ''))
    await client.connect()
    await client.query('select 1')
    await assert.rejects(change('failover'), /ended with 3; nothing was promoted/)
    await stillAt('a')
    await reopened()
  })

  test('policy 6.2-d: a standby further behind than may be lost is not promoted in order', async () => {
    await through(`insert into surety.heartbeat values ('2030-01-01T00:00:00Z')`)
    await until('the heartbeat', async () => (await pair.status()).pair.b?.heartbeatAt !== null)
    await rig.query('b', 'select pg_wal_replay_pause()')
    await through(`update surety.heartbeat set at = '2030-01-01T00:02:00Z'`)
    assert.equal(behindSeconds((await pair.status()).pair), 120)
    await assert.rejects(change('switchover'), /120 s behind, and 60 s may be lost/)
    const unlimited = pair.change({ kind: 'switchover', behindSecondsMax: Number('none') })
    await assert.rejects(unlimited, /120 s behind/)
    await rig.query('b', 'select pg_wal_replay_resume()')
    await stillAt('a')
  })

  test('policy 6.2-d: a change in order that does not come to its end leaves the old server as it was', async () => {
    await reopened({ drainSecondsMax: 0.3 })
    await rig.query('b', 'select pg_wal_replay_pause()')
    await through('insert into surety.kept values (5000)')
    await assert.rejects(change('switchover'), /did not receive the last of the log/)
    await rig.query('b', 'select pg_wal_replay_resume()')
    await stillAt('a')
    await reopened()
  })

  test('policy 6.2-d: a standby that shows another moment once the server is at rest is not promoted', async () => {
    const state = JSON.parse(await readFile(join(rig.home, 'servers.json'), 'utf8')) as PairState
    let rests = false
    const look = async () => {
      const { pair: seen } = await pair.status()
      return rests && seen.b !== null ? { ...seen, b: { ...seen.b, heartbeatAt: 'another' } } : seen
    }
    const { regions, fence, drainSecondsMax, now } = parts()
    const steps = { regions, fence, drainSecondsMax, now, look, addressOf: changer, writerOf: writer }
    const changing = changeServers(
      { ...steps, keep: async () => {}, cut: () => void (rests = true) },
      state,
      { kind: 'switchover', behindSecondsMax: BEHIND_SECONDS_MAX },
    )
    await assert.rejects(changing, /follows something else/)
    await stillAt('a')
  })

  test('policy 6.2-d: a change that ended with its process is undone by the next start', async () => {
    await pair.stop()
    const file = join(rig.home, 'servers.json')
    const state = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...state, switchingTo: 'b' }))
    await makeReadOnly(changer('a'))
    pair = await keptPair(parts())
    await stillAt('a')
  })

  test('policy 6.2-d: whoever does not hold the claim on the standby changes nothing', async () => {
    await withServer(changer('b'), async (client) => {
      await client.query(`select pg_advisory_lock(hashtextextended('surety failover', 0))`)
      await assert.rejects(change('switchover'), /somebody else changes the databases/)
    })
    await stillAt('a')
  })

  test('policy 6.2-d: in order, no confirmed row is lost, and the old server takes no write of anybody', async (context) => {
    await ready()
    const confirmed: number[] = []
    const writing = new AbortController()
    const writer = (async () => {
      for (let n = 10_000; !writing.signal.aborted; n++)
        await through(`insert into surety.kept values (${n})`).then(
          () => confirmed.push(n),
          () => {},
        )
    })()
    const startedAt = performance.now()
    const { from, to, fencedBy } = await change('switchover')
    context.diagnostic(`changed in order within ${((performance.now() - startedAt) / 1000).toFixed(2)} s`)
    const before = confirmed.length
    await until('a write after it', async () => confirmed.length > before)
    writing.abort()
    await writer
    assert.deepEqual({ from, to, fencedBy }, { from: 'a', to: 'b', fencedBy: 'read-only' })
    const rows = await rig.query<{ n: number }>('b', 'select n from surety.kept where n >= 10000')
    const there = new Set(rows.map(({ n }) => n))
    assert.deepEqual(
      confirmed.filter((n) => !there.has(n)),
      [],
    )
    await assert.rejects(
      rig.query('a', 'begin read write; insert into surety.kept values (0); commit'),
      /not currently accepting connections/,
    )
  })

  test('policy 6.2-d: of two operators who saw the same, one changes the databases', async () => {
    const answers = answersOf(() => pair)
    const stale = answers({ ask: 'change-sites', kind: 'switchover', term: 0, behindSecondsMax: 60 })
    await assert.rejects(Promise.resolve(stale), /changed since you looked/)
    await rig.makeStandby('a')
    await ready()
    const both = await Promise.allSettled([change('failover'), change('failover')])
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    assert.equal((await pair.status()).primary, 'a')
    await through('insert into surety.kept values (20000)')
  })

  test('policy 6.2-d: a lost server that comes back on its old timeline is not used', async () => {
    await rig.startAgain('b')
    const { standby, why } = await pair.status()
    assert.equal(standby, 'failed')
    assert.match(why ?? '', /site b came back on the old timeline 2; it is not used/)
    await assert.rejects(change('failover'), /came back on the old timeline/)
    // The old server answers where the new one should be.
    const old = { a: changer('b'), b: changer('b') }
    await assert.rejects(keptPair(parts({ writers: old, changers: old })), /on the old timeline 2/)
    await through('insert into surety.kept values (20001)')
  })

  test('policy 6.2-d: a server that was replaced by an older one under its address is refused at the next connection', async () => {
    const addresses = { a: changer('a'), b: changer('b') }
    await reopened({ changers: addresses, writers: addresses })
    const rows = await count()
    addresses.a = changer('b')
    await new Promise((resolve) => setTimeout(resolve, 250))
    await assert.rejects(count())
    assert.match(said.at(-1) ?? '', /No database is used: .*old timeline/)
    addresses.a = changer('a')
    assert.equal(await count(), rows)
    await reopened()
  })

  test('policy 6.2-d: a server that is no copy of the database is not promoted', async () => {
    await rig.makeStranger('b')
    await rig.query('b', USERS)
    await reopened()
    assert.match((await pair.status()).why ?? '', /site b is no copy of this database/)
    await assert.rejects(change('failover'), /no copy of this database/)
    await assert.rejects(change('switchover'), /no copy of this database/)
    await through('insert into surety.kept values (20002)')
  })

  test('policy 6.2-d: a standby that somebody else promoted beside a living primary changes nothing, and a start refuses to guess', async () => {
    await rig.makeStandby('b')
    await ready()
    await rig.query('b', 'select pg_promote()')
    assert.match((await pair.status()).why ?? '', /site b takes writes itself, on timeline 4/)
    await assert.rejects(change('switchover'), /takes writes itself/)
    await through('insert into surety.kept values (20003)')
    await assert.rejects(keptPair(parts()), /both databases take writes/)
  })

  test('policy 6.2-d: the silence of the known one moves nothing; fenced by order, the one that somebody else promoted is used', async () => {
    await rig.end('a')
    await until('it is told', async () => {
      await assert.rejects(count())
      return /site a does not answer, and somebody else promoted site b/.test(said.at(-1) ?? '')
    })
    assert.equal((await change('failover')).to, 'b')
    await through('insert into surety.kept values (20004)')
    assert.deepEqual([(await pair.status()).primary, pair.term()], ['b', 3])
  })

  test('policy 6.2-d: a change that somebody else made in order is followed, and told', async () => {
    await rig.makeStandby('a')
    await ready()
    await rig.end('b')
    await rig.query('a', 'select pg_promote()')
    await rig.makeStandby('b')
    // Whoever connects while the way changes is cut, and tries again.
    await until('a look through the relay', async () => (await count()) > 0)
    const { primary, changes } = await pair.status()
    assert.deepEqual([primary, changes.at(-1)?.fencedBy], ['a', 'somebody-else'])
    await change('switchover')
  })

  test('policy 6.2-d: a lost server is replaced also while no system runs, and from a machine that never knew it', async () => {
    await rig.makeStandby('a')
    await ready()
    await pair.stop()
    await rm(join(rig.home, 'servers.json'))
    await rig.end('b')
    await assert.rejects(
      keptPair(elsewhere()),
      /no database takes writes: site a does not answer, site b is a standby/,
    )
    assert.equal((await replaceLost(elsewhere())).to, 'b')
    pair = await keptPair(elsewhere())
    await through('insert into surety.kept values (20005)')
  })

  test('policy 6.2-d: a change in order whose process ended after the promotion is finished by the next start, which closes the old server', async () => {
    await rig.makeStandby('b')
    await ready()
    await pair.stop()
    const file = join(rig.home, 'servers.json')
    const state = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...state, switchingTo: 'a' }))
    await makeReadOnly(changer('a'))
    await rig.query('b', 'select pg_promote()')
    pair = await keptPair(elsewhere())
    assert.equal((await pair.status()).primary, 'a')
    await assert.rejects(
      rig.query('a', 'begin read write; insert into surety.kept values (0); commit'),
      /not currently accepting connections/,
    )
    await through('insert into surety.kept values (20006)')
  })

  test('policy 6.2-d: what programs that insist still write on a server at rest is counted when it is closed', async () => {
    await rig.makeStandby('a')
    await makeReadOnly(changer('b'))
    // The log of a server at rest may end with a file that was just begun.
    await rig.query('b', 'select pg_switch_wal()')
    const rested = await withServer(changer('a'), (standby) => drain(changer('b'), standby, 20))
    await withServer(writer('b'), async (client) => {
      await client.query('begin read write')
      await client.query('insert into surety.kept values (30000)')
      await client.query('commit')
    })
    assert.ok((await closeForGood(changer('b'))) > rested)
  })
})

async function statOf(processId: number): Promise<string> {
  return readFile(`/proc/${processId}/stat`, 'utf8').catch(() => '')
}
