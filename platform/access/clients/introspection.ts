import { UUID } from '../../kernel/id.ts'
import type { AccessParts } from '../parts.ts'
import { scopeNow } from './scopes.ts'
import type { KnownClient, KnownToken, TokenBook } from './token-book.ts'

type Form = Readonly<Record<string, string>>

/** What a token is worth (RFC 7662 §2.2). */
export type Introspected =
  | { readonly active: false }
  | { readonly active: true; readonly [name: string]: unknown }

/** Answers what it can decide from memory or by one look; null for what the library has to judge. */
export type Introspect = (headers: Headers, form: Form) => Promise<Introspected | null>

const NOT_ACTIVE: Introspected = Object.freeze({ active: false })
const ACCESS_TOKEN = /^s[tc]_[A-Za-z0-9_-]{43}$/
const BASIC = /^Basic ([A-Za-z0-9+/]{80,160}={0,2})$/i
const PAIR = new RegExp(`^(${UUID}):(ss_[A-Za-z0-9_-]{43})$`)
/** Whoever sends one of these proves itself in another way, or in two. */
const OTHER_FIELDS = ['client_assertion', 'client_assertion_type'] as const
const OTHER_HEADERS = ['oauth-client-attestation', 'oauth-client-attestation-pop'] as const

/**
 * Introspection without the library for what every request to a resource server asks: an access token, by a client with a
 * secret. Whatever is unusual (another way of proving oneself, a wrong secret, a refresh token, a token that lives with a
 * visit of a browser) is the library's to judge and to refuse. Policy 4.3-a.2.
 */
export function openIntrospection(
  { clock, origin }: Pick<AccessParts, 'clock' | 'origin'>,
  tokens: TokenBook,
): Introspect {
  return async (headers, form) => {
    const { token = '' } = form
    const shown = ACCESS_TOKEN.test(token) ? shownSecret(headers, form) : null
    const client = shown === null ? null : await tokens.proven(shown.id, shown.secret)
    if (client === null) return null
    const known = await tokens.standing(token.startsWith('st_') ? 'AccessToken' : 'ClientCredentials', token)
    if (known === null || !mayAsk(client, known)) return NOT_ACTIVE
    const payload = await known.payload()
    if (payload.expiresWithSession === true) return null
    const { exp = 0, iat, sid, aud, scope, extra } = payload
    if (exp <= clock.now().getTime() / 1000) return NOT_ACTIVE
    const { proof_key: jkt, account_id: sub, client_id, scopes } = known.row
    return {
      active: true,
      ...(sub === null ? {} : { sub }),
      ...(extra as object | undefined),
      client_id,
      exp,
      iat,
      ...(sid === undefined ? {} : { sid }),
      iss: origin,
      ...(aud === undefined ? {} : { aud }),
      ...scopeOf(scopeNow(scopes, known.rights) ?? scope ?? ''),
      ...(jkt === null ? {} : { cnf: { jkt } }),
      token_type: jkt === null ? 'Bearer' : 'DPoP',
    }
  }
}

function scopeOf(scope: string): { readonly scope?: string } {
  return scope === '' ? {} : { scope }
}

/** A client looks up its own tokens; one registered for it also those of the other clients of its workspace. */
function mayAsk(client: KnownClient, { row }: KnownToken): boolean {
  return row.client_id === client.client || (client.introspects && row.workspace_id === client.workspace)
}

/** Id and secret by one of the two ways of showing them (RFC 6749 §2.3.1); null for every other way. */
function shownSecret(headers: Headers, form: Form): { readonly id: string; readonly secret: string } | null {
  if (OTHER_FIELDS.some((name) => form[name] !== undefined)) return null
  if (OTHER_HEADERS.some((name) => headers.has(name))) return null
  const { client_id, client_secret } = form
  const authorization = headers.get('authorization')
  if (authorization !== null && client_secret !== undefined) return null
  const text = authorization === null ? `${client_id}:${client_secret}` : decoded(authorization)
  const [, id, secret] = PAIR.exec(text) ?? []
  if (id === undefined || secret === undefined) return null
  return client_id === undefined || client_id === id ? { id, secret } : null
}

function decoded(authorization: string): string {
  const encoded = BASIC.exec(authorization)?.[1] ?? ''
  return encoded.length % 4 === 0 ? Buffer.from(encoded, 'base64').toString() : ''
}
