import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { sql } from 'kysely'
import { indexVersion } from '#envelope'
import {
  connectWhatsApp,
  makeRule,
  post,
  startInboxUnderTest,
  textDelivery,
  type InboxUnderTest,
  type TestChannel,
} from '../test/inbox-under-test.ts'

const HOUR = 3600
const NUMBER = '15551239001'

suite('look-up values while their key is being replaced', () => {
  let t: InboxUnderTest
  let channel: TestChannel
  before(async () => {
    t = await startInboxUnderTest()
    channel = await connectWhatsApp(t)
    await makeRule(t, {})
  })
  after(() => t.stop())

  const hear = async (id: string): Promise<number> => {
    const given = textDelivery(channel, { id, from: NUMBER, at: t.clock.now(), text: 'hello' })
    const status = await post(t, channel, given)
    await t.settle()
    return status
  }
  const versions = async (): Promise<readonly (number | null)[]> => {
    const { rows } = await sql<{ value: Buffer }>`
      select provider_index as value from message where direction = 'in' order by seq`.execute(t.db)
    return rows.map(({ value }) => indexVersion(value))
  }
  const count = async (table: string): Promise<number> =>
    (await sql`select from ${sql.table(table)}`.execute(t.db)).rows.length

  test('policy 2.3-a.1: a contact stays one contact and a message one message, before, while and after a key takes over', async () => {
    assert.equal(await hear('wamid.r1'), 200)
    const writesFrom = new Date(t.clock.now().getTime() + 2 * HOUR * 1000).toISOString()
    t.twin
      .keysOf(t.workspace)
      .indexes.unshift({ version: 2, key: randomBytes(32).toString('base64'), writesFrom })
    t.surety.forgetKeys(t.workspace)
    await Promise.all([hear('wamid.r1'), hear('wamid.r2'), hear('wamid.r2')])
    assert.deepEqual(await versions(), [1, 1], 'the new key is known and not stored under yet')
    t.clock.advance(2 * HOUR)
    await Promise.all([hear('wamid.r1'), hear('wamid.r2'), hear('wamid.r3'), hear('wamid.r3')])
    assert.deepEqual(await versions(), [1, 1, 2])
    assert.deepEqual([await count('contact'), await count('contact_identity')], [1, 1])
  })

  test('policy 2.3-a.1: what a provider calls a message is forgotten after 90 days, and the message stays', async () => {
    t.clock.advance(90 * 24 * HOUR - 2 * HOUR)
    await t.run('expire')
    assert.equal((await versions()).length, 3)
    t.clock.advance(2 * HOUR + 1)
    await t.run('expire')
    const { rows } = await sql<{ values: number; messages: number }>`
      select count(provider_index)::int as values, count(*)::int as messages from message where direction = 'in'`.execute(
      t.db,
    )
    assert.deepEqual(rows, [{ values: 0, messages: 3 }])
  })
})
