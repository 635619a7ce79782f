import { createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'
import { Problem } from '../../kernel/problem.ts'
import { isLoopback, mayBeTold } from './send-logout.ts'
import { OPENID_SCOPES, permissionScopes } from './scopes.ts'

/** How a client gets tokens. */
export const GRANT_TYPES = ['client_credentials', 'authorization_code', 'refresh_token'] as const
/** How a client proves which one it is; `none` is a program on somebody's own device, which can keep no secret. */
export const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const
/** How ID tokens for a client are signed. */
export const ID_TOKEN_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const

/** What a client is to be. */
export interface ClientWish {
  readonly name: string
  readonly grantTypes: readonly (typeof GRANT_TYPES)[number][]
  readonly authMethod: (typeof AUTH_METHODS)[number]
  readonly scopes: readonly string[]
  /** Compared character by character; a public program on a loopback address may use any port (RFC 8252 §7.3). */
  readonly redirectUris: readonly string[]
  readonly logoutRedirectUris: readonly string[]
  readonly backchannelLogoutUri: string | null
  /** Public keys (RFC 7517) for `private_key_jwt`. */
  readonly publicKeys: readonly JWK[] | null
  readonly idTokenAlgorithm: (typeof ID_TOKEN_ALGORITHMS)[number]
  /** Tokens are bound to a key of the program's own (RFC 9449). */
  readonly dpop: boolean
  /** It may look up access tokens of the other programs of its workspace (RFC 7662). */
  readonly introspects: boolean
}

/** Whether a browser may be sent to this address with a code: TLS, or this very machine. */
export function isReturnAddress(address: string): boolean {
  const url = URL.parse(address)
  if (url === null || url.username !== '' || url.password !== '' || address.includes('#')) return false
  // Only the one form of an address that every reader reads alike.
  if (url.href !== address && url.href !== `${address}/`) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** One thing that must hold of a wish; says what is wrong. */
type WishCheck = (wish: ClientWish, reach: { readonly privateAddresses: boolean }) => string | null

const checks: readonly WishCheck[] = [
  ({ grantTypes, redirectUris }) =>
    grantTypes.includes('authorization_code') === redirectUris.length > 0
      ? null
      : 'redirectUris: a program that sends people here to sign in names where they return to, another one does not.',
  ({ grantTypes }) =>
    grantTypes.includes('refresh_token') && !grantTypes.includes('authorization_code')
      ? 'grantTypes: only access that a person gave is refreshed.'
      : null,
  ({ grantTypes, authMethod, introspects }) =>
    authMethod === 'none' && (grantTypes.includes('client_credentials') || introspects)
      ? 'authMethod: whoever acts in their own name, or looks up tokens, proves who they are.'
      : null,
  ({ redirectUris, logoutRedirectUris }) =>
    [...redirectUris, ...logoutRedirectUris].every(isReturnAddress)
      ? null
      : 'redirectUris: an address is https, or http on a loopback address, without user, fragment or anything encoded in vain.',
  ({ backchannelLogoutUri }, reach) =>
    backchannelLogoutUri === null || mayBeTold(backchannelLogoutUri, reach)
      ? null
      : 'backchannelLogoutUri: an https address that is reached from the public network.',
  ({ authMethod, publicKeys }) =>
    (authMethod === 'private_key_jwt') === (publicKeys !== null)
      ? null
      : 'publicKeys: named exactly when the program proves itself with them.',
  ({ publicKeys }) =>
    (publicKeys ?? []).every(isPublicKey)
      ? null
      : 'publicKeys: public keys for ES256, EdDSA or RS256 (2048 bits and more), without a private part.',
  ({ scopes, grantTypes }) =>
    Object.keys(OPENID_SCOPES).some((scope) => scopes.includes(scope)) &&
    !grantTypes.includes('authorization_code')
      ? 'scopes: only a person who signs in has a name and an address.'
      : null,
  ({ scopes, grantTypes }) =>
    permissionScopes(scopes).length === 0 && !grantTypes.includes('authorization_code')
      ? 'scopes: a program that may do nothing needs no token.'
      : null,
]

/** Throws `request.invalid` with the first thing that is wrong with a wish. */
export function requireSoundWish(wish: ClientWish, reach: { readonly privateAddresses: boolean }): void {
  for (const check of checks) {
    const wrong = check(wish, reach)
    if (wrong !== null) throw new Problem('request.invalid', wrong)
  }
}

const PRIVATE_PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

function isPublicKey(jwk: JWK): boolean {
  if (PRIVATE_PARTS.some((part) => part in jwk)) return false
  const curve = jwk.kty === 'EC' ? 'P-256' : jwk.kty === 'OKP' ? 'Ed25519' : undefined
  if (jwk.kty !== 'RSA' && (curve === undefined || jwk.crv !== curve)) return false
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return jwk.kty !== 'RSA' || (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
  } catch {
    // What no key can be made of is none.
    return false
  }
}
