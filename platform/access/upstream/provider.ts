import type { Configuration, CustomFetch } from 'openid-client'
import { askOutside } from '../../kernel/outgoing.ts'
import { Problem } from '../../kernel/problem.ts'
import { isPublicUrl, publicLookup } from './public-address.ts'

const TIMEOUT_MS = 4000
const BYTES_MAX = 256 * 1024
const METADATA_MS_MAX = 600_000
const METADATA_MAX = 100
/** A second factor that the provider asserts was asked for within this time. */
export const AUTHENTICATED_SECONDS_MAX = 3600

/** What is needed to speak with a provider. */
export interface ProviderFacts {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** What ties an answer to the question, kept until the person comes back. */
export interface Question {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** What a provider said of a person, in a token whose signature, issuer, audience, time and nonce were verified. */
export interface Assertion {
  readonly subject: string
  /** Null unless the provider says that it verified the address. */
  readonly verifiedEmail: string | null
  /** `acr:…` and `amr:…`. */
  readonly said: readonly string[]
}

/** Identity providers of workspaces: OpenID Connect with code, PKCE, state and nonce. */
export type Providers = ReturnType<typeof openProviders>

/** Opens the way to providers; private addresses and plain HTTP only when the operator said so. */
export function openProviders(deps: { readonly privateIssuers: boolean; readonly redirectUri: string }) {
  const { redirectUri } = deps
  const configured = configurations(deps.privateIssuers)
  return {
    /** Reads the provider's metadata; throws `access.upstream-unusable`. */
    probe: async (facts: ProviderFacts): Promise<void> => {
      await configured(facts, true)
    },
    /** Where the browser goes. */
    questionUrl: async (
      facts: ProviderFacts,
      question: Question,
      believed: readonly string[],
    ): Promise<string> => {
      const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await import('openid-client')
      const url = buildAuthorizationUrl(await configured(facts), {
        redirect_uri: redirectUri,
        scope: 'openid email',
        response_type: 'code',
        state: question.state,
        nonce: question.nonce,
        code_challenge: await calculatePKCECodeChallenge(question.verifier),
        code_challenge_method: 'S256',
        ...secondAsked(believed),
      })
      requireReachable(url, deps.privateIssuers)
      return url.href
    },
    /** Exchanges the code that came back; throws what was wrong with the answer. */
    answer: async (
      facts: ProviderFacts,
      question: Question,
      search: string,
      believed: readonly string[],
    ): Promise<Assertion> => {
      const { authorizationCodeGrant } = await import('openid-client')
      const tokens = await authorizationCodeGrant(await configured(facts), new URL(redirectUri + search), {
        pkceCodeVerifier: question.verifier,
        expectedState: question.state,
        expectedNonce: question.nonce,
        idTokenExpected: true,
        ...(believed.length > 0 ? { maxAge: AUTHENTICATED_SECONDS_MAX } : {}),
      })
      return assertionOf(tokens.claims() ?? {})
    },
  }
}

/** What the provider is asked for when an owner believes it more than a first factor. */
function secondAsked(believed: readonly string[]): Record<string, string> {
  if (believed.length === 0) return {}
  const values = believed.filter((one) => one.startsWith('acr:')).map((one) => one.slice(4))
  return {
    max_age: String(AUTHENTICATED_SECONDS_MAX),
    ...(values.length === 0 ? {} : { acr_values: values.join(' ') }),
  }
}

/** Reads the claims; a claim of another type than the standard's counts as missing. */
export function assertionOf(claims: Readonly<Record<string, unknown>>): Assertion {
  const { sub, email, email_verified: verified, acr, amr } = claims
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) throw new Error('the token names nobody')
  const methods = Array.isArray(amr) ? amr.filter((one) => typeof one === 'string') : []
  return {
    subject: sub,
    // Only `true`: some providers say "true" of addresses that people typed themselves.
    verifiedEmail: typeof email === 'string' && verified === true ? email : null,
    said: [...(typeof acr === 'string' ? [`acr:${acr}`] : []), ...methods.map((one) => `amr:${one}`)],
  }
}

function requireReachable(url: URL, privateIssuers: boolean): void {
  const plain = privateIssuers && (url.protocol === 'http:' || url.protocol === 'https:')
  if (!plain && !isPublicUrl(url))
    throw new Problem(
      'access.upstream-unusable',
      'The identity provider must be at a public address, over https.',
    )
}

/** Every request to a provider: bounded, not redirected, to public addresses only. */
function guardedFetch(privateIssuers: boolean): CustomFetch {
  return async (target, { method, headers, body }) => {
    const url = new URL(target)
    requireReachable(url, privateIssuers)
    const answer = await askOutside(url, {
      method,
      headers: Object.fromEntries(new Headers(headers).entries()),
      ...bodyOf(body),
      timeoutMs: TIMEOUT_MS,
      bytesMax: BYTES_MAX,
      ...(privateIssuers ? {} : { lookup: publicLookup }),
    })
    const type = answer.headers['content-type']
    return new Response(answer.body.length === 0 ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: typeof type === 'string' ? { 'content-type': type } : {},
    })
  }
}

/** A form or nothing: that is all that this sign-in sends. */
function bodyOf(body: unknown): { readonly body?: string } {
  if (body === undefined || body === null) return {}
  if (typeof body === 'string') return { body }
  if (body instanceof URLSearchParams) return { body: body.toString() }
  throw new Error('a provider is sent forms only')
}

/** Metadata and keys of providers, read anew after ten minutes. */
function configurations(privateIssuers: boolean) {
  const held = new Map<string, { readonly at: number; readonly configuration: Configuration }>()
  const fetch = guardedFetch(privateIssuers)
  return async (facts: ProviderFacts, anew = false): Promise<Configuration> => {
    const key = JSON.stringify([facts.issuer, facts.clientId, facts.clientSecret])
    const known = held.get(key)
    if (!anew && known !== undefined && performance.now() - known.at < METADATA_MS_MAX)
      return known.configuration
    const configuration = await discover(facts, fetch, privateIssuers)
    held.delete(key)
    held.set(key, { at: performance.now(), configuration })
    const oldest = held.keys().next()
    if (held.size > METADATA_MAX && oldest.done === false) held.delete(oldest.value)
    return configuration
  }
}

async function discover(
  { issuer, clientId, clientSecret }: ProviderFacts,
  fetch: CustomFetch,
  privateIssuers: boolean,
): Promise<Configuration> {
  // Read at first use: nobody who does not sign in this way pays for it.
  const client = await import('openid-client')
  const plain = privateIssuers ? [client.allowInsecureRequests] : []
  try {
    const found = await client.discovery(
      new URL(issuer),
      clientId,
      { client_secret: clientSecret },
      client.ClientSecretBasic(clientSecret),
      {
        [client.customFetch]: fetch,
        timeout: TIMEOUT_MS / 1000,
        // The signature of the token is verified although it came over TLS.
        execute: [...plain, client.enableNonRepudiationChecks],
      },
    )
    // An issuer that stands for many (as `…/common/v2.0` does) would let anybody's directory speak for this workspace.
    if (found.serverMetadata().issuer !== issuer) throw new Error('the issuer calls itself otherwise')
    return found
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(
      'access.upstream-unusable',
      'The identity provider could not be reached, or its description does not fit its address.',
      { cause: error },
    )
  }
}
