import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { parseTlogProof, parseVerifierKey, verifyTlogProof } from '#ledger'
import { testDatabase, type TestDatabase } from '#database'
import { openDatabase, type Database } from '../db/index.ts'
import {
  localRoot,
  openKeyring,
  openRootKey,
  openTenantKeys,
  type Keyring,
  type TenantKeys,
} from '../encryption/index.ts'
import { fakeClock } from '../kernel/clock.ts'
import { bindControls } from '../kernel/control.ts'
import { declareEvents, type AuditEvent } from '../kernel/event.ts'
import { policyWith } from '../kernel/parameter.ts'
import type { Permission } from '../kernel/permission.ts'
import { auditControls } from './controls.ts'
import { ledgerEntry } from './entry.ts'
import {
  auditEvents,
  openAudit,
  openAuditReader,
  openLedger,
  type Audit,
  type AuditReader,
  type Ledger,
} from './index.ts'
import { retainEvents } from './jobs.ts'
import { eventsByIndex, findEvents, ledgerState, waitingEvents } from './queries.ts'

const clock = fakeClock()
const tenant = '0197a000-0000-7000-8000-000000000001'
const testEvents = declareEvents({
  'thing.done': { kind: 'data', says: 'A thing was done.' },
  'thing.open': { kind: 'system', says: 'A thing was done in the open.', open: true },
})

function event(details: AuditEvent['details'], type = 'thing.done', of: string | null = tenant): AuditEvent {
  const actor = { kind: 'system', id: 'test' } as const
  return { type, tenant: of, actor, target: null, outcome: 'success', details, request: null }
}

suite('audit log', () => {
  let database: TestDatabase
  let folder: string
  let db: Database
  let keyring: Keyring
  let keys: TenantKeys
  let audit: Audit
  let ledger: Ledger
  let reader: AuditReader

  const openHere = () =>
    openLedger({
      db,
      clock,
      folder: join(folder, 'ledger'),
      keysFolder: join(folder, 'keys'),
      origin: 'test.invalid/ledger',
    })

  before(async () => {
    database = await testDatabase()
    folder = await mkdtemp(join(tmpdir(), 'audit-'))
    db = openDatabase(database.url, assert.fail)
    keyring = openKeyring(database.url, () => {})
    keys = openTenantKeys({ db, keyring, clock, root: localRoot(await openRootKey(join(folder, 'keys'))) })
    audit = openAudit({ clock, keys, catalogues: [testEvents, auditEvents] })
    ledger = await openHere()
    reader = openAuditReader({ db, keys, audit })
  })
  after(async () => {
    await db.destroy()
    await keyring.destroy()
    await database.drop()
    await rm(folder, { recursive: true })
  })

  test('policy 8.1-a: an event is kept with the change it belongs to, or not at all', async () => {
    const undoing = db.transaction().execute(async (tx) => {
      await audit.record(tx, event({ kept: false }))
      throw new Error('undone')
    })
    await assert.rejects(undoing, /undone/)
    assert.equal((await waitingEvents(db)).count, 0)
    await db.transaction().execute((tx) => audit.record(tx, event({ kept: true })))
    assert.equal((await waitingEvents(db)).count, 1)
  })

  test('an event that nobody declared is refused', async () => {
    await assert.rejects(audit.record(db, event({}, 'thing.undeclared')), /not declared/)
  })

  test('details that no ledger entry could hold are refused', async () => {
    await assert.rejects(audit.record(db, event({ long: 'x'.repeat(60_000) })), { code: 'request.too-large' })
    await assert.rejects(audit.record(db, event({ long: 'x'.repeat(60_000) }, 'thing.open')), {
      code: 'request.too-large',
    })
  })

  test('policy 8.2-a.3: every event gets one place, in order, and a proof that anyone can check', async () => {
    for (let at = 0; at < 300; at += 1) await audit.record(db, event({ at }))
    await Promise.all([ledger.run(), ledger.run()])
    const { published, sequenced } = await ledgerState(db)
    assert.equal(published, sequenced)
    const events = await eventsByIndex(db, 0, published)
    assert.deepEqual(
      events.map((one) => one.ledger_index),
      [...Array(published).keys()],
    )
    for (const one of events.filter((_, at) => at % 37 === 0)) {
      const proof = parseTlogProof(await ledger.proof(one.ledger_index ?? -1))
      verifyTlogProof(proof, ledgerEntry(one), parseVerifierKey(ledger.verifierKey))
      const other = { ...one, outcome: 'refused' }
      assert.throws(() => verifyTlogProof(proof, ledgerEntry(other), parseVerifierKey(ledger.verifierKey)))
    }
    assert.equal((await ledger.verify()).ok, true)
  })

  test('two processes that publish at once make one log', async () => {
    const other = await openHere()
    for (let at = 0; at < 50; at += 1) {
      await audit.record(db, event({ at }))
      await Promise.all([ledger.run(), other.run()])
    }
    await ledger.run()
    const { published, sequenced } = await ledgerState(db)
    assert.equal(published, sequenced)
    assert.equal((await ledger.verify()).ok, true)
  })

  test('a process that dies after giving indices, or between files and checkpoint, is made good by the next', async () => {
    await ledger.run()
    const { published, root, checkpoint } = await ledgerState(db)
    await audit.record(db, event({ before: 'the crash' }))
    await ledger.run()
    // As if the last step, remembering what was published, had never happened.
    await db.updateTable('ledger_state').set({ published, root, checkpoint }).execute()
    await audit.record(db, event({ after: 'the crash' }))
    await (await openHere()).run()
    assert.equal((await ledger.verify(checkpoint ?? undefined)).ok, true)
    const state = await ledgerState(db)
    assert.equal(state.published, published + 2)
  })

  test('policy 8.2-a.3: a flipped byte stops the log from growing and is named by the verifier', async () => {
    await ledger.run()
    const { published } = await ledgerState(db)
    const [, last] = [published, String(published % 256)]
    const path = join(folder, 'ledger/tile/entries', `00${Math.floor(published / 256)}.p`, last)
    const bytes = await readFile(path)
    await chmod(path, 0o600)
    await writeFile(path, Buffer.from(bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte))))
    assert.equal((await ledger.verify()).ok, false)
    await audit.record(db, event({ on: 'a broken log' }))
    const fresh = await openHere()
    await assert.rejects(fresh.run(), /does not have the hash/)
    await writeFile(path, bytes)
    await fresh.run()
    assert.equal((await ledger.verify()).ok, true)
  })

  test('policy 8.2-a.2: the words of an event stand neither in its row nor in the ledger', async () => {
    await audit.record(db, event({ words: 'quince marmalade' }))
    await ledger.run()
    const [newest] = await findEvents(db, { tenant, most: 1 })
    assert.ok(newest !== undefined)
    assert.ok(!JSON.stringify(ledgerEntry(newest).toString()).includes('quince'))
    assert.ok(!newest.sealed?.includes('quince'))
  })

  test('policy 8.2-b: reading is recorded, stays inside the tenant, and shows what was sealed', async () => {
    const caller = {
      kind: 'account',
      id: 'reader',
      level: 'full',
      sessionId: 's',
      workspaceId: tenant,
      workspaceRole: 'auditor',
      staffRole: null,
      factors: [],
      provedAt: null,
      onBehalfOf: null,
      permissions: new Set<Permission>(),
      ip: '192.0.2.1',
      userAgent: 'test',
    } as const
    const who = { requestId: 'request-1', caller }
    const [event1] = await reader.list(who, { tenant, type: 'thing.done', most: 1 })
    assert.deepEqual(event1?.details, { words: 'quince marmalade' })
    const [reading] = await reader.list(who, { tenant, type: 'audit.read', most: 1 })
    assert.equal(reading?.actor.id, 'reader')
    assert.equal(reading.origin?.ip, '192.0.2.1')
    await assert.rejects(reader.one(who, '0197a000-0000-7000-8000-000000000002', event1.id), {
      code: 'resource.unknown',
    })
  })

  test('events of a tenant whose keys were destroyed stay proven and say nothing more', async () => {
    const gone = '0197a000-0000-7000-8000-0000000000aa'
    await audit.record(db, event({ words: 'to be erased' }, 'thing.done', gone))
    await ledger.run()
    await keys.destroy(db, gone)
    const [stored] = await findEvents(db, { tenant: gone, most: 1 })
    assert.ok(stored !== undefined)
    const proof = parseTlogProof(await ledger.proof(stored.ledger_index ?? -1))
    verifyTlogProof(proof, ledgerEntry(stored), parseVerifierKey(ledger.verifierKey))
    await assert.rejects(
      keys.openText(
        gone,
        { table: 'audit_event', column: 'sealed', row: stored.id },
        stored.sealed ?? Buffer.alloc(0),
      ),
      {
        code: 'encryption.key-missing',
      },
    )
  })

  test('every control of chapter 8 passes on the running log, and fails where it must', async () => {
    const policy = policyWith({ 'audit.retention': 365 * 86_400 })
    const system = {
      db,
      clock,
      policy,
      audit,
      reader,
      ledger,
      work: () => [{ name: 'POST /thing', event: 'thing.done', changes: true }],
      recentChanges: () => [],
      readers: () => ['owner', 'auditor'],
      anonymous: (path: string) => Promise.resolve(path.startsWith('/api/') ? 401 : 200),
      anchorFile: join(folder, 'anchor'),
    }
    for (const one of bindControls(auditControls, system)) {
      const seen = await one.check()
      assert.equal(seen.result, 'pass', `${one.id}: ${seen.saw}`)
      const bad = await one.knownBad()
      assert.equal(bad.result, 'fail', `${one.id} must see what is broken: ${bad.saw}`)
    }
    assert.equal((await ledger.verify(await readFile(system.anchorFile, 'utf8'))).ok, true)
  })

  test('policy 8.2-a.1: events past the retention go and leave a record, younger ones stay', async () => {
    const policy = policyWith({ 'audit.retention': 30 * 86_400 })
    const started = clock.now()
    const retain = () => db.transaction().execute((tx) => retainEvents(tx, audit, policy, clock.now()))
    const left = async () =>
      (await findEvents(db, { tenant, type: 'thing.open', most: 10 })).map((one) => one.target_id)
    const about = (id: string): AuditEvent => ({
      ...event({}, 'thing.open'),
      target: { kind: 'thing', id },
    })
    try {
      await audit.record(db, about('older'))
      clock.advanceSeconds(1)
      await audit.record(db, about('younger'))
      await ledger.run()
      clock.advanceSeconds(30 * 86_400 - 1)
      await retain()
      assert.deepEqual(await left(), ['younger', 'older'])
      clock.advanceSeconds(1)
      await retain()
      assert.deepEqual(await left(), ['younger'])
      const records = await findEvents(db, { tenant: null, type: 'audit.retained', most: 2 })
      const [removed, before] = records.map(({ details }) => (details as { removed: number }).removed)
      assert.ok(removed !== undefined && before !== undefined && removed >= 1)
    } finally {
      clock.set(started)
    }
  })

  test('policy 8.2-a.3: a row rewritten in the database is found against the ledger', async () => {
    const [control] = auditControls.filter((one) => one.id === 'ledger-unchanged')
    const { published } = await ledgerState(db)
    const system = {
      db,
      clock,
      policy: policyWith({}),
      audit,
      reader,
      ledger,
      work: () => [],
      recentChanges: () => [],
      readers: () => [],
      anonymous: () => Promise.resolve(401),
      anchorFile: join(folder, 'anchor'),
    }
    await db
      .updateTable('audit_event')
      .set({ outcome: 'refused' })
      .where('ledger_index', '=', published - 1)
      .execute()
    const seen = await control?.check(system)
    assert.equal(seen?.result, 'fail')
    assert.match(seen.saw, /differs from the ledger/)
  })
})
