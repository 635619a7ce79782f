import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { describeField } from '#envelope'
import { PROVIDER } from '../key-parts.ts'
import { byteColumns } from '../queries.ts'
import { encryptionRig, type EncryptionRig } from '../rig.fixture.ts'
import { sealedColumns } from '../stored-bytes.ts'
import { fixedColumns, movingColumns, placeOf, storeName } from './places.ts'
import { blocksOf, columnIn, columnRuns, lockStale, replaceValues, identityOf, rowIn } from './queries.ts'
import { olderKeys, reencrypt, type ReencryptParts } from './reencrypt.ts'

let rig: EncryptionRig
before(async () => {
  rig = await encryptionRig()
})
after(() => rig.close())

function parts(): ReencryptParts {
  return { ...rig, data: rig.db, share: 1, pause: () => Promise.resolve() }
}

const outboxColumn = movingColumns.find((one) => storeName(one) === 'surety.outbox.message')
const placeOfMessage = (id: string) => ({ table: 'outbox', column: 'message', row: id })

/** Puts messages into the outbox, each sealed as the post seals them. */
async function putMessages(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID())
  for (const id of ids) {
    const message = await rig.keys.sealText(PROVIDER, placeOfMessage(id), `words of ${id}`)
    await rig.db
      .insertInto('outbox')
      .values({ id, channel: 'letter', kind: 'sample', message, state: 'kept', created_at: rig.clock.now() })
      .execute()
  }
  return ids
}

async function messageOf(id: string): Promise<Buffer> {
  const row = await rig.db
    .selectFrom('outbox')
    .select('message')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return row.message ?? Buffer.alloc(0)
}

suite('moving stored values under the newest key', () => {
  test('policy 2.3-a.1: every value is under the newest key afterwards, says the same, and a second run finds nothing', async () => {
    const ids = await putMessages(40)
    const workspace = randomUUID()
    const place = { table: 'workspace', column: 'name', row: workspace }
    const name = await rig.keys.sealText(workspace, place, 'Sample')
    await rig.db
      .insertInto('workspace')
      .values({ id: workspace, name, created_at: rig.clock.now() })
      .execute()
    const before = await messageOf(ids[0] ?? '')
    await rig.keys.rotate(PROVIDER)
    await rig.keys.rotate(workspace)
    const done = await reencrypt(parts())
    assert.deepEqual([done.unreadable, done.finished], [0, true])
    assert.ok(done.moved >= 41)
    for (const id of ids) {
      const moved = await messageOf(id)
      assert.notEqual(describeField(moved).keyId, describeField(before).keyId)
      assert.equal(await rig.keys.openText(PROVIDER, placeOfMessage(id), moved), `words of ${id}`)
    }
    const stored = await rig.db
      .selectFrom('workspace')
      .select('name')
      .where('id', '=', workspace)
      .executeTakeFirstOrThrow()
    assert.equal(await rig.keys.openText(workspace, place, stored.name), 'Sample')
    assert.equal((await reencrypt(parts())).moved, 0)
  })

  test('policy 2.3-a.1: a run that was stopped goes on where it stopped and moves every value once', async () => {
    const ids = await putMessages(30)
    await rig.keys.rotate(PROVIDER)
    let batches = 0
    const stopped = await reencrypt({ ...parts(), batchValues: 10 }, () => batches++ > 1)
    assert.equal(stopped.finished, false)
    const resumed = await reencrypt(parts())
    assert.equal(resumed.finished, true)
    const runs = (await columnRuns(rig.db)).filter((run) => run.store === 'surety.outbox.message')
    assert.equal(runs[0]?.moved, 70)
    for (const id of ids) await rig.keys.openText(PROVIDER, placeOfMessage(id), await messageOf(id))
    const older = await olderKeys(rig)
    const left = await sql<{ left: number }>`
      select count(*)::int as left from outbox where substr(message, 1, 17) = any(${[...older.headers]}::bytea[])`.execute(
      rig.db,
    )
    assert.equal(left.rows[0]?.left, 0)
  })

  test('a value that was written meanwhile is not overwritten', async () => {
    const [id = ''] = await putMessages(1)
    await rig.keys.rotate(PROVIDER)
    if (outboxColumn === undefined) throw new Error('the outbox holds no sealed column')
    const column = outboxColumn
    const range = { from: 0, to: await blocksOf(rig.db, column) }
    const older = await olderKeys(rig)
    const written = await rig.keys.sealText(PROVIDER, placeOfMessage(id), 'newer words')
    const seen = await rig.db.transaction().execute((tx) => lockStale(tx, column, range, older.headers))
    const at = seen.rows.indexOf(id)
    const before = identityOf(await messageOf(id))
    await rig.db.updateTable('outbox').set({ message: written }).where('id', '=', id).execute()
    const late = await rig.keys.sealText(PROVIDER, placeOfMessage(id), 'older words')
    const moved = { ctids: [seen.ctids[at] ?? ''], before: [before], after: [late] }
    assert.equal(await rig.db.transaction().execute((tx) => replaceValues(tx, column, range, moved)), 0)
    assert.equal(await rig.keys.openText(PROVIDER, placeOfMessage(id), await messageOf(id)), 'newer words')
  })

  test('rows that somebody holds are passed over, and found by the next run', async () => {
    const [id = ''] = await putMessages(1)
    await rig.keys.rotate(PROVIDER)
    const before = await messageOf(id)
    await rig.db.transaction().execute(async (tx) => {
      await tx.selectFrom('outbox').select('id').where('id', '=', id).forUpdate().execute()
      await reencrypt(parts())
      assert.deepEqual(await messageOf(id), before)
    })
    rig.clock.advanceSeconds(86_401)
    await reencrypt(parts())
    assert.notDeepEqual(describeField(await messageOf(id)).keyId, describeField(before).keyId)
  })

  test('a value that does not open stays as it is and is counted', async () => {
    const [id = ''] = await putMessages(1)
    const broken = await messageOf(id)
    broken.writeUInt8(broken.readUInt8(50) ^ 1, 50)
    await rig.db.updateTable('outbox').set({ message: broken }).where('id', '=', id).execute()
    await rig.keys.rotate(PROVIDER)
    assert.equal((await reencrypt(parts())).unreadable, 1)
    assert.deepEqual(await messageOf(id), broken)
  })

  test('policy 2.3-a.1: every sealed column is moved or says why it cannot be, and its place can be read', async () => {
    const names = sealedColumns.map(storeName)
    for (const fixed of Object.keys(fixedColumns)) assert.ok(names.includes(fixed), fixed)
    assert.equal(movingColumns.length + Object.keys(fixedColumns).length, sealedColumns.length)
    const existing = new Set(
      (await byteColumns(rig.db)).map((one) => `${one.schema}.${one.table}.${one.column}`),
    )
    for (const column of movingColumns) {
      if (!existing.has(storeName(column))) continue
      const place = placeOf(column)
      const table = sql.table(`${column.schema}.${column.table}`)
      await sql`select ${rowIn(place)}, ${columnIn(place, column)} from ${table} limit 0`.execute(rig.db)
    }
  })
})
