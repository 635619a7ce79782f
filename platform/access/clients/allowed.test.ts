import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  authorizationUrl,
  callerByToken,
  codeFor,
  exchange,
  pkce,
  post,
  registered,
  testBrowser,
  testClients,
  walk,
  type TestBrowser,
  type TestClient,
  type TestClients,
} from './clients.fixture.ts'

const DAY = 86_400
const KEPT = { scope: 'openid offline_access channel.read', prompt: 'consent' }

suite('policy 4.3-a.2: what a person allows, and for how long', () => {
  let t: TestClients
  before(async () => {
    t = await testClients()
  })
  after(() => t.close())

  const refresh = (token: unknown, client: TestClient) =>
    post(
      t,
      '/oauth/token',
      { grant_type: 'refresh_token', refresh_token: String(token) },
      { authorization: client.basic },
    )
  const browserOf = (token: string): TestBrowser => {
    const browser = testBrowser(t)
    browser.use(token)
    return browser
  }
  const address = (client: TestClient, more: Record<string, string> = {}): string =>
    authorizationUrl(client.id, {
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      ...more,
    })
  /** Follows the way up to the page of consent, or to its end. */
  const asked = async (browser: TestBrowser, url: string): Promise<string> => {
    let at = url
    for (let step = 0; step < 6; step += 1) {
      const reply = await browser.send(at)
      const location = reply.headers.get('location')
      const page = location === null ? await reply.text() : ''
      const next = location ?? /http-equiv="refresh" content="0; url=([^"]+)"/.exec(page)?.[1]
      if (next === undefined) return page
      if (next.startsWith('https://client.example')) return next
      at = next
    }
    throw new Error('the way has no end')
  }

  test('a code is good for a minute', async () => {
    const now = t.clock.now()
    const [late, soon] = [await codeFor(t), await codeFor(t)]
    t.clock.advanceSeconds(59)
    assert.equal((await exchange(t, soon)).status, 200)
    t.clock.advanceSeconds(1)
    assert.equal((await exchange(t, late)).body['error'], 'invalid_grant')
    t.clock.set(now)
  })

  test('what was made for somebody else is no token here: an ID token, a code, a refresh token', async () => {
    const got = await codeFor(t, t.client.id, KEPT)
    const { body } = await exchange(t, got)
    assert.equal((await callerByToken(t, String(body['access_token']))).kind, 'client')
    const foreign = [body['id_token'], body['refresh_token'], got.code].map(String)
    for (const token of foreign) {
      assert.ok(token.length > 40)
      assert.equal((await callerByToken(t, token)).kind, 'anonymous')
    }
  })

  test('a program gets no scope, no grant and no way of answering that it was not registered with', async () => {
    const small = await registered(t, t.person, {
      grantTypes: ['authorization_code'],
      scopes: ['openid', 'channel.read'],
    })
    const own = { grant_type: 'client_credentials', scope: 'channel.read' }
    const refused = await post(t, '/oauth/token', own, { authorization: small.basic })
    assert.match(String(refused.body['error_description']), /grant type is not allowed/)
    assert.equal(refused.body['access_token'], undefined)
    const more = await asked(
      browserOf(t.person.token),
      address(small, { scope: 'openid channel.read rule.read' }),
    )
    assert.match(more, /error=invalid_scope/)
    for (const mode of ['fragment', 'form_post', 'web_message', 'jwt']) {
      const shown = await asked(browserOf(t.person.token), address(small, { response_mode: mode }))
      assert.match(shown, /invalid[_.]request|request\.invalid|unsupported_response_mode/, mode)
      assert.ok(!/[?#&]code=/.test(shown), mode)
    }
    for (const scope of ['rule.edit', 'people.edit', 'channel.read people.edit']) {
      const wide = { grant_type: 'client_credentials', scope }
      const { body } = await post(t, '/oauth/token', wide, { authorization: t.client.basic })
      const caller = await callerByToken(t, String(body['access_token']))
      assert.ok(!caller.permissions.has('rule.edit') && !caller.permissions.has('people.edit'), scope)
    }
  })

  test('nobody registers a program but whoever may edit programs of a workspace', async () => {
    const reply = await t.door.request('/.well-known/openid-configuration')
    const found = (await reply.json()) as Record<string, unknown>
    assert.equal(found['registration_endpoint'], undefined)
    for (const path of ['/oauth/reg', '/oauth/register', '/reg'])
      assert.equal((await t.door.request(path, { method: 'POST', body: '{}' })).status, 404)
  })

  test('the page of consent says which program asks whom for what and for how long, and asks again for more', async () => {
    const client = await registered(t, t.person, { name: 'Sample reader' })
    const browser = browserOf(t.person.token)
    const page = await asked(
      browser,
      address(client, { scope: 'openid channel.read offline_access', prompt: 'consent' }),
    )
    for (const part of [
      'Sample reader',
      t.person.email,
      'know that it is you',
      'see channels',
      'keep its access when you are not signed in, until you withdraw it',
      'You can withdraw this at any time',
      'https://client.example',
    ])
      assert.ok(page.includes(part), part)
    const end = await walk(browser, address(client))
    assert.ok(end.searchParams.has('code'))
    assert.match(await asked(browser, address(client)), /code=/)
    const again = await asked(browser, address(client, { scope: 'openid channel.read rule.read' }))
    assert.ok(again.includes('see automatic replies'))
  })

  test('policy 3.4-b: people see what they allowed and withdraw it, and every token of it ends', async () => {
    const client = await registered(t, t.person, { name: 'Sample calendar' })
    const { body } = await exchange(t, await codeFor(t, client.id, KEPT), client)
    const headers = { cookie: `__Host-surety=${t.person.token}` }
    const list = async () =>
      (
        (await (await t.door.request('/api/access/consents', { headers })).json()) as {
          readonly consents: readonly {
            readonly id: string
            readonly client: { readonly name: string }
            readonly scopes: readonly string[]
          }[]
        }
      ).consents.filter((one) => one.client.name === 'Sample calendar')
    const [given] = await list()
    assert.ok(given?.scopes.includes('channel.read'))
    const path = `/api/access/consents/${given?.id}/withdraw`
    assert.equal((await t.door.request(path, { method: 'POST', headers })).status, 200)
    assert.deepEqual(await list(), [])
    assert.equal((await callerByToken(t, String(body['access_token']))).kind, 'anonymous')
    assert.equal((await refresh(body['refresh_token'], client)).body['error'], 'invalid_grant')
  })

  test('policy 3.4-b: nobody is signed out by a link: the page asks first, and its answer must be its own', async () => {
    const browser = browserOf(t.person.token)
    await walk(browser, address(t.client))
    const page = await (await browser.send(`/oauth/logout?client_id=${t.client.id}`)).text()
    assert.match(page, /Sign out\?/)
    await browser.send('/oauth/logout/confirm', { xsrf: 'guessed', logout: 'yes' })
    const headers = { cookie: `__Host-surety=${t.person.token}` }
    const me = (await (await t.door.request('/api/access/me', { headers })).json()) as { level: string }
    assert.equal(me.level, 'full')
  })

  test('however often it is refreshed, access ends 365 days after the person allowed it', async () => {
    const client = await registered(t, t.person)
    // The program itself stays good, so that it is what the person allowed that ends.
    const inDays = (days: number): Date => new Date(t.clock.now().getTime() + days * DAY * 1000)
    const later = { created_at: inDays(100), expires_at: inDays(460) }
    await t.db.updateTable('oauth_client').set(later).execute()
    await t.db.updateTable('oauth_secret').set(later).execute()
    const now = t.clock.now()
    let { body } = await exchange(t, await codeFor(t, client.id, KEPT), client)
    for (let days = 13; days < 365; days += 13) {
      t.clock.advanceSeconds(13 * DAY)
      const next = await refresh(body['refresh_token'], client)
      assert.equal(next.status, 200, `${days} days: ${JSON.stringify(next.body)}`)
      body = next.body
    }
    t.clock.set(new Date(now.getTime() + 365 * DAY * 1000))
    assert.equal((await refresh(body['refresh_token'], client)).body['error'], 'invalid_grant')
    t.clock.set(now)
  })
})
