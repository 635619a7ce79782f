import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, suite, test } from 'node:test'
import { migrate, MigrationError, testDatabase, type TestDatabase } from './index.ts'

suite('migrations', () => {
  let database: TestDatabase
  let folder: string
  const url = (): URL => pathToFileURL(`${folder}/`)

  before(async () => {
    database = await testDatabase()
    folder = await mkdtemp(join(tmpdir(), 'migrations-'))
    await writeFile(join(folder, '0001-one.sql'), 'create table one (id int)')
    await writeFile(join(folder, '0002-two.sql'), 'create table two (id int)')
  })
  after(async () => {
    await database.drop()
    await rm(folder, { recursive: true })
  })

  test('two starters at once apply each file once', async () => {
    const runs = await Promise.all([
      migrate(database.url, url(), 'twice'),
      migrate(database.url, url(), 'twice'),
    ])
    assert.deepEqual(runs.flat().sort(), ['0001-one.sql', '0002-two.sql'])
    assert.deepEqual(await migrate(database.url, url(), 'twice'), [])
  })

  test('a file edited after it was applied is refused', async () => {
    await migrate(database.url, url(), 'edited')
    await writeFile(join(folder, '0001-one.sql'), 'create table one (id bigint)')
    await assert.rejects(migrate(database.url, url(), 'edited'), MigrationError)
    await writeFile(join(folder, '0001-one.sql'), 'create table one (id int)')
  })

  test('a file that fails leaves nothing of itself behind', async () => {
    await writeFile(join(folder, '0003-three.sql'), 'create table three (id int); select 1/0')
    await assert.rejects(migrate(database.url, url(), 'failing'), /0003-three.sql failed/)
    await writeFile(join(folder, '0003-three.sql'), 'create table three (id int)')
    assert.deepEqual(await migrate(database.url, url(), 'failing'), ['0003-three.sql'])
  })
})
