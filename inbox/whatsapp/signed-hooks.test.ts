import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { connectWhatsApp, startInboxUnderTest, type InboxUnderTest } from '../test/inbox-under-test.ts'
import { hookTeller } from './signed-hooks.ts'

suite('what the gateway is told of signed hooks', () => {
  let t: InboxUnderTest
  const told = (): number =>
    t.twin.calls.filter(({ path, method }) => path === '/v1/signed-hooks' && method === 'POST').length

  before(async () => {
    t = await startInboxUnderTest()
  })
  after(() => t.stop())

  test('nothing is asked or told without a channel', async () => {
    await t.inbox.tellHooks()
    assert.equal(t.twin.calls.filter(({ path }) => path === '/v1/signed-hooks').length, 0)
  })

  test('a channel is told once, again when it changes or the gateway forgot it, and is taken back with its end', async () => {
    const channel = await connectWhatsApp(t)
    const path = `/hooks/meta/${channel.id}`
    await t.inbox.tellHooks()
    await t.inbox.tellHooks()
    assert.equal(told(), 1)
    assert.deepEqual(t.twin.hooks.get(path), {
      path,
      header: 'x-hub-signature-256',
      scheme: 'hmac-sha256',
      prefix: 'sha256=',
      secrets: [channel.appSecret],
    })
    t.clock.advance(1)
    const appSecret = 'another-secret-of-the-sample'
    await t.api('PUT', `/inbox/channels/${channel.id}`, { body: { appSecret } })
    await t.inbox.tellHooks()
    assert.deepEqual(t.twin.hooks.get(path)?.secrets, [appSecret])
    t.twin.hooks.clear()
    t.twin.epoch = 'second'
    await t.inbox.tellHooks()
    assert.deepEqual(t.twin.hooks.get(path)?.secrets, [appSecret])
    await t.api('DELETE', `/inbox/channels/${channel.id}`)
    await t.inbox.tellHooks()
    assert.equal(t.twin.hooks.size, 0)
    assert.doesNotMatch(t.logged.join('\n'), /another-secret|sample-secret/)
  })

  test('a workspace whose keys cannot be had does not hold up the others', async () => {
    const channel = await connectWhatsApp(t)
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    const vaults = () => Promise.reject(new Error('no keys'))
    const blind = hookTeller({ db: t.db, surety: t.surety, log, vaults })
    await blind()
    assert.equal(t.twin.hooks.size, 0)
    await t.inbox.tellHooks()
    assert.ok(t.twin.hooks.has(`/hooks/meta/${channel.id}`))
  })
})
