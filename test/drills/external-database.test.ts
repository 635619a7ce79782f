import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { startPostgres } from '#database'
import { makeFolder, startSystem, type RunningSystem } from '../running-system.ts'
import {
  ask,
  openWorkplace,
  phoneOf,
  post,
  readiness,
  storedMessages,
  textMessage,
  until,
  type Workplace,
} from './workplace.ts'

/** A fresh database on a server that is not the system's own, with the way to remove it. */
interface External {
  readonly url: string
  /** Ends every connection and takes no new one until told to. */
  close(): Promise<void>
  reopen(): Promise<void>
  remove(): Promise<void>
}

/** On a server of its own: a backup is of everything on a server. */
async function openExternal(): Promise<External> {
  const folder = await mkdtemp(join(tmpdir(), 'surety-external-'))
  await chmod(folder, 0o755)
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    passwordFile: join(folder, 'password'),
    settings: ['fsync=off', 'summarize_wal=on'],
  })
  return freshDatabase(server.url, async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
    await rm(server.socketFolder, { recursive: true, force: true })
  })
}

async function freshDatabase(server: string, end: () => Promise<void>): Promise<External> {
  const name = `surety_external_${randomBytes(6).toString('hex')}`
  const run = async (...statements: string[]): Promise<void> => {
    const client = new pg.Client({ connectionString: server })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await run(`create database ${name}`)
  return {
    url: server.replace(/\/[^/?]*(\?|$)/, `/${name}$1`),
    close: () =>
      run(
        `alter database ${name} with allow_connections false`,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
      ),
    reopen: () => run(`alter database ${name} with allow_connections true`),
    remove: async () => {
      await run(`drop database if exists ${name} with (force)`)
      await end()
    },
  }
}

suite('drill: a PostgreSQL of the operator’s own', { timeout: 240_000 }, () => {
  let external: External
  let folder: string
  let at: (Workplace & { stop(): Promise<void> }) | undefined
  let system: RunningSystem | undefined

  before(async () => {
    external = await openExternal()
    folder = await makeFolder()
  })
  after(async () => {
    await system?.stop()
    await at?.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    await external?.remove()
  })

  test('a fresh database is migrated, serves, and no other server is started', async () => {
    at = await openWorkplace({ folder, environment: { DATABASE_URL: external.url } })
    assert.equal(existsSync(join(folder, 'var/postgres')), false)
    assert.equal((await at.system.processIds()).database, null)
    assert.equal(await post(at, textMessage(at.channel, phoneOf(0), 'Hello')), 200)
    await until('the reply', () => at?.provider.received().length === 1)
    assert.deepEqual(await storedMessages(at.system), { in: 1, out: 1 })
    assert.ok(!at.system.said().includes(new URL(external.url.replace('@/', '@localhost/')).password))
  })

  test('while it takes no connections the system says so, and resumes by itself', async () => {
    assert.ok(at)
    const { system, channel } = at
    const before = await system.processIds()
    await external.close()
    await until('readiness says so', async () => (await readiness(system)).status === 503)
    const refused = textMessage(channel, phoneOf(1), 'Hello')
    assert.equal(await post(at, refused), 503)
    await external.reopen()
    await until('the system is ready', async () => (await readiness(system)).status === 200)
    await until(
      'the delivery is taken when it comes again',
      async () => (await post({ system, channel }, refused)) === 200,
    )
    await until('the reply', () => at?.provider.received().length === 2)
    assert.deepEqual(await system.processIds(), before, 'nobody was started anew')
  })

  test('policy 6.1-a: a backup of it is made, and the check of the clause finds it', async () => {
    assert.ok(at)
    const backup = await at.system.cli(['backup', 'now', '--json'])
    assert.equal(backup.code, 0, backup.stdout + backup.stderr)
    const { stdout } = await at.system.cli(['check', '6.1-a', '--json'])
    const { runs } = JSON.parse(stdout) as { runs: { control: string; kind: string; result: string }[] }
    const young = runs.find(({ control, kind }) => control === 'backup-young' && kind === 'check')
    assert.equal(young?.result, 'pass', stdout)
  })

  test('a second start finds all data', async () => {
    assert.ok(at)
    const { administrator } = at
    const { environment } = at.system
    await at.system.stop()
    system = await startSystem({ folder, environment })
    assert.equal(system.firstLink, null)
    assert.equal((await ask(system, administrator.cookie, 'GET /inbox/conversations')).status, 200)
    assert.deepEqual(await storedMessages(system), { in: 2, out: 2 })
  })
})
