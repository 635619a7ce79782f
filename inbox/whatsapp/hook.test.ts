import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
import { normalizeWebhook, verifySignature } from '@kapso/whatsapp-cloud-api/server'
import { sql } from 'kysely'
import {
  connectWhatsApp,
  makeRule,
  post,
  startInboxUnderTest,
  statusDelivery,
  textDelivery,
  type InboxUnderTest,
  type TestChannel,
} from '../test/inbox-under-test.ts'
import { providerSignature, signedByProvider } from './signature.ts'

suite('deliveries of the provider', () => {
  let t: InboxUnderTest
  let channel: TestChannel

  const count = async (table: string, where = 'true'): Promise<number> => {
    const { rows } = await sql<{
      n: number
    }>`select count(*) as n from ${sql.table(table)} where ${sql.raw(where)}`.execute(t.db)
    return rows[0]?.n ?? -1
  }
  const statusOf = async (id: string): Promise<string> => {
    const { rows } = await sql<{ status: string }>`select status from message where id = ${id}`.execute(t.db)
    return rows[0]?.status ?? 'none'
  }

  before(async () => {
    t = await startInboxUnderTest()
    channel = await connectWhatsApp(t)
    await makeRule(t, {})
  })
  after(() => t.stop())
  beforeEach(async () => {
    await sql`delete from inbound`.execute(t.db)
    await sql`delete from contact`.execute(t.db)
    t.standIn.clear()
    t.standIn.trouble(() => null)
  })

  test('a signed message gets one automatic reply, and the provider is told 200 before the work', async () => {
    assert.equal(
      await post(
        t,
        channel,
        textDelivery(channel, { id: 'wamid.1', from: '15551234567', at: t.clock.now() }),
      ),
      200,
    )
    assert.equal(await count('message'), 0)
    await t.settle()
    assert.deepEqual(
      t.standIn.received().map(({ to, text, phoneNumberId }) => ({ to, text, phoneNumberId })),
      [{ to: '15551234567', text: 'Sample answer', phoneNumberId: channel.phoneNumberId }],
    )
  })

  test('100 identical deliveries at once become one message and one reply', async () => {
    const delivery = textDelivery(channel, { id: 'wamid.same', from: '15551234567', at: t.clock.now() })
    const statuses = await Promise.all(Array.from({ length: 100 }, () => post(t, channel, delivery)))
    assert.deepEqual([...new Set(statuses)], [200])
    await t.settle()
    await t.settle()
    assert.equal(await count('message', `direction = 'in'`), 1)
    assert.equal(t.standIn.received().length, 1)
  })

  test('the same message in different deliveries is stored and answered once', async () => {
    const message = { id: 'wamid.twice', from: '15551234567', at: t.clock.now() }
    for (const name of ['One', 'Two', 'Three'])
      assert.equal(await post(t, channel, textDelivery(channel, { ...message, name })), 200)
    await t.settle()
    assert.equal(await count('message', `direction = 'in'`), 1)
    assert.equal(t.standIn.received().length, 1)
  })

  test('20 first messages of one person at once make one contact and one conversation', async () => {
    const posted = Array.from({ length: 20 }, (_, n) =>
      post(
        t,
        channel,
        textDelivery(channel, { id: `wamid.n${n}`, from: '15551234567', at: t.clock.now(), text: `x${n}` }),
      ),
    )
    await Promise.all(posted)
    await t.settle()
    assert.equal(await count('contact'), 1)
    assert.equal(await count('conversation'), 1)
    assert.equal(await count('message', `direction = 'in'`), 20)
  })

  test('a missing, short, upper-case, doubled, old or wrong signature is refused, stores nothing and is counted', async () => {
    const raw = JSON.stringify(
      textDelivery(channel, { id: 'wamid.bad', from: '15551234567', at: t.clock.now() }),
    )
    const right = providerSignature(channel.appSecret, Buffer.from(raw))
    const sha1 = `sha1=${createHmac('sha1', channel.appSecret).update(raw).digest('hex')}`
    const wrong = [
      null,
      '',
      'sha256=',
      right.slice(0, -1),
      `${right}0`,
      right.toUpperCase(),
      `${right}, ${right}`,
    ]
    const others = [sha1, ` x${right}`, providerSignature('another-secret-0123', Buffer.from(raw))]
    for (const signature of [...wrong, ...others]) assert.equal(await post(t, channel, raw, signature), 401)
    assert.equal(await count('inbound'), 0)
    await t.run('report-refusals')
    await t.inbox.relay()
    const event = [...t.twin.events.values()].find((one) => one.type === 'channel.delivery-refused')
    assert.deepEqual(event?.details, { reason: 'unsigned', count: wrong.length + others.length })
  })

  test('the signature is that of the raw bytes: escaped letters pass, a re-serialised body does not', async () => {
    const delivery = JSON.stringify(
      textDelivery(channel, { id: 'wamid.raw', from: '15551234567', at: t.clock.now(), text: 'MARK' }),
    )
    const raw = delivery.replace('MARK', String.raw`h\u00ebllo \ud83d\ude00 <\/b>`)
    const again = JSON.stringify(JSON.parse(raw))
    const signature = providerSignature(channel.appSecret, Buffer.from(raw))
    assert.notEqual(raw, again)
    assert.equal(await post(t, channel, again, signature), 401)
    assert.equal(await post(t, channel, raw, signature), 200)
    // An SDK of other authors agrees about every one of these.
    const oracle = (rawBody: string): boolean =>
      verifySignature({ appSecret: channel.appSecret, rawBody, signatureHeader: signature })
    assert.deepEqual([oracle(raw), oracle(again)], [true, false])
    assert.ok(signedByProvider(channel.appSecret, Buffer.from(raw), signature))
  })

  test('another SDK reads from our sample deliveries what we do', () => {
    const delivery = textDelivery(channel, {
      id: 'wamid.shape',
      from: '15551234567',
      at: t.clock.now(),
      text: 'hi',
    })
    const read = normalizeWebhook(delivery)
    assert.equal(read.phoneNumberId, channel.phoneNumberId)
    assert.equal(read.messages[0]?.id, 'wamid.shape')
    assert.equal(read.contacts[0]?.waId, '15551234567')
  })

  test('signed bytes of a wrong shape are refused with 400 and store nothing', async () => {
    const good = textDelivery(channel, { id: 'wamid.x', from: '15551234567', at: t.clock.now() })
    const bad = [
      '',
      'null',
      '[]',
      '{}',
      '"text"',
      '{"object":"page","entry":[]}',
      '{"object":"whatsapp_business_account","entry":{}}',
      JSON.stringify(good).replace('"timestamp":"', '"timestamp":"x'),
      JSON.stringify(good).replace('"id":"wamid.x"', '"id":{}'),
      JSON.stringify(good).replaceAll('15551234567', ''),
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      JSON.stringify(good).slice(0, -1),
      '\u0000',
    ]
    for (const raw of bad) assert.equal(await post(t, channel, raw), 400, raw.slice(0, 60))
    assert.equal(await count('inbound'), 0)
  })

  test('unknown fields, other change fields and unsupported types are taken', async () => {
    const image = textDelivery(channel, {
      id: 'wamid.img',
      from: '15551234567',
      at: t.clock.now(),
      type: 'image',
    })
    const odd = JSON.stringify(image).replace('"metadata"', '"later":{"a":[1]},"metadata"')
    assert.equal(await post(t, channel, odd), 200)
    const other = {
      object: 'whatsapp_business_account',
      entry: [{ id: '1', changes: [{ field: 'account_update', value: { x: 1 } }] }],
    }
    assert.equal(await post(t, channel, other), 200)
    const holo = textDelivery(channel, {
      id: 'wamid.new',
      from: '15551234567',
      at: t.clock.now(),
      type: 'hologram',
    })
    assert.equal(await post(t, channel, holo), 200)
    await t.settle()
    const { rows } = await sql<{
      type: string
      body: unknown
    }>`select type, body from message order by type`.execute(t.db)
    assert.deepEqual(rows, [
      { type: 'hologram', body: null },
      { type: 'image', body: null },
    ])
  })

  test('a delivery about a number of another channel is refused although its signature is right', async () => {
    const foreign = textDelivery(
      { phoneNumberId: '999999999' },
      { id: 'wamid.f', from: '15551234567', at: t.clock.now() },
    )
    assert.equal(await post(t, channel, foreign), 403)
    assert.equal(await count('inbound'), 0)
    assert.equal(await post(t, { ...channel, id: '00000000-0000-4000-8000-000000000000' }, foreign), 404)
    assert.equal(await post(t, { ...channel, id: 'x' }, foreign), 404)
  })

  test('too large a delivery is refused before it is read whole', async () => {
    // The connection may be cut before the answer is read; either way nothing is kept.
    const status = await post(t, channel, 'x'.repeat(4 * 1024 * 1024)).catch(() => 'cut')
    assert.ok(status === 413 || status === 'cut', String(status))
    assert.equal(await count('inbound'), 0)
  })

  test('our own message coming back is not answered', async () => {
    const echo = textDelivery(channel, { id: 'wamid.echo', from: '15550783881', at: t.clock.now() })
    assert.equal(await post(t, channel, echo), 200)
    await t.settle()
    assert.equal(await count('message'), 0)
  })

  test('a contact without a telephone number is answered by id, and stays the same contact when the number shows', async () => {
    const userId = 'BR.1502576394655843'
    await post(t, channel, textDelivery(channel, { id: 'wamid.b1', userId, at: t.clock.now() }))
    await t.settle()
    assert.equal(t.standIn.received()[0]?.to, userId)
    await post(
      t,
      channel,
      textDelivery(channel, { id: 'wamid.b2', userId, from: '15551234567', at: t.clock.now() }),
    )
    await t.settle()
    await post(t, channel, textDelivery(channel, { id: 'wamid.b3', from: '15551234567', at: t.clock.now() }))
    await t.settle()
    assert.equal(await count('contact'), 1)
    assert.equal(await count('conversation'), 1)
    assert.equal(t.standIn.received().at(-1)?.to, '15551234567')
  })

  test('a changed number belongs to the same contact', async () => {
    await post(t, channel, textDelivery(channel, { id: 'wamid.c1', from: '15551234567', at: t.clock.now() }))
    await t.settle()
    const change = JSON.stringify(
      textDelivery(channel, { id: 'wamid.c2', from: '15551234567', at: t.clock.now(), type: 'system' }),
    ).replace('"system":{"id":"media"}', '"system":{"type":"user_changed_number","wa_id":"15557654321"}')
    await post(t, channel, change)
    await t.settle()
    await post(t, channel, textDelivery(channel, { id: 'wamid.c3', from: '15557654321', at: t.clock.now() }))
    await t.settle()
    assert.equal(await count('contact'), 1)
  })

  test('statuses only move up, in any order, and proof of delivery wins over a failure', async () => {
    await post(t, channel, textDelivery(channel, { id: 'wamid.s', from: '15551234567', at: t.clock.now() }))
    await t.settle()
    const [sent] = t.standIn.received()
    const id = sent?.clientKey ?? ''
    for (const [status, expected] of [
      ['failed', 'failed'],
      ['sent', 'failed'],
      ['read', 'read'],
      ['delivered', 'read'],
      ['failed', 'read'],
      ['sideways', 'read'],
    ] as const) {
      await post(
        t,
        channel,
        statusDelivery(channel, { id: sent?.id ?? '', status, at: t.clock.now(), code: 131_026 }),
      )
      await t.settle()
      assert.equal(await statusOf(id), expected, status)
    }
  })

  test('a redelivery a week late opens no window and answers nobody', async () => {
    const old = new Date(t.clock.now().getTime() - 7 * 86_400_000 + 3600_000)
    await post(t, channel, textDelivery(channel, { id: 'wamid.late', from: '15551234567', at: old }))
    await t.settle()
    assert.equal(t.standIn.received().length, 0)
    const { rows } = await sql<{ code: string }>`select code from gate_decision`.execute(t.db)
    assert.deepEqual(rows, [{ code: 'window-closed' }])
  })

  test('STOP silences the rules in any language, START brings them back', async () => {
    let n = 0
    const say = async (text: string): Promise<number> => {
      t.standIn.clear()
      await post(
        t,
        channel,
        textDelivery(channel, { id: `wamid.st${n++}`, from: '15551234567', at: t.clock.now(), text }),
      )
      await t.settle()
      return t.standIn.received().length
    }
    assert.equal(await say('hello'), 1)
    assert.equal(await say('إيقاف'), 0)
    assert.equal(await say('hello'), 0)
    assert.equal(await say(' Start! '), 0)
    assert.equal(await say('hello'), 1)
    assert.equal(await say('hello, do not stop'), 1)
  })

  test('registration echoes the challenge as plain text for the right token and nothing else', async () => {
    const ask = async (query: Record<string, string>): Promise<Response> =>
      fetch(`${t.url}/hooks/meta/${channel.id}?${new URLSearchParams(query).toString()}`)
    const right = {
      'hub.mode': 'subscribe',
      'hub.verify_token': 'sample-verify-token-0123',
      'hub.challenge': '1158201444',
    }
    const reply = await ask(right)
    assert.equal(reply.status, 200)
    assert.equal(await reply.text(), '1158201444')
    assert.match(reply.headers.get('content-type') ?? '', /^text\/plain/)
    assert.equal(reply.headers.get('x-content-type-options'), 'nosniff')
    const wrong = [
      { ...right, 'hub.verify_token': 'sample-verify-token-0124' },
      { ...right, 'hub.mode': 'unsubscribe' },
      { ...right, 'hub.challenge': '<script>' },
      { ...right, 'hub.challenge': '' },
    ]
    for (const query of wrong) {
      const refused = await ask(query)
      assert.equal(refused.status, 403)
      assert.ok(!(await refused.text()).includes('script'))
    }
  })
})
