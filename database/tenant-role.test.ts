import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { startPostgres, type PostgresServer } from './embedded.ts'
import { migrate } from './migrate.ts'

const SCHEMAS = [
  ['surety', new URL('../platform/db/migrations/', import.meta.url)],
  ['inbox', new URL('../inbox/db/migrations/', import.meta.url)],
] as const

suite('a database of the operator’s own, whose user is no superuser', () => {
  let folder: string
  let server: PostgresServer
  let root: pg.Client

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'surety-role-'))
    await chmod(folder, 0o755)
    server = await startPostgres({
      dataFolder: join(folder, 'data'),
      passwordFile: join(folder, 'password'),
      settings: ['fsync=off'],
    })
    root = new pg.Client({ connectionString: server.url })
    await root.connect()
  })
  after(async () => {
    await root.end()
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    await rm(server.socketFolder, { recursive: true, force: true, maxRetries: 5 })
  })

  const urlOf = (user: string): string =>
    server.url.replace(/\/\/[^@]*@\/surety/, `//${user}:sample-password@/${user}`)

  const makeUser = async (user: string, privileges: string): Promise<void> => {
    await root.query(`create user ${user} password 'sample-password' ${privileges}`)
    await root.query(`create database ${user} owner ${user}`)
  }

  const migrateAll = async (user: string): Promise<void> => {
    for (const [schema, migrations] of SCHEMAS) await migrate(urlOf(user), migrations, schema)
  }

  /** How many channels work for a workspace sees, out of two workspaces with one each. */
  const seenBehindTheWall = async (user: string): Promise<number> => {
    const client = new pg.Client({ connectionString: urlOf(user) })
    await client.connect()
    try {
      const [ours, theirs] = [1, 2].map((n) => `00000000-0000-4000-8000-00000000000${n}`)
      for (const workspace of [ours, theirs])
        await client.query(
          `insert into inbox.rule (workspace_id, id, kind, content, priority, cooldown_seconds, enabled, version, created_at, changed_at)
           values ($1, gen_random_uuid(), 'keyword', '', 1, 0, true, 1, now(), now())`,
          [workspace],
        )
      assert.equal((await client.query('select 1 from inbox.rule')).rowCount, 2, 'the owner is not held')
      await client.query('begin')
      await client.query(
        "select set_config('role', 'surety_tenant', true), set_config('surety.workspace', $1, true)",
        [ours],
      )
      const seen = (await client.query('select 1 from inbox.rule')).rowCount ?? 0
      await client.query('rollback')
      return seen
    } finally {
      await client.end()
    }
  }

  test('with CREATEROLE it makes the role of the second wall itself', async () => {
    await makeUser('maker', 'createrole')
    await migrateAll('maker')
    assert.equal(await seenBehindTheWall('maker'), 1)
    await root.query('drop database maker')
    await root.query('drop role surety_tenant')
  })

  test('without it, starting says which privilege is missing and what an administrator must run, and then it works', async () => {
    await makeUser('plain', '')
    const said =
      /lacks the privilege CREATEROLE.*create role surety_tenant nologin; grant surety_tenant to plain;/
    await assert.rejects(migrateAll('plain'), { name: 'MigrationError', message: said })
    await root.query('create role surety_tenant nologin')
    const notMember = /may not act as the role surety_tenant.*grant surety_tenant to plain;/
    await assert.rejects(migrateAll('plain'), { name: 'MigrationError', message: notMember })
    await root.query('grant surety_tenant to plain')
    await migrateAll('plain')
    assert.equal(await seenBehindTheWall('plain'), 1)
  })
})
