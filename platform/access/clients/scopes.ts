import { permissions, type Permission } from '../../kernel/permission.ts'
import type { PermissionSet } from '../../kernel/permission-set.ts'
import { KEY_SCOPES } from '../roles/roles.ts'

/** What an OAuth 2.0 client can be given: the same as an API key, never people, keys or accounts. Policy 4.3-a.2. */
export const CLIENT_SCOPES = KEY_SCOPES

/** What a client may ask about the person who signs in (OpenID Connect Core §5.4), in words for that person. */
export const OPENID_SCOPES = {
  openid: 'know that it is you',
  profile: 'see your name',
  email: 'see your e-mail address',
  offline_access: 'keep its access when you are not signed in, until you withdraw it',
} as const satisfies Record<string, string>

/** A scope that a client can be registered with. */
export type ClientScope = keyof typeof OPENID_SCOPES | (typeof CLIENT_SCOPES)[number]

/** Every scope there is. */
export const ALL_SCOPES = [
  ...(Object.keys(OPENID_SCOPES) as (keyof typeof OPENID_SCOPES)[]),
  ...CLIENT_SCOPES,
] as const

/** The permissions among scopes. */
export function permissionScopes(scopes: readonly string[]): Permission[] {
  return CLIENT_SCOPES.filter((scope) => scopes.includes(scope))
}

/**
 * The scope that is told of a token when its holder may do less now than was allowed; null when nothing was lost. What a
 * resource server is told is what the holder may do now. Policy 3.2-0.
 */
export function scopeNow(scopes: readonly string[], rights: PermissionSet): string | null {
  const lost: readonly string[] = permissionScopes(scopes).filter((scope) => !rights.has(scope))
  return lost.length === 0 ? null : scopes.filter((scope) => !lost.includes(scope)).join(' ')
}

/** What a scope allows, in words for whoever is asked for consent; null for a scope that is none. */
export function scopeInWords(scope: string): string | null {
  if (Object.hasOwn(OPENID_SCOPES, scope)) return OPENID_SCOPES[scope as keyof typeof OPENID_SCOPES]
  const [known] = permissionScopes([scope])
  return known === undefined ? null : permissions[known]
}
