import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose'
import * as oidc from 'openid-client'
import { ask, errorOf, openParty, redeem, signedIn, userInfo, type Party } from './relying-party.ts'
import type { Rig } from './rig.ts'

/** One behaviour; throws when it is not there. */
export type Case = (rig: Rig) => Promise<void>

/** A request that must simply work with one more parameter. */
function worksWith(more: Readonly<Record<string, string>>): Case {
  return async (rig) => {
    const party = await openParty(rig)
    const { tokens } = await signedIn(party, more)
    assert.equal((await userInfo(party, tokens)).sub, party.somebody.id)
  }
}

async function refusesCode(party: Party, reuse: () => Promise<unknown>, accessToken: string): Promise<void> {
  await assert.rejects(reuse, (error: oidc.ResponseBodyError) => error.error === 'invalid_grant')
  // OAuth 2.0 §4.1.2: everything that came from the code is revoked.
  const reply = await party.rig.fetch(`${party.rig.origin}/oauth/userinfo`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  assert.equal(reply.status, 401)
}

function codeReuse(afterMs: number): Case {
  return async (rig) => {
    const party = await openParty(rig)
    const asked = await ask(party)
    const tokens = await redeem(party, asked)
    await pause(afterMs)
    await refusesCode(party, () => redeem(party, asked), tokens.access_token)
  }
}

/** A scope that is offered gives these claims; one that is not is left out and gives none. */
function scopeGives(scope: string, claims: Readonly<Record<string, 'given' | 'not offered'>>): Case {
  return async (rig) => {
    const party = await openParty(rig)
    const { tokens } = await signedIn(party, { scope: `openid ${scope}` })
    const offered = party.configuration.serverMetadata().scopes_supported ?? []
    const expected = ['openid', ...scope.split(' ')].filter((one) => offered.includes(one))
    assert.deepEqual((tokens.scope ?? '').split(' ').sort(), expected.sort())
    const info = await userInfo(party, tokens)
    for (const [claim, state] of Object.entries(claims))
      assert.equal(info[claim] !== undefined, state === 'given', `${claim} should be ${state}`)
    const supported = party.configuration.serverMetadata().claims_supported ?? []
    for (const [claim, state] of Object.entries(claims))
      assert.equal(supported.includes(claim), state === 'given', `discovery and answer differ in ${claim}`)
  }
}

const profile = { name: 'given' } as const
const email = { email: 'given', email_verified: 'given' } as const
const address = { address: 'not offered' } as const
const phone = { phone_number: 'not offered', phone_number_verified: 'not offered' } as const

function userInfoBy(method: 'GET' | 'POST', where: 'header' | 'body'): Case {
  return async (rig) => {
    const party = await openParty(rig)
    const { tokens } = await signedIn(party, { scope: 'openid profile email' })
    const token = tokens.access_token
    const reply = await rig.fetch(`${rig.origin}/oauth/userinfo`, {
      method,
      headers:
        where === 'header'
          ? { authorization: `Bearer ${token}` }
          : { 'content-type': 'application/x-www-form-urlencoded' },
      ...(where === 'body' ? { body: new URLSearchParams({ access_token: token }).toString() } : {}),
    })
    assert.equal(reply.status, 200)
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json/)
    const info = (await reply.json()) as Record<string, unknown>
    assert.equal(info['sub'], party.somebody.id)
    assert.equal(info['email'], party.somebody.email)
  }
}

/** The behaviours of the ordinary way: code, tokens, claims and the person's data. */
export const basicCases: Readonly<Record<string, Case>> = {
  'oidcc-server': async (rig) => {
    const party = await openParty(rig)
    const { tokens, claims, asked } = await signedIn(party)
    assert.equal(asked.walked.signIns, 1)
    assert.equal(asked.walked.consents, 1)
    assert.equal(asked.walked.back?.searchParams.get('iss'), rig.origin)
    assert.equal(claims.iss, rig.origin)
    assert.equal(claims.aud, party.id)
    assert.equal(tokens.token_type.toLowerCase(), 'bearer')
    assert.ok((tokens.expires_in ?? 0) <= 600)
    assert.equal((await userInfo(party, tokens)).sub, claims.sub)
  },
  'oidcc-alternate-happy-flow': async (rig) => {
    const returnAddress = `${rig.application.origin}/back?first=lorem&second=ipsum`
    const party = await openParty(rig, {
      redirectUris: [returnAddress],
      authMethod: 'client_secret_post',
      idTokenAlgorithm: 'ES256',
    })
    const asked = await ask(party)
    const back = asked.walked.back?.searchParams
    assert.equal(back?.get('first'), 'lorem')
    assert.equal(back?.get('second'), 'ipsum')
    assert.equal(back?.get('state'), asked.state)
    // The client library forgets the query of a return address, so this exchange is written out.
    const form = {
      grant_type: 'authorization_code',
      code: back?.get('code') ?? '',
      redirect_uri: returnAddress,
      code_verifier: asked.verifier,
      client_id: party.id,
      client_secret: party.secret,
    }
    const reply = await rig.fetch(`${rig.origin}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form),
    })
    const tokens = (await reply.json()) as Record<string, string>
    assert.equal(reply.status, 200, JSON.stringify(tokens))
    assert.equal(decodeProtectedHeader(tokens['id_token'] ?? '').alg, 'ES256')
    const info = await oidc.fetchUserInfo(
      party.configuration,
      tokens['access_token'] ?? '',
      party.somebody.id,
    )
    assert.equal(info.sub, party.somebody.id)
  },
  'oidcc-codereuse': codeReuse(0),
  'oidcc-codereuse-30seconds': codeReuse(30_000),
  'oidcc-claims-essential': async (rig) => {
    const party = await openParty(rig)
    const claims = JSON.stringify({ userinfo: { name: { essential: true } } })
    const { tokens } = await signedIn(party, { claims })
    assert.equal((await userInfo(party, tokens)).name, party.somebody.name)
  },
  'oidcc-claims-locales': worksWith({ claims_locales: 'se' }),
  'oidcc-display-page': worksWith({ display: 'page' }),
  'oidcc-display-popup': worksWith({ display: 'popup' }),
  'oidcc-ui-locales': worksWith({ ui_locales: 'se' }),
  'oidcc-ensure-request-with-unknown-parameter-succeeds': worksWith({ extra: 'foobar' }),
  'oidcc-ensure-request-with-acr-values-succeeds': async (rig) => {
    const party = await openParty(rig)
    const [wanted = ''] = party.configuration.serverMetadata().acr_values_supported ?? []
    const more = JSON.stringify({ id_token: { amr: null } })
    const { claims } = await signedIn(party, { acr_values: wanted, claims: more })
    assert.equal(claims['acr'], wanted)
    assert.deepEqual(claims['amr'], ['pwd', 'otp', 'mfa'])
  },
  'oidcc-ensure-request-with-valid-pkce-succeeds': async (rig) => {
    const party = await openParty(rig)
    assert.deepEqual(party.configuration.serverMetadata().code_challenge_methods_supported, ['S256'])
    await signedIn(party)
    const asked = await ask(party, { prompt: 'none' })
    const other = { ...asked, verifier: oidc.randomPKCECodeVerifier() }
    await assert.rejects(
      redeem(party, other),
      (error: oidc.ResponseBodyError) => error.error === 'invalid_grant',
    )
  },
  'oidcc-ensure-request-without-nonce-succeeds-for-code-flow': async (rig) => {
    const party = await openParty(rig)
    const { claims } = await signedIn(party, { nonce: null })
    assert.equal(claims.nonce, undefined)
  },
  'oidcc-idtoken-signature': async (rig) => {
    const party = await openParty(rig)
    const { tokens } = await signedIn(party)
    const { jwks_uri: address = '' } = party.configuration.serverMetadata()
    const keys = (await (await rig.fetch(address)).json()) as JSONWebKeySet
    assert.ok(keys.keys.every((key) => key.d === undefined && key.kid !== undefined && key.use === 'sig'))
    const verified = await jwtVerify(tokens.id_token ?? '', createLocalJWKSet(keys), {
      issuer: rig.origin,
      audience: party.id,
    })
    assert.equal(verified.protectedHeader.alg, 'RS256')
    assert.ok(verified.protectedHeader.kid !== undefined)
  },
  'oidcc-idtoken-unsigned': async (rig) => {
    // Unsigned ID tokens are not offered, so none may ever come.
    const party = await openParty(rig)
    const offered = party.configuration.serverMetadata().id_token_signing_alg_values_supported ?? []
    assert.ok(offered.length > 0 && !offered.includes('none'))
    await assert.rejects(openParty(rig, { idTokenAlgorithm: 'none' as never }))
    const { tokens } = await signedIn(party)
    assert.notEqual(decodeProtectedHeader(tokens.id_token ?? '').alg, 'none')
  },
  'oidcc-refresh-token': async (rig) => {
    const party = await openParty(rig)
    const { tokens, claims } = await signedIn(party, { scope: 'openid offline_access', prompt: 'consent' })
    const first = tokens.refresh_token
    assert.ok(first !== undefined)
    const again = await oidc.refreshTokenGrant(party.configuration, first)
    const renewed = again.claims()
    assert.equal(renewed?.sub, claims.sub)
    assert.equal(renewed?.auth_time, claims.auth_time)
    assert.ok(again.refresh_token !== undefined && again.refresh_token !== first)
    assert.notEqual(again.access_token, tokens.access_token)
    assert.equal((await userInfo(party, again)).sub, claims.sub)
    const other = await openParty(rig)
    await assert.rejects(
      oidc.refreshTokenGrant(other.configuration, again.refresh_token),
      (error: oidc.ResponseBodyError) => error.error === 'invalid_grant',
    )
  },
  'oidcc-scope-profile': scopeGives('profile', profile),
  'oidcc-scope-email': scopeGives('email', email),
  'oidcc-scope-address': scopeGives('address', address),
  'oidcc-scope-phone': scopeGives('phone', phone),
  'oidcc-scope-all': scopeGives('profile email address phone', {
    ...profile,
    ...email,
    ...address,
    ...phone,
  }),
  'oidcc-server-client-secret-post': async (rig) => {
    const party = await openParty(rig, { authMethod: 'client_secret_post' })
    const { tokens } = await signedIn(party)
    assert.equal((await userInfo(party, tokens)).sub, party.somebody.id)
  },
  'oidcc-userinfo-get': userInfoBy('GET', 'header'),
  'oidcc-userinfo-post-header': userInfoBy('POST', 'header'),
  'oidcc-userinfo-post-body': userInfoBy('POST', 'body'),
  'oidcc-discovery-endpoint-verification': async (rig) => {
    const reply = await rig.fetch(`${rig.origin}/.well-known/openid-configuration`)
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json/)
    const said = (await reply.json()) as Record<string, string & string[]>
    assert.equal(said['issuer'], rig.origin)
    for (const name of ['authorization', 'token', 'userinfo', 'end_session', 'introspection', 'revocation'])
      assert.ok(said[`${name}_endpoint`]?.startsWith(`${rig.origin}/oauth/`), name)
    assert.deepEqual(said['response_types_supported'], ['code'])
    assert.deepEqual(said['subject_types_supported'], ['public'])
    assert.ok(said['id_token_signing_alg_values_supported']?.includes('RS256'))
    for (const name of ['scopes_supported', 'claims_supported', 'grant_types_supported'])
      assert.ok(Array.isArray(said[name]), name)
    assert.ok(!said['grant_types_supported']?.includes('implicit'))
    assert.equal((await rig.fetch(said['jwks_uri'] ?? '')).status, 200)
  },
}

/** A request that must come back with this error, or end on a page of the provider that says so. */
export async function refused(
  party: Party,
  more: Readonly<Record<string, string | null>>,
  errors: readonly string[],
) {
  const asked = await ask(party, more, { alone: true })
  const said = errorOf(asked) ?? errors.find((error) => asked.walked.page.includes(error)) ?? null
  assert.ok(said !== null && errors.includes(said), `${said}: ${asked.walked.page}`)
  assert.equal(asked.walked.back?.searchParams.get('code') ?? null, null)
  return asked
}
