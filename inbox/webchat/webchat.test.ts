import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, suite, test } from 'node:test'
import { sql } from 'kysely'
import { TWIN_ISSUER } from '../../client/testing/platform-twin.ts'
import { makeRule, startInboxUnderTest, type InboxUnderTest } from '../test/inbox-under-test.ts'

const SHOP = 'https://shop.example'

suite('web chat', () => {
  let t: InboxUnderTest
  let inbox: string
  let other: string

  const connect = async (allowedOrigins: readonly string[]): Promise<string> => {
    const body = { kind: 'webchat', name: 'Sample <shop>', allowedOrigins }
    return String((await t.api('POST', '/inbox/channels', { body })).body['publicId'])
  }
  const call = (
    method: string,
    path: string,
    more: { token?: string | undefined; origin?: string | null; body?: unknown; ip?: string } = {},
  ): Promise<Response> => {
    const origin = more.origin === undefined ? TWIN_ISSUER : more.origin
    return fetch(`${t.url}/w/${path}`, {
      method,
      headers: {
        'x-forwarded-for': more.ip ?? '192.0.2.1',
        ...(origin === null ? {} : { origin }),
        ...(more.token === undefined ? {} : { authorization: `Bearer ${more.token}` }),
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      },
      ...(method === 'POST' ? { body: JSON.stringify(more.body ?? {}) } : {}),
    })
  }
  const begin = async (of = inbox): Promise<string> => {
    const reply = await call('POST', `${of}/session`)
    assert.equal(reply.status, 200)
    return ((await reply.json()) as { token: string }).token
  }
  const say = (token: string, text: string, key: string = randomUUID()) =>
    call('POST', `${inbox}/messages`, { token, body: { key, text } })
  const read = async (token: string): Promise<{ direction: string; author: string; text: string }[]> =>
    ((await (await call('GET', `${inbox}/messages`, { token })).json()) as { messages: never[] }).messages

  before(async () => {
    t = await startInboxUnderTest()
    inbox = await connect([SHOP])
    other = await connect([])
    await makeRule(t, { kind: 'first-message', words: [], reply: 'Welcome' })
  })
  after(() => t.stop())
  beforeEach(() => t.clock.advance(61))

  test('the frame may be shown by the listed origins only, runs no inline script and escapes the name', async () => {
    const reply = await call('GET', `${inbox}/frame`)
    const policy = reply.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /frame-ancestors https:\/\/shop\.example$/)
    const html = await reply.text()
    assert.ok(html.includes('Sample &lt;shop&gt;') && !html.includes('<shop>'))
    assert.deepEqual(
      [...html.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map(([, inline]) => inline),
      [''],
    )
    assert.match(
      (await call('GET', `${other}/frame`)).headers.get('content-security-policy') ?? '',
      /frame-ancestors 'none'/,
    )
    assert.match((await call('GET', 'static/chat.js')).headers.get('content-type') ?? '', /^text\/javascript/)
    assert.equal((await call('GET', `${randomUUID()}/frame`)).status, 404)
  })

  test('an origin that would mean something else in the policy of the frame is refused', async () => {
    const wide = [
      'https://*',
      'https://*.example',
      'https://a.example;script-src',
      'https://a.example,b',
      "https://'none'",
    ]
    for (const allowed of [...wide, 'https://a.example/', 'javascript:x', 'https://u@a.example']) {
      const body = { kind: 'webchat', name: 'Sample', allowedOrigins: [allowed] }
      assert.equal((await t.api('POST', '/inbox/channels', { body })).status, 422, allowed)
    }
    const fine = [
      'https://a-b.example:444',
      'http://127.0.0.1:3000',
      'https://xn--bcher-kva.example',
      'http://[::1]:3000',
    ]
    assert.ok(await connect(fine))
  })

  test('a visitor writes once however often it is sent, is answered, and reads both', async () => {
    const token = await begin()
    const key = randomUUID()
    for (let n = 0; n < 5; n++) assert.equal((await say(token, 'Hello', key)).status, 202)
    await t.settle()
    assert.deepEqual(
      (await read(token)).map(({ direction, author, text }) => [direction, author, text]),
      [
        ['in', 'contact', 'Hello'],
        ['out', 'rule', 'Welcome'],
      ],
    )
  })

  test('a listed origin is answered by name, every other origin and none at all is refused', async () => {
    const fine = await call('POST', `${inbox}/session`, { origin: SHOP })
    assert.equal(fine.headers.get('access-control-allow-origin'), SHOP)
    assert.equal(fine.headers.get('vary'), 'Origin')
    assert.equal((await call('OPTIONS', `${inbox}/messages`, { origin: SHOP })).status, 204)
    const token = await begin()
    const strangers = [
      null,
      'null',
      'https://shop.example.evil.test',
      'http://shop.example',
      `${SHOP}:444`,
      'https://SHOP.example',
    ]
    for (const origin of strangers) {
      for (const path of ['session', 'messages']) {
        const refused = await call('POST', `${inbox}/${path}`, {
          origin,
          token,
          body: { key: randomUUID(), text: 'x' },
        })
        assert.equal(refused.status, 403, `${origin} ${path}`)
        assert.equal(refused.headers.get('access-control-allow-origin'), null)
      }
      if (origin !== null)
        assert.equal((await call('GET', `${inbox}/messages`, { origin, token })).status, 403)
    }
  })

  test('a token opens its own chat only, is kept as a hash, and ends after a day', async () => {
    const token = await begin()
    await say(token, 'mine')
    await t.settle()
    assert.equal((await call('GET', `${other}/messages`, { token })).status, 401)
    for (const wrong of [undefined, 'x', token.slice(0, -1), `${token}A`, 'A'.repeat(43)])
      assert.equal((await call('GET', `${inbox}/messages`, { token: wrong })).status, 401)
    const stranger = await begin()
    assert.deepEqual(await read(stranger), [])
    const { rows } = await sql<{ token_hash: Buffer }>`select token_hash from visitor`.execute(t.db)
    assert.ok(
      rows.every(
        ({ token_hash }) => token_hash.length === 32 && !token_hash.toString('latin1').includes(token),
      ),
    )
    t.clock.advance(86_400)
    assert.equal((await call('GET', `${inbox}/messages`, { token })).status, 401)
  })

  test('too many sessions or messages in a minute are refused, and bad messages always', async () => {
    const begun = await Promise.all(
      Array.from({ length: 12 }, () => call('POST', `${inbox}/session`, { ip: '192.0.2.77' })),
    )
    assert.equal(begun.filter(({ status }) => status === 429).length, 2)
    const token = await begin()
    const bad = [
      {},
      { key: 'x', text: 'y' },
      { key: randomUUID(), text: ' ' },
      { key: randomUUID(), text: 'x'.repeat(4001) },
    ]
    for (const body of bad)
      assert.equal((await call('POST', `${inbox}/messages`, { token, body })).status, 422)
    const said = await Promise.all(Array.from({ length: 20 }, (_, n) => say(token, `m${n}`)))
    assert.equal(said.filter(({ status }) => status === 429).length, 4)
  })

  test('the stream tells a visitor of their own changes and of nobody else’s', async () => {
    const [mine, foreign] = [await begin(), await begin()]
    const open = async (token: string) =>
      ((await call('GET', `${inbox}/stream`, { token })).body ?? assert.fail())
        .pipeThrough(new TextDecoderStream())
        .getReader()
    const [own, others] = [await open(mine), await open(foreign)]
    await own.read()
    await others.read()
    let heard = false
    void others.read().then(({ done }) => (heard = !done))
    await say(mine, 'Hello')
    await t.settle()
    assert.match((await own.read()).value ?? '', /event: change/)
    assert.ok(!heard)
    await own.cancel()
    await others.cancel()
  })

  test('a visitor has a few streams at once, and a closed one makes room', async () => {
    const token = await begin()
    const opened = await Promise.all(
      Array.from({ length: 5 }, () => call('GET', `${inbox}/stream`, { token })),
    )
    assert.deepEqual([...new Set(opened.map(({ status }) => status))], [200])
    assert.equal((await call('GET', `${inbox}/stream`, { token })).status, 429)
    assert.equal((await call('GET', `${inbox}/stream`, { token: await begin() })).status, 200)
    await opened[0]?.body?.cancel()
    let status = 429
    for (let tries = 0; tries < 50 && status === 429; tries += 1) {
      const again = await call('GET', `${inbox}/stream`, { token })
      status = again.status
      await again.body?.cancel()
    }
    assert.equal(status, 200)
    for (const { body } of opened.slice(1)) await body?.cancel()
  })
})
