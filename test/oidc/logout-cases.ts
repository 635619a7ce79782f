import assert from 'node:assert/strict'
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { ask, errorOf, openParty, redeem, signedIn, visit, type Party } from './relying-party.ts'
import type { Case } from './basic-cases.ts'
import type { Rig } from './rig.ts'
import type { Walked } from './walk.ts'

/** A party whose person is signed in, with the ID token that says so. */
async function inside(rig: Rig, told = false): Promise<{ party: Party; idToken: string; sid: unknown }> {
  const party = await openParty(rig, told ? { backchannelLogoutUri: `${rig.application.origin}/told` } : {})
  const { tokens, claims } = await signedIn(party)
  return { party, idToken: tokens.id_token ?? '', sid: claims['sid'] }
}

function logoutUrl(party: Party, query: Readonly<Record<string, string>>): string {
  const { end_session_endpoint: endpoint = '' } = party.configuration.serverMetadata()
  return `${endpoint}?${new URLSearchParams(query).toString()}`
}

async function isSignedIn(party: Party): Promise<boolean> {
  const asked = await ask(party, { prompt: 'none' }, { alone: true })
  if (errorOf(asked) !== null) return false
  await redeem(party, asked)
  return true
}

/** Signed out, and sent to the application's own address with the state that it gave. */
function cameBack(party: Party, walked: Walked, state: string | null): void {
  assert.equal(`${walked.back?.origin}${walked.back?.pathname}`, party.byeAddress)
  assert.equal(walked.back?.searchParams.get('state') ?? null, state)
}

/** Asks for a sign-out that must work and lead here. */
function works(
  query: (known: { readonly idToken: string; readonly bye: string }) => Record<string, string>,
  end: { readonly state: string | null } | 'page',
): Case {
  return async (rig) => {
    const { party, idToken } = await inside(rig)
    const walked = await visit(party, logoutUrl(party, query({ idToken, bye: party.byeAddress })))
    if (end === 'page') {
      assert.equal(walked.back, null)
      assert.match(walked.page, /You are signed out/)
    } else cameBack(party, walked, end.state)
    assert.equal(await isSignedIn(party), false, 'still signed in')
  }
}

/** Asks for a sign-out that must be refused on a page of the provider, with the person still signed in. */
function refuses(
  query: (known: { readonly idToken: string; readonly bye: string }) => Record<string, string>,
): Case {
  return async (rig) => {
    const { party, idToken } = await inside(rig)
    const walked = await visit(party, logoutUrl(party, query({ idToken, bye: party.byeAddress })))
    assert.equal(walked.back, null)
    assert.equal(walked.status, 400)
    assert.match(walked.page, /invalid_/)
    assert.equal(await isSignedIn(party), true, 'signed out by a request that was refused')
  }
}

/** Changes what an ID token says without being able to sign it anew. */
function modified(idToken: string): string {
  const [head = '', body = '', signature = ''] = idToken.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
  const other = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody-else' })).toString('base64url')
  return [head, other, signature].join('.')
}

const state = 'sample-state'

/** The behaviours of signing out, as an application asks for it and as it hears of it. */
export const logoutCases: Readonly<Record<string, Case>> = {
  'oidcc-rp-initiated-logout': works(
    ({ idToken, bye }) => ({ id_token_hint: idToken, post_logout_redirect_uri: bye, state }),
    { state },
  ),
  'oidcc-rp-initiated-logout-no-state': works(
    ({ idToken, bye }) => ({ id_token_hint: idToken, post_logout_redirect_uri: bye }),
    { state: null },
  ),
  'oidcc-rp-initiated-logout-no-post-logout-redirect-uri': works(
    ({ idToken }) => ({ id_token_hint: idToken, state }),
    'page',
  ),
  'oidcc-rp-initiated-logout-no-id-token-hint': works(
    ({ bye }) => ({ post_logout_redirect_uri: bye, state }),
    'page',
  ),
  'oidcc-rp-initiated-logout-no-params': works(() => ({}), 'page'),
  'oidcc-rp-initiated-logout-only-state': works(() => ({ state }), 'page'),
  'oidcc-rp-initiated-logout-bad-id-token-hint': refuses(({ bye }) => ({
    id_token_hint: 'this.is-no.token',
    post_logout_redirect_uri: bye,
    state,
  })),
  'oidcc-rp-initiated-logout-modified-id-token-hint': refuses(({ idToken, bye }) => ({
    id_token_hint: modified(idToken),
    post_logout_redirect_uri: bye,
    state,
  })),
  'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri': refuses(({ idToken, bye }) => ({
    id_token_hint: idToken,
    post_logout_redirect_uri: `${bye}/elsewhere`,
    state,
  })),
  'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri': refuses(({ idToken, bye }) => ({
    id_token_hint: idToken,
    post_logout_redirect_uri: `${bye}?extra=1`,
    state,
  })),
  'oidcc-rp-initiated-logout-discovery-endpoint-verification': async (rig) => {
    const party = await openParty(rig)
    const { end_session_endpoint: endpoint } = party.configuration.serverMetadata()
    assert.equal(endpoint, `${rig.origin}/oauth/logout`)
  },
  'oidcc-backchannel-logout-discovery-endpoint-verification': async (rig) => {
    const said = (await openParty(rig)).configuration.serverMetadata()
    assert.equal(said['backchannel_logout_supported'], true)
    assert.equal(said['backchannel_logout_session_supported'], true)
  },
  'oidcc-backchannel-rp-initiated-logout': async (rig) => {
    const { party, idToken, sid } = await inside(rig, true)
    const before = rig.application.logoutTokens.length
    const query = { id_token_hint: idToken, post_logout_redirect_uri: party.byeAddress, state }
    cameBack(party, await visit(party, logoutUrl(party, query)), state)
    const heard = rig.application.logoutTokens.slice(before)
    assert.equal(heard.length, 1)
    const keys = createRemoteJWKSet(new URL(party.configuration.serverMetadata().jwks_uri ?? ''), {
      [customFetch]: (url, init) => rig.fetch(url, init),
    })
    const { payload, protectedHeader } = await jwtVerify(heard[0] ?? '', keys, {
      issuer: rig.origin,
      audience: party.id,
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'jti', 'events', 'sid'],
    })
    assert.equal(protectedHeader.alg, 'RS256')
    assert.equal(payload.sub, party.somebody.id)
    assert.ok(sid !== undefined)
    assert.equal(payload['sid'], sid)
    assert.equal(payload['nonce'], undefined)
    assert.deepEqual(payload['events'], { 'http://schemas.openid.net/event/backchannel-logout': {} })
    assert.equal(await isSignedIn(party), false)
  },
}
