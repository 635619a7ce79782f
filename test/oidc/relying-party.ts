import assert from 'node:assert/strict'
import * as oidc from 'openid-client'
import type { ClientWish } from '../../platform/access/clients/wish.ts'
import type { BrowserContext, Page } from 'playwright-core'
import type { Rig, Somebody } from './rig.ts'
import { walk, type Walked } from './walk.ts'

/** An application of its own for one behaviour: registered, with a person and a fresh browser profile. */
export interface Party {
  readonly rig: Rig
  readonly id: string
  readonly secret: string
  readonly configuration: oidc.Configuration
  readonly returnAddress: string
  readonly byeAddress: string
  readonly somebody: Somebody
  readonly context: BrowserContext
}

/** What an authorization request was sent with, and what came of it. */
export interface Asked {
  readonly walked: Walked
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** The tokens of a finished way. */
export type Tokens = Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>

/** Registers an application; `wish` changes what an ordinary one has. */
export async function openParty(rig: Rig, wish: Partial<ClientWish> = {}): Promise<Party> {
  const { application, owner, access } = rig
  const returnAddress = wish.redirectUris?.[0] ?? `${application.origin}/back`
  const byeAddress = `${application.origin}/back/bye`
  const made = await access.clients.make(await owner.context(), {
    name: 'Sample application',
    grantTypes: ['authorization_code', 'refresh_token'],
    authMethod: 'client_secret_basic',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    redirectUris: [returnAddress],
    logoutRedirectUris: [byeAddress],
    backchannelLogoutUri: null,
    publicKeys: null,
    idTokenAlgorithm: 'RS256',
    dpop: false,
    introspects: false,
    ...wish,
    workspace: owner.workspace,
    account: owner.id,
    seconds: 3600,
  })
  const secret = made.secret ?? ''
  const method =
    wish.authMethod === 'client_secret_post' ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret)
  const configuration = await oidc.discovery(new URL(rig.origin), made.id, {}, method, {
    [oidc.customFetch]: rig.fetch as unknown as oidc.CustomFetch,
  })
  configuration[oidc.customFetch] = rig.fetch as unknown as oidc.CustomFetch
  const context = await rig.browser.newContext({ ignoreHTTPSErrors: true })
  context.setDefaultTimeout(20_000)
  return {
    rig,
    id: made.id,
    secret,
    configuration,
    returnAddress,
    byeAddress,
    somebody: await rig.somebody(),
    context,
  }
}

/** The address of an authorization request with state, nonce and PKCE; null takes a parameter away. */
export async function requestUrl(party: Party, more: Readonly<Record<string, string | null>> = {}) {
  const verifier = oidc.randomPKCECodeVerifier()
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
  const url = oidc.buildAuthorizationUrl(party.configuration, {
    redirect_uri: party.returnAddress,
    scope: 'openid',
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  for (const [name, value] of Object.entries(more))
    if (value === null) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  return { url, state, nonce, verifier }
}

/** Sends a browser through an authorization request; `alone` leaves it without a person who could sign in. */
export async function ask(
  party: Party,
  more: Readonly<Record<string, string | null>> = {},
  how: { readonly alone?: true; readonly asForm?: true } = {},
): Promise<Asked> {
  const { url, ...secrets } = await requestUrl(party, more)
  const page = await party.context.newPage()
  const form = new URL(`${party.rig.application.origin}/form`)
  if (how.asForm) {
    for (const [name, value] of url.searchParams) form.searchParams.set(name, value)
    form.searchParams.set('action', `${url.origin}${url.pathname}`)
  }
  const walked = await walk(
    party.rig,
    page,
    how.asForm ? form.href : url.href,
    how.alone ? null : party.somebody,
  )
  await page.close()
  return { walked, ...secrets }
}

/** Exchanges the code that came back; the library checks the ID token by every rule of OpenID Connect Core §3.1.3.7. */
export async function redeem(party: Party, asked: Asked, withNonce = true): Promise<Tokens> {
  const { back } = asked.walked
  assert.ok(back !== null, `the browser did not come back: ${asked.walked.page}`)
  return oidc.authorizationCodeGrant(party.configuration, back, {
    pkceCodeVerifier: asked.verifier,
    expectedState: asked.state,
    ...(withNonce ? { expectedNonce: asked.nonce } : {}),
    idTokenExpected: true,
  })
}

/** A whole way: request, sign-in, code, tokens, and the person's data by the access token. */
export async function signedIn(
  party: Party,
  more: Readonly<Record<string, string | null>> = {},
): Promise<{ readonly asked: Asked; readonly tokens: Tokens; readonly claims: oidc.IDToken }> {
  const asked = await ask(party, more)
  const tokens = await redeem(party, asked, more['nonce'] !== null)
  const claims = tokens.claims()
  assert.ok(claims !== undefined)
  assert.equal(claims.sub, party.somebody.id)
  return { asked, tokens, claims }
}

/** The person's data by an access token. */
export function userInfo(party: Party, tokens: Tokens) {
  return oidc.fetchUserInfo(party.configuration, tokens.access_token, party.somebody.id)
}

/** The error that came back to the application. */
export function errorOf({ walked }: Asked): string | null {
  return walked.back?.searchParams.get('error') ?? null
}

/** Opens an address in the party's browser as somebody who does what pages ask. */
export async function visit(party: Party, url: string): Promise<Walked> {
  const page: Page = await party.context.newPage()
  try {
    return await walk(party.rig, page, url, party.somebody)
  } finally {
    await page.close()
  }
}
