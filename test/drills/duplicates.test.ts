import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import {
  openWorkplace,
  phoneOf,
  post,
  sql,
  storedMessages,
  textMessage,
  until,
  type Workplace,
} from './workplace.ts'

const COPIES = 100

suite('drill: deliveries that must not count', { timeout: 240_000 }, () => {
  let at: Workplace & { stop(): Promise<void> }
  const kept = async (): Promise<number> => {
    const [row] = await sql<{ count: number }>(at.system, 'select count(*)::int as count from inbox.inbound')
    return row?.count ?? -1
  }

  before(async () => {
    at = await openWorkplace()
  })
  after(() => at?.stop())

  test('100 identical deliveries at once are all accepted, and are one message with one reply', async () => {
    const body = textMessage(at.channel, phoneOf(0), 'Hello')
    const answers = await Promise.all(Array.from({ length: COPIES }, () => post(at, body)))
    assert.deepEqual([...new Set(answers)], [200])
    await until('the reply', () => at.provider.received().length > 0)
    // A second reply would come from the work on a second copy, which starts at once or never.
    await pause(2000)
    assert.equal(await post(at, body), 200)
    await pause(1000)
    assert.deepEqual(await storedMessages(at.system), { in: 1, out: 1 })
    assert.equal(at.provider.received().length, 1)
    assert.equal(await kept(), 1)
  })

  test('the same message in another delivery is still one message', async () => {
    const body = textMessage(at.channel, phoneOf(1), 'Hello')
    const value = JSON.parse(body) as object
    const other = JSON.stringify({
      ...value,
      entry: [...(value as { entry: object[] }).entry],
      repeated: true,
    })
    assert.deepEqual(await Promise.all([post(at, body), post(at, other)]), [200, 200])
    await until('the reply', () => at.provider.received().length > 1)
    await pause(1500)
    assert.deepEqual(await storedMessages(at.system), { in: 2, out: 2 })
  })

  test('unsigned, wrongly signed and malformed deliveries are refused and nothing of them is kept', async () => {
    const { system, channel } = at
    const [before, messages] = [await kept(), await storedMessages(system)]
    const body = textMessage(channel, phoneOf(2), 'This message does not count')
    const raw = async (headers: Record<string, string>, text = body): Promise<number> => {
      const sent = { 'content-type': 'application/json', ...headers }
      return (await system.request(channel.path, { method: 'POST', headers: sent, body: text })).status
    }
    assert.equal(await raw({}), 401)
    assert.equal(await raw({ 'x-hub-signature-256': 'sha256=' }), 401)
    assert.equal(await raw({ 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }), 401)
    assert.equal(await raw({ 'x-hub-signature': `sha1=${'0'.repeat(40)}` }), 401)
    const forged = await system.postWebhook(channel.path, body, 'another-secret-of-16')
    assert.equal(forged.status, 401)
    const other = textMessage({ ...channel, phoneNumberId: '100000000000009' }, phoneOf(2), 'Hello')
    assert.equal(await post(at, other), 403)
    for (const malformed of ['', '{', 'null', '[]', '{"object":"page"}', `{"object":${'['.repeat(5000)}`])
      // Where the firewall has rules, they refuse what is no JSON before the service does.
      assert.ok([400, 403].includes(await post(at, malformed)), malformed.slice(0, 40))
    assert.equal((await system.postWebhook(`${channel.path}0`, body, channel.appSecret)).status, 404)
    const large = JSON.stringify({ padding: 'x'.repeat(3 * 1024 * 1024) })
    assert.ok([413, 400, 403].includes(await post(at, large)))
    await pause(1000)
    assert.equal(await kept(), before)
    assert.deepEqual(await storedMessages(system), messages)
    assert.equal(await post(at, body), 200, 'the same message counts once it is signed')
  })
})
