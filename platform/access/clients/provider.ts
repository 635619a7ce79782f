import type { Client, Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { JWK } from 'jose'
import type { RequestContext } from '../../kernel/caller.ts'
import { DAY } from '../../kernel/clock.ts'
import { accessLifetime, sessionAbsolute } from '../parameters.ts'
import type { AccessParts } from '../parts.ts'
import { workspaceOfClient } from './artifact-queries.ts'
import { artifactStore, isSecretOf, TOKEN_PREFIXES } from './adapter.ts'
import { contextOfNode } from './bridge.ts'
import type { ProviderLibrary } from './load-provider.ts'
import { pageResponse, refusalPage, signedOutPage, signOutPage, type Page } from './pages.ts'
import { ACR, belongsTo, personFor, standingSignIn } from './person.ts'
import { ALL_SCOPES } from './scopes.ts'
import { sendForm } from './send-logout.ts'

/** A refresh token that is not used for this long ends; each use gives another one. */
export const REFRESH_SECONDS = 14 * DAY
/** What a person allowed is asked for again after this long. */
export const GRANT_SECONDS = 365 * DAY
/** A person may take this long to sign in and answer. */
const INTERACTION_SECONDS = 1800
const CODE_SECONDS = 60

/** Where the endpoints are; all of them on the one origin. */
export const ENDPOINTS = {
  authorization: '/oauth/auth',
  token: '/oauth/token',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  pushed_authorization_request: '/oauth/par',
  userinfo: '/oauth/userinfo',
  jwks: '/oauth/jwks',
  end_session: '/oauth/logout',
} as const

/** What the browser's visit remembers besides what the library does: the person's session that it stands on. */
export interface BoundVisit {
  suretySession?: string
}

export type ProviderParts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'policy' | 'origin'> & {
  readonly privateAddresses: boolean
}

/** Makes the OAuth 2.0 and OpenID Connect library obey: everything that is not named here is off. Policy 4.3-a.2. */
export function makeProvider(
  parts: ProviderParts,
  library: ProviderLibrary,
  signingKeys: readonly JWK[],
): Provider {
  const { default: Library, errors } = library
  const serving = (): { route: string; context: RequestContext } | null => {
    const { ctx } = Library
    return ctx === undefined ? null : { route: ctx.oidc.route, context: contextOfNode(ctx.req) }
  }
  const alreadyUsed = (what: string): Error => new errors.InvalidGrant(`${what} already used`)
  const provider = new Library(parts.origin, {
    ...fixedSettings,
    ...settingsOf(parts, library),
    adapter: (kind: string) => artifactStore({ ...parts, serving, alreadyUsed }, kind),
    jwks: { keys: [...signingKeys] as never },
  })
  namePrefixes(provider)
  bindVisits(provider)
  provider.Client.prototype.compareClientSecret = function compare(actual) {
    return isSecretOf(this, actual)
  }
  return provider
}

const cookie = { httpOnly: true, secure: true, sameSite: 'lax', signed: false } as const

/** What depends on nothing. */
const fixedSettings = {
  routes: { ...ENDPOINTS },
  scopes: [...ALL_SCOPES],
  claims: {
    acr: null,
    amr: null,
    sid: null,
    auth_time: null,
    iss: null,
    openid: ['sub'],
    profile: ['name'],
    email: ['email', 'email_verified'],
  },
  acrValues: Object.values(ACR),
  responseTypes: ['code'],
  subjectTypes: ['public'],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  allowOmittingSingleRegisteredRedirectUri: false,
  clockTolerance: 5,
  discovery: { response_modes_supported: ['query'], claims_parameter_supported: true },
  cookies: {
    names: {
      session: '__Host-surety-oauth',
      interaction: '__Secure-surety-oauth-interaction',
      resume: '__Secure-surety-oauth-resume',
    },
    long: { ...cookie, path: '/' },
    short: cookie,
    keys: [],
  },
  enabledJWA: {
    idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA'],
    userinfoSigningAlgValues: ['RS256', 'ES256', 'EdDSA'],
    clientAuthSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'],
    dPoPSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519'],
  },
  extraClientMetadata: { properties: ['surety_workspace', 'surety_introspects'] },
} satisfies Configuration

function settingsOf(parts: ProviderParts, library: ProviderLibrary): Configuration {
  const { policy } = parts
  return {
    features: features(parts),
    fetch: (url, options) => logoutAnswer(parts, url, options?.body),
    clientBasedCORS: () => false,
    ttl: {
      AccessToken: () => policy.read(accessLifetime),
      ClientCredentials: () => policy.read(accessLifetime),
      IdToken: () => policy.read(accessLifetime),
      AuthorizationCode: CODE_SECONDS,
      RefreshToken: REFRESH_SECONDS,
      Grant: GRANT_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Session: () => policy.read(sessionAbsolute),
    },
    interactions: {
      url: (_context, interaction) => interactionPath(interaction.uid),
      policy: interactionPolicy(parts, library),
    },
    findAccount: (context, account) => findAccount(parts, context, account),
    renderError: async (context, out) => {
      const says = out.error_description ?? 'The request cannot be served.'
      await show(context, refusalPage(context.status, out.error, says))
    },
  }
}

function features(parts: ProviderParts): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    resourceIndicators: { enabled: false },
    registration: { enabled: false },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (_context, client, token) => mayIntrospect(parts, client, token),
    },
    revocation: {
      enabled: true,
      // Whoever holds a token of another program is told nothing and changes nothing.
      allowedPolicy: async (_context, client, token) => token.clientId === client.clientId,
    },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (context) => {
        const { secret = '', postLogoutRedirectUri = null } = context.oidc.session?.state ?? {}
        await show(
          context,
          signOutPage({ secret: String(secret), leadsTo: postLogoutRedirectUri as string | null }),
        )
      },
      postLogoutSuccessSource: (context) => show(context, signedOutPage),
    },
  }
}

/**
 * A client looks up its own tokens; one that was registered as a resource server also the access tokens of the other
 * clients of its workspace. Everybody else is told that there is no such token.
 */
async function mayIntrospect(
  { db }: ProviderParts,
  client: Client,
  token: { readonly clientId?: string | undefined; readonly kind?: string },
): Promise<boolean> {
  if (token.clientId === client.clientId) return true
  if (token.clientId === undefined || token.kind === 'RefreshToken') return false
  const { surety_introspects: introspects } = client as { readonly surety_introspects?: unknown }
  return introspects === true && (await workspaceOfClient(db, token.clientId)) === workspaceOf(client)
}

/** Path of the pages on which a person signs in and answers. */
export function interactionPath(uid: string): string {
  return `/oauth/interaction/${uid}`
}

/** Puts a page of ours into the library's answer. */
async function show(context: KoaContextWithOIDC, page: Page): Promise<void> {
  const response = await pageResponse(page)
  context.status = response.status
  for (const [name, value] of response.headers) context.set(name, value)
  context.body = await response.text()
}

/** The library asks others for nothing but to hear that somebody signed out. */
async function logoutAnswer(parts: ProviderParts, to: unknown, body: unknown): Promise<Response> {
  const address = to instanceof URL ? to.href : to
  if (typeof address !== 'string' || !(body instanceof URLSearchParams))
    throw new Error('nothing is fetched from elsewhere')
  return new Response(null, { status: await sendForm(address, body, parts) })
}

/** Tokens begin with a name of their own, so that one that leaks is found by whoever looks for such. */
function namePrefixes(provider: Provider): void {
  for (const [kind, prefix] of Object.entries(TOKEN_PREFIXES)) {
    const { prototype } = provider[kind as keyof typeof TOKEN_PREFIXES] as unknown as {
      readonly prototype: { generateTokenId(): string }
    }
    const { generateTokenId } = prototype
    prototype.generateTokenId = function generate() {
      return `${prefix}${generateTokenId.call(this)}`
    }
  }
}

/** Lets the browser's visit keep the id of the person's session. */
function bindVisits(provider: Provider): void {
  const visit = provider.Session as unknown as { readonly IN_PAYLOAD: readonly string[] }
  const names = [...visit.IN_PAYLOAD, 'suretySession']
  Object.defineProperty(visit, 'IN_PAYLOAD', { get: () => names })
}

/** Asks for a sign-in whenever the person's own session, in which the visit began, does not stand any more. Policy 3.4-0. */
function interactionPolicy(parts: ProviderParts, { interactionPolicy: { base, Check } }: ProviderLibrary) {
  const policy = base()
  policy
    .get('login')
    ?.checks.add(
      new Check('session_over', 'End-User authentication is required', 'login_required', (context) =>
        needsSignIn(parts, context),
      ),
    )
  return policy
}

async function needsSignIn(parts: ProviderParts, { oidc }: KoaContextWithOIDC): Promise<boolean> {
  const visit: (NonNullable<typeof oidc.session> & BoundVisit) | undefined = oidc.session
  if (visit?.accountId === undefined) return false
  const begunIn = oidc.result?.login?.['session']
  if (typeof begunIn === 'string') visit.suretySession = begunIn
  if (visit.suretySession === undefined) return true
  const standing = await standingSignIn(parts, visit.suretySession)
  if (standing?.account !== visit.accountId) return true
  return !(await belongsTo(parts, visit.accountId, workspaceOf(oidc.client)))
}

/** The workspace of a client, as its metadata says. */
export function workspaceOf(client: unknown): string {
  const workspace = (client as { readonly surety_workspace?: unknown } | undefined)?.surety_workspace
  if (typeof workspace !== 'string') throw new Error('a client belongs to a workspace')
  return workspace
}

async function findAccount(parts: ProviderParts, { oidc }: KoaContextWithOIDC, account: string) {
  const workspace = workspaceOf(oidc.client)
  if (!(await belongsTo(parts, account, workspace))) return undefined
  return {
    accountId: account,
    claims: async () => {
      const person = await personFor(parts, account, workspace)
      return { sub: account, name: person?.name, email: person?.email, email_verified: false }
    },
  }
}
