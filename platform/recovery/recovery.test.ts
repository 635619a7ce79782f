import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { openDatabase } from '../db/index.ts'
import { openTenantKeys } from '../encryption/index.ts'
import { policyWith } from '../kernel/parameter.ts'
import { Problem } from '../kernel/problem.ts'
import { makeBackup } from './backup.ts'
import { backupsFolder, filesBelow, SEALED_FILE } from './backup-files.ts'
import type { Manifest } from './manifest.ts'
import { fillTables, recoveryRig, type RecoveryRig } from './rig.fixture.ts'
import { restoreBackup } from './restore.ts'
import { restoreCheck } from './restore-check.ts'
import { existingBackupKey } from '../encryption/index.ts'

const refusal = (code: string, words?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Problem, String(error))
  assert.equal(error.code, code)
  if (words !== undefined) assert.match(error.detail, words)
  return true
}

/** Every row of every table as PostgreSQL prints it. */
async function everything(url: string): Promise<Record<string, string[]>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: tables } = await client.query(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname in ('surety', 'inbox') and tablename <> 'migration' order by 1`,
  )
  const found: Record<string, string[]> = {}
  for (const { name } of tables) {
    const { rows } = await client.query(`select one::text as text from ${name} one order by 1`)
    found[name] = rows.map((row) => row.text)
  }
  await client.end()
  return found
}

suite('backup and restore', () => {
  let rig: RecoveryRig
  let manifest: Manifest
  let from: string
  let atBackup: Record<string, string[]>
  const parts = (database: { url: string }, more: object = {}) => ({
    databaseUrl: database.url,
    from,
    keysFolder: rig.keysFolder,
    varFolder: join(rig.folder, `restored-${randomBytes(4).toString('hex')}`),
    ...more,
  })
  const isEmpty = async (url: string): Promise<boolean> => Object.keys(await everything(url)).length === 0

  before(async () => {
    rig = await recoveryRig()
    await fillTables(rig.db, rig.databaseUrl)
    for (let count = 0; count < 300; count++) await rig.happen(`before ${count}`)
    await rig.ledger.run()
    await rig.happen('recorded and not yet in the ledger')
    atBackup = await everything(rig.databaseUrl)
    manifest = await makeBackup(rig)
    from = join(backupsFolder(rig.varFolder), manifest.name)
    await rig.happen('after the backup')
    await rig.ledger.run()
  })
  after(() => rig.close())

  test('policy 6.1-a: every row of every table comes back as it was, and numbers go on after the last', async () => {
    const target = await rig.emptyDatabase()
    const into = parts(target)
    const restored = await restoreBackup(into)
    assert.equal(restored.rows, Object.values(atBackup).flat().length)
    assert.deepEqual(await everything(target.url), atBackup)
    const db = openDatabase(target.url, () => {})
    const next = await db
      .insertInto('audit_event')
      .values({
        id: '00000000-0000-7000-8000-000000000000',
        at: rig.clock.now(),
        type: 'sample',
        kind: 'system',
        actor_kind: 'system',
        actor_id: 'sample',
        outcome: 'success',
        details: '{}',
      })
      .returning('written')
      .executeTakeFirstOrThrow()
    const last = await rig.db
      .selectFrom('audit_event')
      .select((one) => one.fn.max('written').as('written'))
      .executeTakeFirstOrThrow()
    assert.ok(next.written > last.written - 10)
    const keys = openTenantKeys({ db, keyring: rig.keyring, clock: rig.clock, root: rig.root })
    const event = await db
      .selectFrom('audit_event')
      .select(['id', 'sealed'])
      .where('type', '=', 'audit.sealed-probe')
      .orderBy('written')
      .executeTakeFirstOrThrow()
    const place = { table: 'audit_event', column: 'sealed', row: event.id }
    assert.match(await keys.openText('provider', place, event.sealed ?? Buffer.alloc(0)), /before 0/)
    await db.destroy()
    await target.drop()
    const files = await filesBelow(join(into.varFolder, 'ledger'))
    assert.ok(files.includes('checkpoint') && files.includes('vkey'))
  })

  test('policy 6.1-a: the restored ledger goes on where it stood', async () => {
    const target = await rig.emptyDatabase()
    const into = parts(target)
    await restoreBackup(into)
    const db = openDatabase(target.url, () => {})
    const { openLedger } = await import('../audit/index.ts')
    const ledger = await openLedger({
      db,
      clock: rig.clock,
      folder: join(into.varFolder, 'ledger'),
      keysFolder: rig.keysFolder,
      origin: 'sample/ledger',
    })
    assert.ok((await ledger.run()) > 0)
    assert.equal((await ledger.verify()).ok, true)
    await db.destroy()
    await target.drop()
  })

  test('policy 6.1-a: the check restores into a scratch database and leaves nothing behind', async () => {
    const key = await existingBackupKey(rig.keysFolder)
    const proof = await restoreCheck({ ...rig, from, key })
    assert.equal(proof.rows, manifest.rows)
    assert.ok(proof.ledgerEntries >= 300 && proof.keys >= 2)
    assert.ok(!(await readdir(rig.varFolder)).includes('restore-check'))
  })

  test('policy 6.1-d: neither words nor rows stand readable in the files of a backup', async () => {
    const [sealed, shown] = await Promise.all(
      [SEALED_FILE, 'manifest.json'].map((name) => readFile(join(from, name))),
    )
    for (const words of ['audit_event', 'sample.md', 'provider', 'CREATE', 'sample/ledger'])
      assert.ok(!sealed?.includes(words) && !shown?.includes(words), words)
    assert.equal((await stat(from)).mode & 0o077, 0)
  })

  test('a database or a ledger folder that holds something is refused and stays as it is', async () => {
    const target = await rig.emptyDatabase()
    const before = await everything(rig.databaseUrl)
    await assert.rejects(restoreBackup(parts({ url: rig.databaseUrl })), refusal('recovery.not-empty'))
    assert.deepEqual(await everything(rig.databaseUrl), before)
    const varFolder = join(rig.folder, 'taken')
    await mkdir(join(varFolder, 'ledger'), { recursive: true })
    await writeFile(join(varFolder, 'ledger/checkpoint'), 'x')
    await assert.rejects(restoreBackup(parts(target, { varFolder })), refusal('recovery.not-empty'))
    assert.ok(await isEmpty(target.url))
    await target.drop()
  })

  test('another key, or none, is refused before anything is written', async () => {
    const target = await rig.emptyDatabase()
    const keysFolder = join(rig.folder, 'other-keys')
    await mkdir(keysFolder)
    await assert.rejects(
      restoreBackup(parts(target, { keysFolder })),
      refusal('recovery.unreadable', /no backup\.key/),
    )
    await writeFile(join(keysFolder, 'backup.key'), randomBytes(32))
    await assert.rejects(
      restoreBackup(parts(target, { keysFolder })),
      refusal('recovery.unreadable', /another backup key/),
    )
    assert.ok(await isEmpty(target.url))
    await target.drop()
  })

  test('a changed, cut, lengthened, missing or foreign part is refused before anything is written', async () => {
    const target = await rig.emptyDatabase()
    const whole = await readFile(join(from, SEALED_FILE))
    const shown = JSON.parse(await readFile(join(from, 'manifest.json'), 'utf8')) as Manifest
    const flipped = (at: number): Buffer => {
      const copy = Buffer.from(whole)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy
    }
    const other = await makeBackup(rig)
    const otherBytes = await readFile(join(backupsFolder(rig.varFolder), other.name, SEALED_FILE))
    const damaged: Record<string, [Buffer | null, object | string | null]> = {
      'first byte': [flipped(0), shown],
      'middle byte': [flipped(Math.floor(whole.length / 2)), shown],
      'last byte': [flipped(whole.length - 1), shown],
      'cut short': [whole.subarray(0, -1), shown],
      'cut at a chunk': [whole.subarray(0, 56 + 16_400), shown],
      'header only': [whole.subarray(0, 56), shown],
      empty: [Buffer.alloc(0), shown],
      lengthened: [Buffer.concat([whole, Buffer.from('x')]), shown],
      'of another backup': [otherBytes, shown],
      'no file': [null, shown],
      'no manifest': [whole, null],
      'manifest is no JSON': [whole, '{'],
      'manifest of another form': [whole, { ...shown, format: 2 }],
      'another time': [whole, { ...shown, takenAt: '2026-02-01T00:00:00.000Z' }],
      'another name': [whole, { ...shown, name: 'renamed' }],
    }
    const folder = join(rig.folder, 'damaged')
    for (const [what, [bytes, text]] of Object.entries(damaged)) {
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder)
      if (bytes !== null) await writeFile(join(folder, SEALED_FILE), bytes)
      if (text !== null)
        await writeFile(join(folder, 'manifest.json'), typeof text === 'string' ? text : JSON.stringify(text))
      await assert.rejects(
        restoreBackup(parts(target, { from: folder })),
        refusal('recovery.unreadable'),
        what,
      )
      assert.ok(await isEmpty(target.url), what)
    }
    await target.drop()
  })

  test('a moved backup restores: its folder may have any name', async () => {
    const target = await rig.emptyDatabase()
    const moved = join(rig.folder, 'moved elsewhere')
    await cp(from, moved, { recursive: true })
    await restoreBackup(parts(target, { from: moved }))
    assert.deepEqual(await everything(target.url), atBackup)
    await target.drop()
  })
})

suite('making backups', () => {
  let rig: RecoveryRig
  before(async () => {
    rig = await recoveryRig()
    await rig.happen('a sample')
    await rig.ledger.run()
  })
  after(() => rig.close())
  const inFolder = async (): Promise<string[]> =>
    readdir(backupsFolder(rig.varFolder)).catch(() => [] as string[])

  test('policy 2.2-b: a backup under the root key or a data key is refused, and nothing is written', async () => {
    const keysFolder = join(rig.folder, 'shared-keys')
    await mkdir(keysFolder)
    await writeFile(join(keysFolder, 'backup.key'), await readFile(join(rig.keysFolder, 'root.key')))
    await assert.rejects(makeBackup({ ...rig, keysFolder }), refusal('recovery.key-shared'))
    const { data, index } = await rig.keys.release('provider', {
      actor: { kind: 'system', id: 'test' },
      request: null,
    })
    for (const key of [...data.values(), index]) {
      await writeFile(join(keysFolder, 'backup.key'), key.export())
      await assert.rejects(makeBackup({ ...rig, keysFolder }), refusal('recovery.key-shared'))
    }
    assert.deepEqual(await inFolder(), [])
  })

  test('policy 2.2-a: nothing is written under an algorithm that is not offered', async () => {
    const policy = policyWith({ 'encryption.algorithm': 'DES' }, rig.policy)
    await assert.rejects(makeBackup({ ...rig, policy }), refusal('encryption.algorithm'))
    assert.deepEqual(await inFolder(), [])
  })

  test('a folder that cannot be written to is named, and nothing half-written stays', async () => {
    const varFolder = join(rig.folder, 'a-file')
    await writeFile(varFolder, 'no folder')
    const ledgerless = { ...rig, varFolder }
    await assert.rejects(makeBackup(ledgerless), refusal('recovery.unwritable', /ENOTDIR/))
    assert.equal(await readFile(varFolder, 'utf8'), 'no folder')
  })

  test('a database that is lost in the middle leaves nothing half-written, and the next run succeeds', async () => {
    const killer = new pg.Client({ connectionString: rig.databaseUrl })
    await killer.connect()
    const blocker = new pg.Client({ connectionString: rig.databaseUrl })
    await blocker.connect()
    await blocker.query('begin; lock table surety.workspace in access exclusive mode')
    const failing = assert.rejects(makeBackup(rig))
    for (let killed = 0; killed === 0;) {
      const { rows } = await killer.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'surety recovery' and wait_event_type = 'Lock' and datname = current_database()`,
      )
      killed = rows.length
    }
    await failing
    await blocker.end()
    await killer.end()
    assert.deepEqual(await inFolder(), [])
    await makeBackup(rig)
    assert.equal((await inFolder()).length, 1)
  })

  test('of backups at once one is made and the others are told so', async () => {
    const before = (await inFolder()).length
    const runs = await Promise.allSettled(Array.from({ length: 4 }, () => makeBackup(rig)))
    const made = runs.filter((run) => run.status === 'fulfilled').length
    assert.ok(made >= 1)
    for (const run of runs) if (run.status === 'rejected') refusal('resource.conflict')(run.reason)
    assert.equal((await inFolder()).length, before + made)
  })

  test('what a run that was cut off left is removed by the next', async () => {
    const left = join(backupsFolder(rig.varFolder), '.making-cut-off')
    await mkdir(left)
    await writeFile(join(left, SEALED_FILE), 'half')
    await truncate(join(left, SEALED_FILE), 2)
    await makeBackup(rig)
    assert.ok(!(await inFolder()).includes('.making-cut-off'))
  })

  test('a backup while the ledger is being published holds both as of one moment', async () => {
    const publisher = { going: true }
    const publishing = (async () => {
      for (let count = 0; publisher.going; count++) {
        await rig.happen(`busy ${count}`)
        await rig.ledger.run()
      }
    })()
    try {
      const { name } = await makeBackup(rig)
      const key = await existingBackupKey(rig.keysFolder)
      const from = join(backupsFolder(rig.varFolder), name)
      const proof = await restoreCheck({ ...rig, from, key })
      assert.ok(proof.ledgerEntries > 0)
    } finally {
      publisher.going = false
      await publishing
    }
  })
})
