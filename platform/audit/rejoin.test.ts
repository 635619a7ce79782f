import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { sql } from 'kysely'
import { parseVerifierKey } from '#ledger'
import { testDatabase, type TestDatabase } from '#database'
import { openDatabase, type Database } from '../db/index.ts'
import { fakeClock } from '../kernel/clock.ts'
import { declareEvents } from '../kernel/event.ts'
import {
  auditEvents,
  openAudit,
  openLedger,
  openLogFiles,
  rejoinLedger,
  type Audit,
  type Ledger,
} from './index.ts'
import { ledgerState } from './queries.ts'

const clock = fakeClock()
const testEvents = declareEvents({
  'thing.open': { kind: 'system', says: 'A thing was done in the open.', open: true },
  'thing.sealed': { kind: 'data', says: 'A thing was done.' },
})
const actor = { kind: 'system', id: 'test' } as const

suite('a restored database and a restored ledger', () => {
  let database: TestDatabase
  let folder: string
  let db: Database
  let audit: Audit
  let ledger: Ledger
  const at = (name: string): string => join(folder, name)

  before(async () => {
    database = await testDatabase()
    db = openDatabase(database.url, () => {})
    // Sealing is not what is tested here: bytes that look like a sealed text are enough.
    const keys = { sealText: async () => Buffer.from('sealed sample bytes') }
    audit = openAudit({ clock, keys, catalogues: [testEvents, auditEvents] })
  })
  after(async () => {
    await db.destroy()
    await database.drop()
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rejoin-'))
    await sql`truncate audit_event`.execute(db)
    await sql`update ledger_state set sequenced = 0, published = 0, root = null, checkpoint = null`.execute(
      db,
    )
    const keysFolder = at('keys')
    ledger = await openLedger({ db, clock, folder: at('ledger'), keysFolder, origin: 'test.invalid/ledger' })
  })
  afterEach(() => rm(folder, { recursive: true }))

  const happen = async (count: number, note = 'sample'): Promise<void> => {
    for (let number = 0; number < count; number++)
      await audit.record(db, {
        type: number % 2 === 0 ? 'thing.open' : 'thing.sealed',
        tenant: null,
        actor,
        target: number % 3 === 0 ? { kind: 'thing', id: `${number}` } : null,
        outcome: 'success',
        details: { note, number, deep: { b: [1, null], a: '“ü”' } },
        request: null,
      })
  }
  const rejoin = async (name: string) =>
    rejoinLedger({
      db,
      files: openLogFiles(at(name)),
      key: parseVerifierKey((await readFile(at('ledger/vkey'), 'utf8')).trim()),
    })
  const rowsOf = () => db.selectFrom('audit_event').selectAll().orderBy('ledger_index').execute()
  const verified = async (name: string): Promise<number> => {
    const copy = await openLedger({
      db,
      clock,
      folder: at(name),
      keysFolder: at('keys'),
      origin: 'test.invalid/ledger',
    })
    const verdict = await copy.verify()
    assert.ok(verdict.ok)
    return verdict.checkpoint.size
  }

  test('files that are behind are made again from the rows, to the same root', async () => {
    await happen(100)
    await ledger.run()
    await cp(at('ledger'), at('old'), { recursive: true })
    await happen(200)
    await ledger.run()
    assert.deepEqual(await rejoin('old'), { entries: 300, filesCaughtUp: 200, rowsCaughtUp: 0 })
    assert.equal(await verified('old'), 300)
    assert.equal(
      await readFile(at('old/checkpoint'), 'utf8'),
      await readFile(at('ledger/checkpoint'), 'utf8'),
      'nothing was signed anew',
    )
  })

  test('files that are lost altogether are made again', async () => {
    await happen(20)
    await ledger.run()
    assert.deepEqual(await rejoin('none'), { entries: 20, filesCaughtUp: 20, rowsCaughtUp: 0 })
    assert.equal(await verified('none'), 20)
  })

  test('policy 8.2-a.3: entries that the restored rows lack stay, and their rows come back equal', async () => {
    await happen(10)
    await ledger.run()
    // Two more that had no place yet at the moment that is restored.
    await happen(2)
    const then = await ledgerState(db)
    const waiting = (await rowsOf()).filter((row) => row.ledger_index === null).map(({ id }) => id)
    await happen(260)
    await ledger.run()
    const whole = await rowsOf()
    await db.deleteFrom('audit_event').where('ledger_index', '>=', 12).execute()
    await db.updateTable('audit_event').set({ ledger_index: null }).where('id', 'in', waiting).execute()
    await db
      .updateTable('ledger_state')
      .set({
        sequenced: then.sequenced,
        published: then.published,
        root: then.root,
        checkpoint: then.checkpoint,
      })
      .execute()
    assert.deepEqual(await rejoin('ledger'), { entries: 272, filesCaughtUp: 0, rowsCaughtUp: 260 })
    const strip = (rows: typeof whole) => rows.map((row) => ({ ...row, written: null }))
    assert.deepEqual(strip(await rowsOf()), strip(whole))
    await happen(3)
    assert.equal(await ledger.run(), 3, 'the log goes on')
    assert.equal(await verified('ledger'), 275)
  })

  test('a row that is not the entry in its place is refused, and nothing is changed', async () => {
    await happen(10)
    await ledger.run()
    await cp(at('ledger'), at('other'), { recursive: true })
    // The same system, restored to the beginning and gone another way.
    await sql`truncate audit_event`.execute(db)
    await sql`update ledger_state set sequenced = 0, published = 0, root = null, checkpoint = null`.execute(
      db,
    )
    await rm(at('ledger'), { recursive: true })
    await cp(at('other/vkey'), at('ledger/vkey'))
    await happen(4, 'another')
    await ledger.run()
    const before = await rowsOf()
    await assert.rejects(rejoin('other'), /parted before/)
    assert.deepEqual(await rowsOf(), before)
  })
})
