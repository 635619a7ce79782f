import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import {
  connectWhatsApp,
  makeRule,
  post,
  startInboxUnderTest,
  textDelivery,
} from '../test/inbox-under-test.ts'
import type { InboxUnderTest, TestChannel } from '../test/inbox-under-test.ts'
import { channelsOf, deleteChannel, updateChannel } from '../channels/queries.ts'
import { insertContact, setContactState } from '../contacts/queries.ts'
import { conversationPage, workspaceCounts } from '../conversations/queries.ts'
import { messagesOf } from '../messages/queries.ts'
import { rulesOf } from '../rules/queries.ts'
import { deleteWorkspace } from '../tenants/queries.ts'
import type { Database } from './database.ts'
import { asTenant, enterTenant, leaveTenant } from './tenant.ts'

const TABLES = [
  'channel',
  'contact',
  'contact_identity',
  'conversation',
  'message',
  'gate_decision',
  'inbound',
  'rule',
] as const

suite('policy 3.2-0: the second wall between workspaces', () => {
  let t: InboxUnderTest
  let theirs: TestChannel
  let conversation: string
  const ours = randomUUID()

  before(async () => {
    t = await startInboxUnderTest()
    theirs = await connectWhatsApp(t)
    await makeRule(t, {})
    await connectWhatsApp(t, { workspace: ours, phoneNumberId: '206540352242922' })
    const delivery = textDelivery(theirs, { id: 'wamid.one', from: '15551234567', at: t.clock.now() })
    assert.equal(await post(t, theirs, delivery), 200)
    await t.settle()
    const row = await t.db.selectFrom('conversation').select('id').executeTakeFirstOrThrow()
    conversation = row.id
  })
  after(() => t.stop())

  const counted = async (db: Database, table: (typeof TABLES)[number]): Promise<number> => {
    const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(table)}`.execute(db)
    return Number(rows[0]?.n)
  }

  test('with the first wall dropped, a statement without a condition sees its own workspace alone', async () => {
    for (const table of TABLES) {
      assert.ok((await counted(t.db, table)) > 0, `${table} holds rows of the other workspace`)
      const seen = await asTenant(t.db, ours, (tx) => counted(tx, table))
      assert.equal(seen, table === 'channel' ? 1 : 0, table)
    }
  })

  test('with the id of another workspace forged into the filter, every read comes back empty', async () => {
    const open = { filter: 'open', after: null, countMax: 10 } as const
    const page = { before: null, countMax: 10 }
    const read = (db: Database) =>
      Promise.all([
        conversationPage(db, t.workspace, open),
        messagesOf(db, t.workspace, conversation, page),
        rulesOf(db, t.workspace),
        channelsOf(db, t.workspace),
      ])
    assert.ok(
      (await read(t.db)).every((rows) => rows.length > 0),
      'without the wall they are there',
    )
    const behind = await asTenant(t.db, ours, read)
    assert.deepEqual(behind, [[], [], [], []])
    const counts = await asTenant(t.db, ours, (tx) => workspaceCounts(tx, t.workspace, new Date(0)))
    assert.deepEqual([counts.waiting, counts.human, counts.failed], [0, 0, 0])
  })

  test('with the id of another workspace forged into a write, nothing is changed', async () => {
    const contact = await t.db.selectFrom('contact').select('id').executeTakeFirstOrThrow()
    const before = await t.db.selectFrom('channel').selectAll().orderBy('id').execute()
    await asTenant(t.db, ours, async (tx) => {
      await updateChannel(tx, t.workspace, theirs.id, { state: 'disabled' })
      assert.equal(await setContactState(tx, t.workspace, contact.id, 'blocked'), false)
      assert.equal(await deleteChannel(tx, t.workspace, theirs.id), false)
      const deleted = await deleteWorkspace(tx, t.workspace)
      assert.equal(
        Object.values(deleted).every((rows) => rows === 0),
        true,
      )
    })
    assert.deepEqual(await t.db.selectFrom('channel').selectAll().orderBy('id').execute(), before)
    const forged = { workspace_id: t.workspace, id: randomUUID(), state: 'active', created_at: new Date(0) }
    await assert.rejects(
      asTenant(t.db, ours, (tx) => insertContact(tx, forged)),
      /row-level security/,
    )
  })

  test('without a workspace the role sees nothing, and a workspace that is no id is refused', async () => {
    await asTenant(t.db, ours, async (tx) => {
      await sql`select set_config('surety.workspace', '', true)`.execute(tx)
      assert.equal(await counted(tx, 'channel'), 0)
    })
    await assert.rejects(
      asTenant(t.db, "' or true --", (tx) => counted(tx, 'channel')),
      /uuid/,
    )
  })

  test('the role ends with its transaction, however it ends, and no other one inherits it', async () => {
    const who = async (db: Database): Promise<string> => {
      const { rows } = await sql<{ who: string }>`select current_user as who`.execute(db)
      return rows[0]?.who ?? ''
    }
    const owner = await who(t.db)
    await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        asTenant(t.db, ours, async (tx) => {
          assert.equal(await who(tx), 'surety_tenant')
          if (n % 2 === 0) throw new Error('given up')
        }).catch((error: unknown) => assert.match(String(error), /given up/)),
      ),
    )
    const after = await Promise.all(Array.from({ length: 30 }, () => who(t.db)))
    assert.ok(after.every((name) => name === owner))
    await t.db.transaction().execute(async (tx) => {
      await enterTenant(tx, ours)
      await leaveTenant(tx)
      assert.equal(await who(tx), owner)
    })
  })

  test('behind the wall only what the work needs is open: no events that wait, no jobs, no other schema', async () => {
    for (const statement of [
      sql`select body from audit_outbox`,
      sql`delete from audit_outbox where body is not null`,
      sql`select * from migration`,
      sql`select * from inbox_jobs._private_jobs`,
      sql`select * from surety.account`,
      sql`select enqueue_job('anything', '{}'::json, null)`,
      sql`create table surety_tenant_made (id int)`,
    ])
      await assert.rejects(
        asTenant(t.db, ours, (tx) => statement.execute(tx)),
        /permission denied|no job/,
      )
  })
})
