import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { BACKUP_USER, dataPlace, ensureBackupUser, fenceServer } from '#database'
import { copyCluster } from '../../platform/recovery/standby/index.ts'
import type { SiteChange } from './change.ts'
import { keptSites, type KeptSites } from './kept-sites.ts'
import { STANDBY_NAME } from './site.ts'
import { stableSocket } from './stable-socket.ts'
import { keepSiteState, readSiteState } from './state.ts'

const PASSWORD = 'a password of this test'
const SETTINGS = ['shared_buffers=8MB', 'max_connections=20', 'wal_level=replica', 'max_wal_senders=6']

suite('two sites of one database', () => {
  let home: string
  let sites: KeptSites
  const changes: SiteChange[] = []
  const folders = () => ({ a: join(home, 'a'), b: join(home, 'b') })

  async function open(): Promise<KeptSites> {
    const opened = await keptSites({
      folders: folders(),
      passwordFile: join(home, 'password'),
      settings: SETTINGS,
      replication: () => ({ user: BACKUP_USER, password: PASSWORD }),
      copy: (url, folder) => copyCluster({ url, folder, slot: STANDBY_NAME }),
      stateFile: join(home, 'sites.json'),
      socket: await stableSocket(join(home, 'run')),
      listener: { say: () => {}, lost: (why) => assert.fail(why) },
      now: () => new Date(),
    })
    await ensureBackupUser(opened.url, PASSWORD)
    opened.onChanged((change) => void changes.push(change))
    opened.follow()
    return opened
  }

  async function query<Row>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: sites.url, connectionTimeoutMillis: 2000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query(text)).rows as Row[]
    } finally {
      await client.end().catch(() => {})
    }
  }

  /** Real servers take their time; what must come about is looked for until it does. */
  async function until(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
    for (let tried = 0; tried < 1200; tried++) {
      if (await Promise.resolve(done()).catch(() => false)) return
      await pause(50)
    }
    assert.fail(`${what} did not come about: ${JSON.stringify(sites.status())}`)
  }

  const ready = () => until('a standby', () => sites.status().standby === 'ready')

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'surety-sites-'))
    await chmod(home, 0o755)
    await mkdir(join(home, 'run'))
    sites = await open()
    await query('create table kept (n int primary key)')
  })
  after(async () => {
    await sites.stop()
    await rm(home, { recursive: true, force: true })
  })

  test('policy 6.2-d: a standby is made of the running database and follows it', async () => {
    await ready()
    await query('insert into kept values (1)')
    assert.deepEqual(
      { ...sites.status(), changes: [] },
      { primary: 'a', term: 0, standby: 'ready', why: null, changes: [] },
    )
  })

  test('policy 6.2-d: a primary that is lost for good is fenced and replaced, and its old data never starts again', async () => {
    await query('insert into kept select generate_series(2, 100)')
    // A standby follows a moment later; what it had not heard of would be lost with the primary.
    await until('the standby has it', async () => {
      const [seen] = await query<{ has: boolean | null }>(
        'select bool_and(replay_lsn >= pg_current_wal_insert_lsn()) as has from pg_stat_replication',
      )
      return seen?.has === true
    })
    const place = await dataPlace(folders().a)
    await fenceServer(place)
    await rm(join(place, 'global'), { recursive: true })
    await until('a failover', () => changes.length === 1)
    await until('a write', async () => (await query('insert into kept values (101)')) !== undefined)
    assert.equal(changes[0]?.kind, 'failover')
    assert.equal((await query<{ n: number }>('select count(*)::int as n from kept'))[0]?.n, 101)
    assert.equal((await readSiteState(join(home, 'sites.json'))).primary, 'b')
    assert.ok(existsSync(`${place}.fenced`))
  })

  test('policy 6.2-d: it fails back in order without losing a row, after the lost site was made anew', async () => {
    await ready()
    await query('insert into kept values (102)')
    const change = await sites.change({ kind: 'switchover' })
    assert.equal(change.to, 'a')
    assert.equal((await query<{ n: number }>('select count(*)::int as n from kept'))[0]?.n, 102)
    await query('insert into kept values (103)')
  })

  test('policy 6.2-d: a start after a change that was cut off before the promotion goes on with the old primary', async () => {
    await ready()
    await sites.stop()
    await keepSiteState(join(home, 'sites.json'), { primary: 'a', switchingTo: 'b', term: 2 })
    sites = await open()
    assert.equal(sites.status().primary, 'a')
    assert.equal((await query<{ n: number }>('select count(*)::int as n from kept'))[0]?.n, 103)
    await ready()
  })

  test('a state that cannot be read starts nothing', async () => {
    await assert.rejects(readSiteState(join(home, 'password')), Error)
  })
})
