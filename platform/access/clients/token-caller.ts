import type { Caller } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { anonymous, arriving, type Origin } from '../identify/origin.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { addressPrefix, type Throttle } from '../sign-in/throttle.ts'
import { TOKEN_PREFIXES } from './adapter.ts'
import type { StandingToken } from './artifact-queries.ts'
import { readProof, takeProof } from './proof.ts'
import { touchClient } from './queries.ts'
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
  if (known === null || !(await isProven(parts, token, known.row, request, origin)))
    return refused(parts, origin)
  const { row, rights } = known
  await noteUse(parts, row, origin)
  return {
    ...anonymous(origin),
    kind: 'client',
    id: row.client_id ?? '',
    level: 'full',
    onBehalfOf: row.account_id,
    workspaceId: row.workspace_id,
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

async function refused({ db, clock, audit, throttle }: Parts, origin: Origin): Promise<Caller> {
  // A flood of wrong tokens is slowed before it can fill the audit log.
  throttle.take(`token ${addressPrefix(origin.ip)}`)
  const event = eventOf(arriving(origin, clock), 'token.refused', { outcome: 'refused' })
  await db.transaction().execute((tx) => audit.record(tx, event))
  return anonymous(origin)
}

async function noteUse(parts: Parts, row: StandingToken, origin: Origin): Promise<void> {
  const { db, clock, audit, tokens } = parts
  const { client_id: id, workspace_id: tenant } = row
  if (id === null || !tokens.isUseDue(id, row.last_used_at)) return
  const now = clock.now()
  const minuteAgo = secondsAfter(now, -60)
  await db.transaction().execute(async (tx) => {
    if (!(await touchClient(tx, id, now, minuteAgo))) return
    const actor = { kind: 'client', id } as const
    await audit.record(tx, eventOf(arriving(origin, clock), 'client.used', { tenant, actor }))
  })
}
