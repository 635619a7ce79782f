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
  type InboxUnderTest,
  type TestChannel,
} from './inbox-under-test.ts'

const CANARIES = {
  message: 'The canary sings at a quarter past seven',
  number: '15550009988',
  name: 'Canary Sample Person',
  reply: 'An automatic canary answers you',
  answer: 'A human canary answers you',
  business: 'Canary Sample Bakery',
  token: 'canary-access-token-0123456789',
  secret: 'canary-app-secret-0123456789',
  verify: 'canary-verify-token-0123456789',
}

/** Every form in which bytes of a text may lie in a dump: as they are, and as hexadecimal digits of a bytea. */
const traces = (text: string): string[] => [
  text,
  Buffer.from(text, 'utf8').toString('hex'),
  Buffer.from(text, 'utf8').toString('base64').slice(0, -4),
]

suite('what is at rest', () => {
  let t: InboxUnderTest
  let channel: TestChannel

  const dump = async (schema: string): Promise<string> => {
    const { rows: tables } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = ${schema} and table_type = 'BASE TABLE'`.execute(
      t.db,
    )
    const parts: string[] = []
    for (const { name } of tables) {
      const table = sql.table(`${schema}.${name}`)
      const { rows } = await sql<{ row: string }>`select one::text as row from ${table} as one`.execute(t.db)
      parts.push(...rows.map(({ row }) => row))
    }
    return parts.join('\n')
  }

  before(async () => {
    t = await startInboxUnderTest()
    const created = await t.api('POST', '/inbox/channels', {
      body: {
        kind: 'whatsapp',
        name: CANARIES.business,
        phoneNumberId: '123456789',
        appSecret: CANARIES.secret,
        verifyToken: CANARIES.verify,
        accessToken: CANARIES.token,
      },
    })
    channel = { id: String(created.body['id']), phoneNumberId: '123456789', appSecret: CANARIES.secret }
    await makeRule(t, { words: ['canary'], reply: CANARIES.reply })
  })
  after(() => t.stop())

  test('policy 2.2-a: a canary that came through the webhook lies in plain text in no table, job or log line', async () => {
    const { message: text, number: from, name } = CANARIES
    // A number inside the provider's own message id, as it really is there, in base64.
    const id = `wamid.${Buffer.from(from).toString('base64')}`
    await post(t, channel, textDelivery(channel, { id, from, text, name, at: t.clock.now() }))
    const before = (await dump('inbox')) + (await dump('inbox_jobs'))
    await t.settle()
    const { body } = await t.api('GET', '/inbox/conversations')
    const [line] = body['conversations'] as {
      id: string
      contact: { name: string }
      last: { preview: string }
    }[]
    assert.equal(line?.contact.name, name)
    await t.api('POST', `/inbox/conversations/${line?.id}/reply`, {
      body: { key: randomUUID(), text: CANARIES.answer },
    })
    await t.settle()
    assert.deepEqual(
      t.standIn.received().map((sent) => sent.text),
      [CANARIES.reply, CANARIES.answer],
    )
    await post(t, channel, `{"${text}`, undefined)
    await t.run('intake', { id: randomUUID() })
    const after = (await dump('inbox')) + (await dump('inbox_jobs'))
    // The dump sees what is there: an id that may lie in the open is found in it.
    assert.ok(after.includes(line?.id ?? '?') && before.length > 500)
    for (const [what, canary] of Object.entries(CANARIES))
      for (const trace of traces(canary)) {
        assert.ok(!before.includes(trace) && !after.includes(trace), `${what} in the database`)
        assert.ok(!t.logged.join('\n').includes(trace), `${what} in the log`)
      }
  })

  test('policy 8.1-c: events carry ids and counts, never a message, a name or a number', async () => {
    await t.inbox.relay()
    const text = JSON.stringify([...t.twin.events.values()])
    assert.ok(t.twin.events.size > 5)
    for (const canary of Object.values(CANARIES)) assert.ok(!text.includes(canary))
  })

  test('a text that looks like an envelope is sealed like any other', async () => {
    const text = 'enc:\ufffd\u0001\u0001 canary'
    await post(
      t,
      channel,
      textDelivery(channel, { id: 'wamid.enc', from: '15551230000', text, at: t.clock.now() }),
    )
    await t.settle()
    assert.ok(!(await dump('inbox')).includes(Buffer.from(text).toString('hex')))
  })

  test('a sealed text that was moved to another row is refused, not shown', async () => {
    const two = await connectWhatsApp(t, { phoneNumberId: '987654321' })
    for (const [id, text] of [
      ['wamid.r1', 'first'],
      ['wamid.r2', 'second'],
    ] as const) {
      await post(t, two, textDelivery(two, { id, from: '15557770000', text, at: t.clock.now() }))
      await t.settle()
    }
    const rows = await t.db
      .selectFrom('message')
      .selectAll()
      .where('channel_id', '=', two.id)
      .orderBy('seq')
      .execute()
    await t.db
      .updateTable('message')
      .set({ body: rows[0]?.body ?? null })
      .where('id', '=', rows[1]?.id ?? '')
      .execute()
    const read = await t.api('GET', `/inbox/conversations/${rows[0]?.conversation_id}`)
    assert.equal(read.status, 500)
    assert.ok(!JSON.stringify(read.body).includes('first'))
  })

  test('with the platform away everything is still taken and answered, and no event is lost', async () => {
    t.twin.fault = () => 'cut'
    const before = t.twin.events.size
    await post(
      t,
      channel,
      textDelivery(channel, { id: 'wamid.away', from: '15552220000', text: 'canary', at: t.clock.now() }),
    )
    await t.settle()
    await assert.rejects(t.inbox.relay())
    t.twin.fault = () => null
    const sent = await t.inbox.relay()
    assert.ok(sent > 0 && t.twin.events.size === before + sent)
    assert.equal(await t.inbox.relay(), 0)
  })

  test('a workspace whose keys cannot be had is told to come back, and nothing is kept unsealed', async () => {
    t.surety.forgetKeys(t.workspace)
    t.twin.fault = () => ({ status: 503, body: '{"code":"encryption.key-missing"}' })
    const status = await post(
      t,
      channel,
      textDelivery(channel, { id: 'wamid.no', from: '15552220001', at: t.clock.now() }),
    )
    assert.equal(status, 503)
    t.twin.fault = () => null
  })

  test('raw deliveries are dropped after 72 hours and forgotten after 8 days', async () => {
    const count = async () =>
      (
        await sql<{
          raw: number
          rows: number
        }>`select count(raw) as raw, count(*) as rows from inbound`.execute(t.db)
      ).rows[0]
    assert.ok((await count())?.raw)
    t.clock.advance(72 * 3600 + 1)
    await t.run('expire')
    assert.equal((await count())?.raw, 0)
    assert.ok((await count())?.rows)
    t.clock.advance(5 * 86_400 + 1)
    await t.run('expire')
    assert.equal((await count())?.rows, 0)
  })
})
