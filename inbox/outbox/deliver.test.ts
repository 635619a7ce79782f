import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import fc from 'fast-check'
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
import { backoffSeconds, TRIES_MAX } from './backoff.ts'

suite('sending', () => {
  let t: InboxUnderTest
  let channel: TestChannel
  let n = 0

  interface Sent {
    readonly id: string
    readonly status: string
    readonly error_code: string | null
    readonly provider: string | null
  }
  const outgoing = async (): Promise<Sent[]> =>
    (
      await sql<Sent>`select id, status, error_code, provider from message where direction = 'out' order by seq`.execute(
        t.db,
      )
    ).rows
  const waiting = async (): Promise<number> =>
    (await sql<{ n: number }>`select count(*) as n from outbox`.execute(t.db)).rows[0]?.n ?? -1
  const hear = async (text = 'hello', from = '15551234567'): Promise<void> => {
    await post(t, channel, textDelivery(channel, { id: `wamid.${n++}`, from, at: t.clock.now(), text }))
    await t.settle()
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
    t.clock.advance(3600)
  })

  test('every message that leaves has a recorded decision and says who took it', async () => {
    await hear()
    const [message] = await outgoing()
    assert.equal(message?.status, 'sent')
    assert.equal(message?.provider, 'stand-in')
    const { rows } = await sql<{ allowed: boolean; code: string }>`
      select allowed, code from gate_decision join message on message.gate_decision_id = gate_decision.id`.execute(
      t.db,
    )
    assert.deepEqual(rows, [{ allowed: true, code: 'allowed' }])
  })

  test('passing trouble is tried again with growing pauses, and then it is sent once', async () => {
    let left = 3
    t.standIn.trouble(() => (left-- > 0 ? { status: 429, code: 130_429 } : null))
    await hear()
    assert.deepEqual(
      (await outgoing()).map(({ status, error_code }) => [status, error_code]),
      [['queued', '130429']],
    )
    await t.run('sweep')
    assert.equal(left, 2)
    for (let turn = 0; turn < 10; turn++) {
      t.clock.advance(8)
      await t.run('sweep')
    }
    assert.equal(t.standIn.received().length, 1)
    assert.deepEqual(
      (await outgoing()).map(({ status, error_code }) => [status, error_code]),
      [['sent', null]],
    )
    assert.equal(await waiting(), 0)
  })

  test('trouble that does not pass is given up visibly, with the code of the provider', async () => {
    t.standIn.trouble(() => ({ status: 503, code: 131_016 }))
    await hear()
    for (let turn = 0; turn < 12; turn++) {
      t.clock.advance(900)
      await t.run('sweep')
    }
    assert.deepEqual(
      (await outgoing()).map(({ status, error_code }) => [status, error_code]),
      [['failed', '131016']],
    )
    assert.equal(await waiting(), 0)
    await t.inbox.relay()
    assert.ok([...t.twin.events.values()].some((event) => event.type === 'message.failed'))
  })

  test('a refusal for good is not tried again', async () => {
    let tries = 0
    t.standIn.trouble(() => (tries++, { status: 400, code: 131_047 }))
    await hear()
    t.clock.advance(900)
    await t.run('sweep')
    assert.equal(tries, 1)
    assert.equal((await outgoing())[0]?.error_code, '131047')
  })

  test('refused credentials break the channel, new ones mend it', async () => {
    t.standIn.trouble(() => ({ status: 401, code: 190 }))
    await hear()
    await hear()
    assert.deepEqual(
      (await outgoing()).map(({ status }) => status),
      ['failed'],
    )
    const { rows } = await sql<{ code: string }>`select code from gate_decision where not allowed`.execute(
      t.db,
    )
    assert.deepEqual(rows, [{ code: 'channel-broken' }])
    t.standIn.trouble(() => null)
    const body = { accessToken: 'sample-access-token-9999' }
    assert.equal((await t.api('PUT', `/inbox/channels/${channel.id}`, { body })).body['state'], 'ready')
    await hear()
    assert.equal(t.standIn.received().length, 1)
  })

  test('a process that dies between sending and noting it sends again only after its lease, never at once', async () => {
    t.standIn.trouble(() => 'silence')
    await hear()
    const [message] = await outgoing()
    // As a dead process leaves it: tried, leased, no outcome.
    await sql`update outbox set lease_until = ${new Date(t.clock.now().getTime() + 60_000)}, next_at = ${t.clock.now()}`.execute(
      t.db,
    )
    t.standIn.trouble(() => null)
    await t.run('deliver', { workspace: t.workspace, message: message?.id })
    assert.equal(t.standIn.received().length, 0)
    t.clock.advance(60)
    await t.run('sweep')
    assert.equal(t.standIn.received().length, 1)
  })

  test('a status that names our key proves the provider has the message: it is not sent again', async () => {
    t.standIn.trouble(() => 'silence')
    await hear()
    const [message] = await outgoing()
    const status = { id: 'wamid.lost', status: 'delivered', at: t.clock.now(), key: message?.id ?? '' }
    await post(t, channel, statusDelivery(channel, status))
    await t.settle()
    t.standIn.trouble(() => null)
    t.clock.advance(900)
    await t.run('sweep')
    assert.equal(t.standIn.received().length, 0)
    assert.deepEqual(
      (await outgoing()).map(({ status: now }) => now),
      ['delivered'],
    )
  })

  test('two workers at once send once', async () => {
    t.standIn.trouble(() => ({ status: 503, code: 1 }))
    await hear()
    t.standIn.trouble(() => null)
    t.clock.advance(10)
    const [message] = await outgoing()
    const payload = { workspace: t.workspace, message: message?.id }
    await Promise.all(Array.from({ length: 10 }, () => t.run('deliver', payload)))
    assert.equal(t.standIn.received().length, 1)
  })

  test('a message that waited is refused when the contact has stopped, or the window has closed meanwhile', async () => {
    t.standIn.trouble(() => ({ status: 503, code: 1 }))
    await hear()
    await hear('stop')
    await hear('hello', '15559999999')
    t.standIn.trouble(() => null)
    t.clock.advance(86_400)
    await t.run('sweep')
    assert.equal(t.standIn.received().length, 0)
    assert.deepEqual(
      (await outgoing()).map(({ error_code }) => error_code),
      ['opted-out', 'window-closed'],
    )
  })

  test('two machines talking end after five messages', async () => {
    for (let turn = 0; turn < 9; turn++) await hear()
    assert.equal(t.standIn.received().length, 5)
  })

  test('the automation notice comes once, before the first automatic answer', async () => {
    const noted = await connectWhatsApp(t, {
      phoneNumberId: '222222222',
      disclosure: 'You are talking to a machine.',
    })
    for (const id of ['wamid.d1', 'wamid.d2']) {
      await post(t, noted, textDelivery(noted, { id, from: '15553334444', at: t.clock.now() }))
      await t.settle()
    }
    assert.deepEqual(
      t.standIn.received().map(({ text }) => text),
      ['You are talking to a machine.\n\nSample answer', 'Sample answer'],
    )
  })

  test('pauses double from 2 seconds up to 15 minutes, half of each left to chance', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: TRIES_MAX }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (tried, chance) => {
          const full = Math.min(2 ** tried, 900)
          const pause = backoffSeconds(tried, chance)
          assert.ok(pause >= full / 2 && pause <= full)
        },
      ),
    )
  })
})
