import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import type { Configuration } from 'oidc-provider'

/** What the identity provider says of whoever signs in. */
export interface Said {
  readonly sub: string
  readonly email?: string
  readonly email_verified?: unknown
  readonly acr?: string
  readonly amr?: readonly string[]
}

/** The client that a workspace registered. */
export const CLIENT = { id: 'sample-client', secret: 'sample-client-secret-0123456789' } as const

async function listen(handle: (request: IncomingMessage, reply: ServerResponse) => void) {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

/** A real OpenID provider on loopback that signs in `said.sub` without asking. */
export async function realProvider(redirectUri: string, said: Said) {
  const { Provider } = await import('oidc-provider')
  let handle: (request: IncomingMessage, reply: ServerResponse) => void = (_, reply) => void reply.end()
  const { issuer, close } = await listen((request, reply) => handle(request, reply))
  const configuration: Configuration = {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => ({
      accountId,
      claims: async () => ({ ...said, sub: accountId }),
    }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({
        clientId: oidc.client?.clientId ?? '',
        accountId: oidc.session?.accountId ?? '',
      })
      grant.addOIDCScope('openid email')
      await grant.save()
      return grant
    },
    jwks: { keys: [await signingKey()] as never },
  }
  const provider = new Provider(issuer, configuration)
  const callback = provider.callback()
  handle = (request, reply) => {
    if (!request.url?.startsWith('/interaction/')) return void callback(request, reply)
    return void provider.interactionFinished(request, reply, { login: { accountId: said.sub } })
  }
  return { issuer, close }
}

async function signingKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: 'sample', use: 'sig', alg: 'RS256' }
}

/** Goes where a browser would go at a real provider, and gives the address that it is sent back to. */
export async function browse(location: string, backTo: string): Promise<URL> {
  const jar = new Map<string, string>()
  let at = new URL(location)
  for (let hops = 0; hops < 10; hops += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await fetch(at, { redirect: 'manual', headers: { cookie } })
    for (const one of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(one) ?? []
      jar.set(name, value)
    }
    const next = reply.headers.get('location')
    if (next === null) throw new Error(`the provider answered ${reply.status}: ${await reply.text()}`)
    at = new URL(next, at)
    if (at.href.startsWith(backTo)) return at
  }
  throw new Error('the provider sends around in circles')
}

/** How a hostile provider answers. */
export interface Lie {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly alg?: 'none' | 'other-key'
  /** What its metadata say instead. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** Makes tokens with a key of its own, or with what is worse. */
async function tokenMaker() {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const other = await generateKeyPair('RS256', { extractable: true })
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return {
    jwk: { ...(await exportJWK(publicKey)), kid: 'sample', use: 'sig', alg: 'RS256' },
    make: async (claims: Record<string, unknown>, alg: Lie['alg']): Promise<string> => {
      if (alg === 'none') return `${part({ alg })}.${part(claims)}.`
      const key = alg === 'other-key' ? other.privateKey : privateKey
      return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'sample' }).sign(key)
    },
  }
}

function metadata(issuer: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    id_token_signing_alg_values_supported: ['RS256', 'none'],
  }
}

function sendJson(reply: ServerResponse, body: object): void {
  reply.setHeader('content-type', 'application/json')
  reply.end(JSON.stringify(body))
}

/** A provider of our own making that says whatever it is told to. */
export async function lyingProvider() {
  const tokens = await tokenMaker()
  let said: Said = { sub: 'somebody' }
  let lie: Lie = {}
  let nonce = ''
  const claims = (): Record<string, unknown> => {
    const now = Math.floor(Date.now() / 1000)
    const usual = { iss: issuer, aud: CLIENT.id, iat: now, exp: now + 300, nonce, auth_time: now }
    return { ...usual, ...said, ...lie.claims }
  }
  const { issuer, close } = await listen((request, reply) => {
    const path = request.url ?? ''
    if (path.startsWith('/.well-known/')) sendJson(reply, { ...metadata(issuer), ...lie.metadata })
    else if (path === '/keys') sendJson(reply, { keys: [tokens.jwk] })
    else
      void tokens
        .make(claims(), lie.alg)
        .then((id_token) =>
          sendJson(reply, { access_token: 'sample', token_type: 'Bearer', expires_in: 60, id_token }),
        )
  })
  return {
    issuer,
    close,
    says: (next: Said, wrongly: Lie = {}): void => {
      said = next
      lie = wrongly
    },
    /** Comes back from it with a code, as a browser would. */
    back: (location: string, more: Readonly<Record<string, string>> = {}): string => {
      const asked = new URL(location).searchParams
      nonce = asked.get('nonce') ?? ''
      return `?${new URLSearchParams({ code: 'sample-code', state: asked.get('state') ?? '', ...more }).toString()}`
    },
  }
}
