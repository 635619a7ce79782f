import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { newId } from '../../kernel/id.ts'
import { registered, testClients, type TestClient, type TestClients } from './clients.fixture.ts'

const API = 'https://localhost:8443/inbox/channels'

suite('RFC 9449: a token that is bound to a key', () => {
  let t: TestClients
  let client: TestClient
  let server: oauth.AuthorizationServer
  let keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }
  let token: string
  let attempt = 0

  const fetch = (url: string, init: oauth.CustomFetchOptions<string, unknown>): Promise<Response> => {
    const body = init.body instanceof URLSearchParams ? init.body.toString() : null
    const { pathname, search } = new URL(url)
    return t.door.request(`${pathname}${search}`, { method: init.method, headers: init.headers, body })
  }
  const options = { [oauth.customFetch]: fetch as never }

  before(async () => {
    t = await testClients()
    client = await registered(t, t.person, {
      dpop: true,
      redirectUris: [],
      grantTypes: ['client_credentials'],
      scopes: ['channel.read'],
      logoutRedirectUris: [],
    })
    const issuer = new URL(t.origin)
    server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))
    keys = await generateKeyPair('ES256', { extractable: true })
    const me = { client_id: client.id }
    const DPoP = oauth.DPoP({}, keys)
    const reply = await oauth.clientCredentialsGrantRequest(
      server,
      me,
      oauth.ClientSecretBasic(client.secret),
      new URLSearchParams({ scope: 'channel.read' }),
      { ...options, DPoP },
    )
    const got = await oauth.processClientCredentialsResponse(server, me, reply)
    assert.equal(got.token_type, 'dpop')
    token = got.access_token
  })
  after(() => t.close())

  async function proof(
    claims: Record<string, unknown> = {},
    by = keys,
    header: { readonly typ?: string; readonly jwk?: JWK } = {},
  ): Promise<string> {
    const ath = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(token))).toString('base64url')
    const iat = Math.floor(t.clock.now().getTime() / 1000)
    const jwk = header.jwk ?? (await exportJWK(by.publicKey))
    return new SignJWT({ htm: 'GET', htu: API, ath, iat, jti: newId(t.clock), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: header.typ ?? 'dpop+jwt', jwk })
      .sign(by.privateKey)
  }

  async function kindOf(dpop: string | null, scheme = 'DPoP', again = false): Promise<string> {
    const headers = { authorization: `${scheme} ${token}`, ...(dpop === null ? {} : { dpop }) }
    // Every wrong one comes from another network, so that none is slowed.
    attempt += 1
    const origin = {
      ip: `198.51.${attempt}.9`,
      userAgent: 'sample',
      ...(again ? { again: true as const } : {}),
    }
    return (await t.access.identify(new Request(`${API}?page=2`, { headers }), origin)).kind
  }

  test('an independent client library gets and shows one', async () => {
    const shown = await proof()
    assert.equal(await kindOf(shown), 'client')
  })

  test('a proof is good once, and a stream that it opened goes on', async () => {
    const shown = await proof()
    assert.equal(await kindOf(shown), 'client')
    assert.equal(await kindOf(shown), 'anonymous')
    assert.equal(await kindOf(shown, 'DPoP', true), 'client')
  })

  test('of ten at once with one proof exactly one is let in', async () => {
    const shown = await proof()
    const kinds = await Promise.all(Array.from({ length: 10 }, () => kindOf(shown)))
    assert.equal(kinds.filter((kind) => kind === 'client').length, 1)
  })

  test('without a proof, as a bearer’s, or with one for something else, the token is nothing', async () => {
    assert.equal(await kindOf(null), 'anonymous')
    assert.equal(await kindOf(null, 'Bearer'), 'anonymous')
    assert.equal(await kindOf(await proof(), 'Bearer'), 'anonymous')
    const other = await generateKeyPair('ES256', { extractable: true })
    const now = Math.floor(t.clock.now().getTime() / 1000)
    for (const wrong of [
      await proof({ htm: 'POST' }),
      await proof({ htu: 'https://localhost:8443/inbox/rules' }),
      await proof({ htu: 'https://evil.example/inbox/channels' }),
      await proof({ ath: 'x' }),
      await proof({ iat: now - 61 }),
      await proof({ iat: now + 61 }),
      await proof({ jti: '' }),
      await proof({}, other),
      await proof({}, keys, { typ: 'JWT' }),
      await proof({}, keys, { jwk: await exportJWK(other.publicKey) }),
      await proof({}, keys, { jwk: await exportJWK(keys.privateKey) }),
      'no proof',
      'a'.repeat(9000),
    ])
      assert.equal(await kindOf(wrong), 'anonymous')
  })
})
