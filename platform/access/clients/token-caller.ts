import type { Caller } from '../../kernel/caller.ts'
import { anonymous, arriving, type Origin } from '../identify/origin.ts'
import { noteRefusal, noteUse } from '../identify/program.ts'
import type { AccessParts } from '../parts.ts'
import type { Throttle } from '../sign-in/throttle.ts'
import { TOKEN_PREFIXES } from './adapter.ts'
import type { StandingToken } from './artifact-queries.ts'
import { readProof, takeProof } from './proof.ts'
import type { AccessTokenKind, TokenBook } from './token-book.ts'

/** An access token as a request shows it. */
export interface ShownToken {
  readonly kind: AccessTokenKind
  readonly value: string
  readonly scheme: 'bearer' | 'dpop'
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'audit' | 'policy' | 'origin'> & {
  readonly throttle: Throttle
  readonly tokens: TokenBook
}

const SHAPE = /^(Bearer|DPoP) +(s[tc]_[A-Za-z0-9_-]{43})$/i

/**
 * The access token of a request; null for what is none. The protocol's own endpoints judge tokens themselves.
 */
export function shownToken(request: Request): ShownToken | null {
  const parts = SHAPE.exec(request.headers.get('authorization') ?? '')
  const value = parts?.[2]
  if (value === undefined || new URL(request.url).pathname.startsWith('/oauth/')) return null
  return {
    kind: value.startsWith(TOKEN_PREFIXES.AccessToken) ? 'AccessToken' : 'ClientCredentials',
    value,
    scheme: parts?.[1]?.toLowerCase() === 'dpop' ? 'dpop' : 'bearer',
  }
}

/** The program whose token this is, with what it may do now; nobody when the token is not good. Policy 4.3-a.2. */
export async function identifyToken(
  parts: Parts,
  token: ShownToken,
  request: Request,
  origin: Origin,
): Promise<Caller> {
  const known = await parts.tokens.standing(token.kind, token.value)
  if (known === null || !(await isProven(parts, token, known.row, request, origin))) {
    await noteRefusal(parts, arriving(origin, parts.clock), 'token', 'token.refused')
    return anonymous(origin)
  }
  const { row, rights } = known
  const { client_id: id, workspace_id: tenant, last_used_at: lastUsedAt } = row
  if (id !== null && parts.tokens.isUseDue(id, lastUsedAt))
    await noteUse(parts, arriving(origin, parts.clock), { kind: 'client', id, tenant, lastUsedAt })
  return {
    ...anonymous(origin),
    kind: 'client',
    id: id ?? '',
    level: 'full',
    onBehalfOf: row.account_id,
    workspaceId: tenant,
    permissions: rights,
  }
}

/** A token that is bound to a key is worth nothing without a fresh proof; one that is not is shown as a bearer's. */
async function isProven(
  parts: Parts,
  token: ShownToken,
  row: StandingToken,
  request: Request,
  origin: { readonly again?: true },
): Promise<boolean> {
  if (row.proof_key === null) return token.scheme === 'bearer'
  const proof = request.headers.get('dpop')
  // Asked again about a stream that was let in: its proof was taken then.
  if (origin.again === true) return true
  if (token.scheme !== 'dpop' || proof === null) return false
  const address = new URL(new URL(request.url).pathname, parts.origin).href
  const asked = { method: request.method, address, token: token.value, key: row.proof_key }
  const read = await readProof(parts, proof, asked)
  return read !== null && (await takeProof(parts, row.client_id ?? '', read.id))
}
