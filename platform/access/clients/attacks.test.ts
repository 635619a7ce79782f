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
  RETURN_ADDRESS,
  testBrowser,
  testClients,
  walk,
  type TestClients,
} from './clients.fixture.ts'
import { isReserved, mayBeTold } from './send-logout.ts'
import { isReturnAddress } from './wish.ts'

suite('attacks on OAuth 2.0', () => {
  let t: TestClients
  before(async () => {
    t = await testClients()
  })
  after(() => t.close())

  const offline = { scope: 'openid offline_access channel.read', prompt: 'consent' }

  function refresh(token: string, client = t.client) {
    return post(
      t,
      '/oauth/token',
      { grant_type: 'refresh_token', refresh_token: token },
      { authorization: client.basic },
    )
  }

  async function reuses(): Promise<number> {
    const rows = await t.db
      .selectFrom('audit_event')
      .select('type')
      .where('type', '=', 'token.reused')
      .execute()
    return rows.length
  }

  async function ask(more: Record<string, string>, client = t.client.id): Promise<Response> {
    const browser = testBrowser(t)
    browser.use(t.person.token)
    const { challenge } = pkce()
    return browser.send(
      authorizationUrl(client, { code_challenge: challenge, code_challenge_method: 'S256', ...more }),
    )
  }

  test('a refresh token that comes a second time revokes the whole grant, and is recorded', async () => {
    const first = (await exchange(t, await codeFor(t, t.client.id, offline))).body
    const second = (await refresh(String(first['refresh_token']))).body
    assert.equal((await callerByToken(t, String(second['access_token']))).kind, 'client')
    const before = await reuses()
    assert.equal((await refresh(String(first['refresh_token']))).body['error'], 'invalid_grant')
    assert.equal(await reuses(), before + 1)
    assert.equal((await callerByToken(t, String(second['access_token']))).kind, 'anonymous')
    assert.equal((await refresh(String(second['refresh_token']))).body['error'], 'invalid_grant')
  })

  test('of ten at once with one refresh token at most one gets an answer', async () => {
    const first = (await exchange(t, await codeFor(t, t.client.id, offline))).body
    const token = String(first['refresh_token'])
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(token)))
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1)
  })

  test('a refresh token of one program is nothing in the hands of another', async () => {
    const first = (await exchange(t, await codeFor(t, t.client.id, offline))).body
    const other = await registered(t, t.person)
    assert.equal((await refresh(String(first['refresh_token']), other)).body['error'], 'invalid_grant')
  })

  test('a code that comes a second time revokes what came of it', async () => {
    const code = await codeFor(t)
    const { body } = await exchange(t, code)
    assert.equal((await exchange(t, code)).body['error'], 'invalid_grant')
    assert.equal((await callerByToken(t, String(body['access_token']))).kind, 'anonymous')
  })

  test('of ten at once with one code at most one gets a token', async () => {
    const code = await codeFor(t)
    const answers = await Promise.all(Array.from({ length: 10 }, () => exchange(t, code)))
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1)
  })

  test('a code without its verifier, with a plain one, or of another program, is refused', async () => {
    const { code } = await codeFor(t)
    assert.equal((await exchange(t, { code, verifier: 'a'.repeat(43) })).body['error'], 'invalid_grant')
    const other = await registered(t, t.person)
    const mine = await codeFor(t)
    assert.equal((await exchange(t, mine, other)).body['error'], 'invalid_grant')
  })

  test('a request without PKCE, with the plain method, or for a token in the address, is refused', async () => {
    const browser = testBrowser(t)
    const none = await browser.send(authorizationUrl(t.client.id))
    const plain = await ask({ code_challenge_method: 'plain' })
    const implicit = await ask({ response_type: 'token' })
    const hybrid = await ask({ response_type: 'code id_token' })
    for (const reply of [none, plain, implicit, hybrid]) {
      const location = new URL(reply.headers.get('location') ?? 'https://nowhere.invalid')
      const said = `${location.search}${location.hash}${await reply.text()}`
      assert.match(said, /invalid_request|unsupported_response_type|unauthorized_client/)
      assert.ok(!/access_token=|[?&#]code=/.test(said))
    }
  })

  test('passwords are no grant', async () => {
    const form = { grant_type: 'password', username: t.person.email, password: 'x', scope: 'channel.read' }
    const { body } = await post(t, '/oauth/token', form, { authorization: t.client.basic })
    assert.equal(body['error'], 'unsupported_grant_type')
  })

  test('a browser is sent to the registered address only, character by character', async () => {
    for (const address of [
      `${RETURN_ADDRESS}/`,
      `${RETURN_ADDRESS}?a=b`,
      `${RETURN_ADDRESS}#a`,
      'https://client.example/Return',
      'https://client.example/return/../other',
      'https://client.example.evil.example/return',
      'https://client.example@evil.example/return',
      'http://client.example/return',
      'https://evil.example/return',
      'javascript:alert(1)',
      '',
    ]) {
      const reply = await ask({ redirect_uri: address })
      assert.equal(reply.status, 400, address)
      assert.equal(reply.headers.get('location'), null, address)
    }
  })

  test('the answer says who gave it, so that it cannot be mixed up with another provider’s', async () => {
    const browser = testBrowser(t)
    browser.use(t.person.token)
    const { challenge } = pkce()
    const asked = { code_challenge: challenge, code_challenge_method: 'S256' }
    const end = await walk(browser, authorizationUrl(t.client.id, asked))
    assert.equal(end.searchParams.get('iss'), t.origin)
    assert.equal(end.searchParams.get('state'), 'sample-state')
  })

  test('signing out leads to no address that the program did not register', async () => {
    const browser = testBrowser(t)
    for (const address of ['https://evil.example/', 'https://client.example/bye/../x', '//evil.example']) {
      const query = new URLSearchParams({ client_id: t.client.id, post_logout_redirect_uri: address })
      const reply = await browser.send(`/oauth/logout?${query.toString()}`)
      assert.equal(reply.status, 400, address)
    }
  })

  test('an interaction is nothing without the cookie of the browser that began it', async () => {
    const browser = testBrowser(t)
    browser.use(t.person.token)
    const { challenge } = pkce()
    const begun = await browser.send(
      authorizationUrl(t.client.id, { code_challenge: challenge, code_challenge_method: 'S256' }),
    )
    const victim = testBrowser(t)
    victim.use(t.person.token)
    const path = begun.headers.get('location') ?? ''
    assert.equal((await victim.send(`${path}/go`)).status, 404)
    assert.equal((await victim.send(`${path}/consent`, { answer: 'allow' })).status, 404)
  })

  test('a session of one factor is asked for the second one, and gets no code', async () => {
    const half = await t.db.selectFrom('session').select('id').where('account_id', '=', t.person.id).execute()
    assert.ok(half.length > 0)
    const browser = testBrowser(t)
    const { challenge } = pkce()
    const asked = { code_challenge: challenge, code_challenge_method: 'S256' }
    const begun = await browser.send(authorizationUrl(t.client.id, asked))
    const go = `${begun.headers.get('location')}/go`
    assert.match(await (await browser.send(go)).text(), /name="password"/)
    const wrong = await browser.send(go.replace(/\/go$/, '/password'), {
      email: t.person.email,
      password: 'wrong',
    })
    assert.equal(wrong.status, 401)
    const right = await browser.send(go.replace(/\/go$/, '/password'), {
      email: t.person.email,
      password: 'Sample-pass-2026',
    })
    assert.equal(right.status, 303)
    const page = await (await browser.send(go)).text()
    assert.match(page, /name="code"/)
    assert.ok(!page.includes('/consent'))
  })

  test('addresses: only https, or this machine, in the one form that every reader reads alike', () => {
    for (const address of [
      'https://a.example/x',
      'http://127.0.0.1:8000/x',
      'http://localhost/x',
      'http://[::1]:1/',
    ])
      assert.ok(isReturnAddress(address), address)
    for (const address of [
      'http://a.example/x',
      'https://a.example/x#y',
      'https://u:p@a.example/',
      'HTTPS://a.example/',
      'https://a.example/../x',
      'https://a.example:443/',
      'custom:/x',
      'javascript:alert(1)',
      'https://*.example/%zz ',
      '',
    ])
      assert.ok(!isReturnAddress(address), address)
  })

  test('notices of sign-outs go to no address behind this machine', () => {
    const reach = { privateAddresses: false }
    for (const address of [
      'http://a.example/',
      'https://127.0.0.1/',
      'https://10.0.0.1/',
      'https://169.254.169.254/latest',
      'https://[::1]/',
      'https://[fd00::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://u@a.example/',
    ])
      assert.ok(!mayBeTold(address, reach), address)
    assert.ok(mayBeTold('https://a.example/told', reach))
    // Addresses of version 6 that lead to private ones of version 4, and networks that are nobody's.
    for (const inside of [
      '64:ff9b::a00:1',
      '64:ff9b::a9fe:a9fe',
      '2002:7f00:1::',
      '::127.0.0.1',
      '::ffff:10.0.0.1',
    ])
      assert.ok(
        isReserved(inside) && !mayBeTold(`https://[${inside}]/out`, { privateAddresses: false }),
        inside,
      )
    assert.ok(isReserved('192.168.1.1') && isReserved('no address') && !isReserved('93.184.216.34'))
  })
})
