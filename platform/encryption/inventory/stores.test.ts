import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runMigrations } from 'graphile-worker'
import { undone } from '../../db/index.ts'
import { otherByteColumns, sealedColumns } from '../stored-bytes.ts'
import { canaryInBytes } from './canary-control.ts'
import { classOfColumn } from './clear-columns.ts'
import { columnsWithoutClass, columnsWithWords, entriesWithoutDescriptor, filesOutside } from './discover.ts'
import { inventoryRig } from './inventory.fixture.ts'
import { stores } from './inventory.ts'
import { placeStores } from './places.ts'
import { contentColumns, plantInLog, plantWords, serverVersion, tablesThere } from './queries.ts'
import { canaryWords, searchRaw, tracesOf } from './raw-search.ts'
import { register, storeFaults, type Store } from './store.ts'
import { storesBackedUp, storesKnown } from './stores-control.ts'

type Rig = Awaited<ReturnType<typeof inventoryRig>>
const root = fileURLToPath(new URL('../../..', import.meta.url))
const never = { bytesMax: 1e9, newerThan: new Date(0) }

suite('the inventory of stores', () => {
  let at: Rig
  before(async () => {
    at = await inventoryRig()
    for (const schema of ['surety_jobs', 'inbox_jobs'])
      await runMigrations({ connectionString: at.rig.url, schema })
  })
  after(() => at.close())

  for (const control of [storesKnown, storesBackedUp, canaryInBytes])
    test(`policy ${control.clauses.join(', ')}: ${control.id} passes here and finds every break`, async () => {
      const seen = await control.check(at.system)
      assert.equal(seen.result, 'pass', seen.saw)
      const broken = await control.knownBad(at.system)
      assert.equal(broken.result, 'fail', broken.saw)
      const again = await control.check(at.system)
      assert.equal(again.result, 'pass', `the known-bad run left something behind: ${again.saw}`)
    })

  test('policy 2.2-0: every column that could hold words has an envelope or a reason, and no reason is for nothing', async () => {
    const { db, keyring } = at.system
    assert.deepEqual(
      [...(await columnsWithoutClass(db)), ...(await columnsWithoutClass(keyring))],
      [],
      'list the column in stored-bytes.ts or clear-columns.ts',
    )
    const there = new Set(
      [...(await contentColumns(db)), ...(await contentColumns(keyring))].map(
        ({ schema, table, column }) => `${schema}.${table}.${column}`,
      ),
    )
    const listed = [
      ...classOfColumn.keys(),
      ...Object.keys(otherByteColumns),
      ...sealedColumns.map(({ schema, table, column }) => `${schema}.${table}.${column}`),
    ]
    assert.deepEqual(
      listed.filter((name) => !there.has(name)),
      [],
    )
    assert.deepEqual(
      listed.filter((name, index) => listed.indexOf(name) < index),
      [],
      'a column stands in one list',
    )
  })

  test('policy 2.2-0, 6.1-0: every table has a descriptor with a backup policy, and no descriptor is for nothing', async () => {
    const { db, keyring } = at.system
    const there = new Set(
      [...(await tablesThere(db)), ...(await tablesThere(keyring))].map(({ name }) => name),
    )
    const listed = stores.filter(({ name }) => /^[a-z_]+\./.test(name)).map(({ name }) => name)
    assert.deepEqual(
      [...there].filter((name) => !listed.includes(name)),
      [],
      'list the table in tables.ts',
    )
    assert.deepEqual(
      listed.filter((name) => !there.has(name)),
      [],
    )
  })

  test('policy 2.2-0: a table with sealed columns says that it holds what is personal or secret', () => {
    const guarded = new Set(
      stores.filter(({ holds }) => holds === 'personal' || holds === 'secret').map(({ name }) => name),
    )
    const tables = sealedColumns.map(({ schema, table }) => `${schema}.${table}`)
    assert.deepEqual(
      tables.filter((name) => !guarded.has(name)),
      [],
    )
  })

  test('policy 2.2-0, 6.1-0: a store without a descriptor or a policy cannot be registered', () => {
    const [sound] = stores
    assert.ok(sound)
    assert.deepEqual(storeFaults(sound), [])
    const unsealed = { ...sound, encryption: undefined }
    const unbacked = { ...sound, backup: undefined }
    const bare = { ...sound, holds: 'personal', encryption: 'disk' } as const
    const vague = { ...sound, backup: { tier: 'not kept', because: ' ' } } as const
    for (const bad of [unsealed, unbacked, bare, vague, { ...bare, encryption: 'public' }])
      assert.throws(() => register([bad as unknown as Store]), /cannot be registered/)
    assert.throws(() => register([sound, sound]), /there twice/)
  })

  test('policy 2.2-0: words and addresses among ids are found, in lists as well', async () => {
    const { db } = at.system
    assert.deepEqual((await columnsWithWords(db)).findings, [])
    for (const words of ['Anna Sample', 'person@example.org', 'x'.repeat(300)]) {
      const { findings } = await undone(db, async (tx) => {
        await plantWords(tx, randomUUID(), words, at.rig.clock.now())
        return columnsWithWords(tx, ({ table }) => table === 'audit_event')
      })
      assert.match(findings.join(), /1 values of surety\.audit_event\.actor_id/, words)
    }
  })

  test('policy 2.2-0: a folder below each root and a file that is held open need a descriptor', async () => {
    const { roots } = at.system
    for (const [name, folder] of Object.entries(roots)) {
      if (!['SURETY_VAR', 'SURETY_KEYS', 'SURETY_BACKUPS'].includes(name)) continue
      await mkdir(join(folder, 'strange place'))
      const { findings } = await entriesWithoutDescriptor(roots, placeStores)
      assert.deepEqual(findings, [`${name}/strange place has no descriptor`])
      await rm(join(folder, 'strange place'), { recursive: true })
    }
    const outside = join(at.folder, 'export.csv')
    const handle = await open(outside, 'w')
    assert.deepEqual(
      (await filesOutside([process.pid], roots)).findings.filter((one) => one.includes('export')),
      [`${outside} is written by us and has no descriptor`],
    )
    await handle.close()
    const inside = await open(join(roots.SURETY_VAR, 'log/other.log'), 'w')
    assert.deepEqual(
      (await filesOutside([process.pid], roots)).findings.filter((one) => one.includes('other.log')),
      [],
    )
    await inside.close()
  })

  test('policy 2.2-0: every temporary folder that the program makes has a descriptor', () => {
    const files = globSync('{platform,inbox,launch,database,cli,client,engines}/**/*.ts', {
      cwd: root,
    }).filter((file) => !/\.(test|fixture)\.ts$|conform|testing|test-database/.test(file))
    const made = files.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/tmpdir\(\), [`'](?<name>[^`'$]*)/g)].map(
        ({ groups }) => [file, `${groups?.['name'] ?? ''}0123456789ab`] as const,
      ),
    )
    assert.ok(made.length >= 4, String(made.length))
    const known = placeStores.filter((one) => one.root === 'temporary')
    assert.deepEqual(
      made.filter(([, name]) => !known.some(({ entry }) => entry.test(name))),
      [],
    )
  })
})

suite('the search of raw bytes', () => {
  let at: Rig
  before(async () => {
    at = await inventoryRig()
  })
  after(() => at.close())

  test('policy 2.2-a: words are found in every form, at any place of a long file, and by themselves only', async () => {
    const words = canaryWords()
    const traces = tracesOf(words)
    const file = join(at.folder, 'var/log/long')
    for (const [form, trace] of traces)
      for (const before of [0, 1, 1024 * 1024 - trace.length / 2, 1024 * 1024 - 1, 2 * 1024 * 1024 + 17]) {
        await writeFile(file, Buffer.concat([randomBytes(Math.floor(before)), trace, randomBytes(9)]))
        const { found } = await searchRaw([at.folder], new Map([[form, trace]]), never)
        assert.deepEqual(found, [`${form} in ${file}`], `${form} after ${before} bytes`)
      }
    for (const before of ['', 'a', 'ab', 'abc']) {
      await writeFile(file, Buffer.from(`${before}${words} and on`).toString('base64'))
      assert.equal((await searchRaw([at.folder], traces, never)).found.length, 1)
    }
    await rm(file)
    assert.deepEqual((await searchRaw([at.folder], traces, never)).found, [])
  })

  test('a run reads no more than it may, new files first, and tells its share', async () => {
    const traces = tracesOf(canaryWords())
    const newest = join(at.folder, 'var/log/newest')
    for (const name of ['a', 'b', 'c'])
      await writeFile(join(at.folder, 'var/log', name), randomBytes(3_000_000))
    const before = new Date(Date.now() + 1000)
    const bounded = await searchRaw([at.folder], traces, { bytesMax: 1_500_000, newerThan: before })
    assert.ok(bounded.bytesRead < 3_000_000 && bounded.bytes > 9_000_000, JSON.stringify(bounded))
    const [trace] = traces.values()
    await writeFile(newest, trace ?? '')
    const { utimes } = await import('node:fs/promises')
    await utimes(newest, new Date(before.getTime() + 5000), new Date(before.getTime() + 5000))
    const { found } = await searchRaw([at.folder], traces, { bytesMax: 100_000, newerThan: before })
    assert.equal(found.length, 1)
  })

  test('policy 2.2-a: plain words in the log of the database are found on its disk', async (context) => {
    const { folder } = await serverVersion(at.rig.db)
    const words = canaryWords()
    if (folder === null || !(await plantInLog(at.rig.db, words)))
      return context.skip('the server does not say where its files are, or is older than 17')
    const since = { bytesMax: 256 * 1024 * 1024, newerThan: new Date(Date.now() - 10_000) }
    const { found } = await searchRaw([join(folder, 'pg_wal')], tracesOf(words), since)
    assert.match(found.join(), /UTF-8 in .*pg_wal/)
  })
})
