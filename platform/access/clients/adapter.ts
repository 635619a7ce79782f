import { timingSafeEqual } from 'node:crypto'
import type { Adapter, AdapterPayload, Client, ClientAuthMethod, SigningAlgorithm } from 'oidc-provider'
import { PROVIDER, type FieldPlace } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { isUuid } from '../../kernel/id.ts'
import { asSecret, secretHash } from '../../kernel/secret.ts'
import { z } from '../../kernel/schema.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { rightsOf } from '../roles/roles.ts'
import { isOver } from '../sessions/session-clock.ts'
import { levelNow } from '../sign-in/standing.ts'
import {
  artifactById,
  artifactByUid,
  consumeArtifact,
  insertOnce,
  sessionOfVisit,
  standingToken,
  upsertArtifact,
  workspaceOfClient,
  type StandingToken,
} from './artifact-queries.ts'
import { goodClient, type GoodClient } from './queries.ts'
import { scopeNow } from './scopes.ts'
import { endGrant, endToken } from './token-notices.ts'

/** How tokens begin, so that scanners for leaked secrets find them; API keys begin with `sk_`. */
export const TOKEN_PREFIXES = { AccessToken: 'st_', ClientCredentials: 'sc_', RefreshToken: 'sr_' } as const

/** A kind of token that is presented to the gateway. */
export type TokenKind = keyof typeof TOKEN_PREFIXES

/** What the adapter is built from. */
export type AdapterParts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'policy'> & {
  /** What the library is doing now, if it is serving a request: at which route, and for whom. */
  readonly serving: () => { readonly route: string; readonly context: RequestContext } | null
  /** The refusal of something that was used already. */
  readonly alreadyUsed: (what: string) => Error
}

/** Nothing that is issued lives longer; everything names a time of its own. */
const SECONDS_MAX = 365 * DAY

const payloadSchema = z.record(z.string(), z.unknown())

/** SHA-256 of an id: the only form in which one is stored, since it opens what it names. */
export function idHash(id: string): Buffer {
  return secretHash(asSecret(id))
}

function payloadField(hash: Buffer): FieldPlace {
  return { table: 'oauth_artifact', column: 'payload', row: hash.toString('hex') }
}

/**
 * Where the OAuth 2.0 library keeps what it issues, by kind. Ids are stored as hashes, payloads sealed; what is found has
 * not expired, and a token is found only while everything that it stands on stands. Policy 2.2-a, 4.3-a.2.
 */
export function artifactStore(parts: AdapterParts, kind: string): Adapter {
  if (kind === 'Client') return clientStore(parts)
  const { db, clock } = parts
  return {
    find: (id) => find(parts, kind, id),
    findByUid: async (uid) => {
      const row = await artifactByUid(db, kind, idHash(uid), clock.now())
      return row === undefined ? undefined : openPayload(parts, row)
    },
    findByUserCode: async () => undefined,
    upsert: (id, payload, expiresIn = SECONDS_MAX) => store(parts, kind, id, payload, expiresIn),
    consume: (id) => consume(parts, kind, id),
    destroy: (id) => destroy(parts, kind, id),
    revokeByGrantId: (grantId) => endGrant(db, idHash(grantId), kind),
  }
}

function isToken(kind: string): kind is TokenKind {
  return Object.hasOwn(TOKEN_PREFIXES, kind)
}

async function find(parts: AdapterParts, kind: string, id: string): Promise<AdapterPayload | undefined> {
  const { db, clock } = parts
  if (isToken(kind)) return id.startsWith(TOKEN_PREFIXES[kind]) ? findToken(parts, kind, id) : undefined
  const row = await artifactById(db, kind, idHash(id), clock.now())
  if (row === undefined) return undefined
  const payload = await openPayload(parts, row)
  if (row.consumed_at !== null) await noteReuse(parts, kind, row)
  return { ...payload, jti: id, ...consumedAt(row.consumed_at) }
}

/**
 * What a token's holder may do by it now, or null when the session it lives with is over, or reaches nothing by itself.
 * Policy 3.1-0, 3.4-a.
 */
export function rightsByToken(
  { policy, clock }: Pick<AccessParts, 'policy' | 'clock'>,
  row: StandingToken,
): ReturnType<typeof rightsOf> | null {
  const { session_created_at: created_at, session_last_seen_at: last_seen_at, session_factors } = row
  if (created_at !== null && last_seen_at !== null) {
    const { password_breached_at, administers } = row
    const session = {
      level: 'full',
      created_at,
      factors: session_factors ?? [],
      password_breached_at,
    } as const
    if (isOver(policy, session, last_seen_at.getTime(), clock.now().getTime())) return null
    const standing = { staff: row.staff_role !== null, administers }
    if (levelNow(policy, session, standing) !== 'full') return null
  }
  const { workspace_role: workspaceRole, role_permissions: rolePermissions, role_until: roleUntil } = row
  return rightsOf({ workspaceRole, rolePermissions, roleUntil, staffRole: null, scopes: row.scopes }, clock)
}

async function findToken(
  parts: AdapterParts,
  kind: TokenKind,
  id: string,
): Promise<AdapterPayload | undefined> {
  const row = await standingToken(parts.db, kind, idHash(id), parts.clock.now())
  if (row === undefined) return undefined
  const rights = rightsByToken(parts, row)
  if (rights === null) return undefined
  const payload = await openPayload(parts, row)
  if (row.consumed_at !== null) await noteReuse(parts, kind, row)
  const scope = kind === 'RefreshToken' ? null : scopeNow(row.scopes, rights)
  return { ...payload, ...(scope === null ? {} : { scope }), jti: id, ...consumedAt(row.consumed_at) }
}

function consumedAt(at: Date | null): { consumed?: number } {
  return at === null ? {} : { consumed: Math.floor(at.getTime() / 1000) }
}

/** What was sealed of something issued. */
export async function openPayload(
  { keys }: Pick<AccessParts, 'keys'>,
  row: { readonly id_hash: Buffer; readonly workspace_id: string | null; readonly payload: Buffer | null },
): Promise<AdapterPayload> {
  if (row.payload === null) throw new Error('something issued has no payload')
  const text = await keys.openText(row.workspace_id ?? PROVIDER, payloadField(row.id_hash), row.payload)
  return payloadSchema.parse(JSON.parse(text))
}

async function store(
  parts: AdapterParts,
  kind: string,
  id: string,
  payload: AdapterPayload,
  expiresIn: number,
): Promise<void> {
  const { db, clock, keys } = parts
  const hash = idHash(id)
  const now = clock.now()
  const { clientId = null, accountId = null, grantId, uid, jkt = null, ...rest } = payload
  const workspace = clientId === null ? null : ((await workspaceOfClient(db, clientId)) ?? null)
  const { jti: _secret, ...kept } = { clientId, accountId, grantId, uid, jkt, ...rest }
  const text = JSON.stringify(Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== null)))
  const row = {
    kind,
    id_hash: hash,
    grant_hash: grantId === undefined ? null : idHash(grantId),
    uid_hash: uid === undefined ? null : idHash(uid),
    client_id: clientId,
    account_id: accountId,
    session_id: await sessionOf(parts, payload),
    scopes: scopesOf(payload),
    proof_key: jkt,
    workspace_id: workspace,
    payload: await keys.sealText(workspace ?? PROVIDER, payloadField(hash), text),
    created_at: now,
    expires_at: secondsAfter(now, expiresIn),
  }
  if (kind !== 'ReplayDetection') return upsertArtifact(db, row)
  // Two requests with the same proof at the same moment: one of them is a replay.
  if (!(await insertOnce(db, row))) throw parts.alreadyUsed('proof')
}

async function sessionOf({ db }: AdapterParts, payload: AdapterPayload): Promise<string | null> {
  const { suretySession, expiresWithSession, sessionUid } = payload
  if (typeof suretySession === 'string') return suretySession
  if (expiresWithSession !== true || sessionUid === undefined) return null
  return sessionOfVisit(db, idHash(sessionUid))
}

function scopesOf(payload: AdapterPayload): string[] {
  const text = payload.scope ?? (payload['openid'] as { scope?: string } | undefined)?.scope ?? ''
  return [...new Set(text.split(' ').filter((scope) => scope !== ''))]
}

/** Uses something up; of two who try at the same moment one is refused, and loses the whole grant with it. */
async function consume(parts: AdapterParts, kind: string, id: string): Promise<void> {
  const { db, clock } = parts
  if (await consumeArtifact(db, kind, idHash(id), clock.now())) return
  const row = await artifactById(db, kind, idHash(id), clock.now())
  if (row !== undefined) {
    await noteReuse(parts, kind, row)
    const { grantId } = await openPayload(parts, row)
    if (grantId !== undefined) await endGrant(db, idHash(grantId))
  }
  throw parts.alreadyUsed(kind === 'RefreshToken' ? 'refresh token' : 'code')
}

/** A code or refresh token that comes a second time was stolen, or its answer was; the audit log says so. */
async function noteReuse(
  { db, audit, serving }: AdapterParts,
  kind: string,
  row: {
    readonly client_id: string | null
    readonly account_id: string | null
    readonly workspace_id: string | null
  },
): Promise<void> {
  const now = serving()
  if (now?.route !== 'token') return
  const event = eventOf(now.context, 'token.reused', {
    tenant: row.workspace_id,
    actor: { kind: 'client', id: row.client_id ?? '' },
    target: row.account_id === null ? null : { kind: 'account', id: row.account_id },
    outcome: 'refused',
    details: { what: kind === 'RefreshToken' ? 'refresh token' : 'code' },
  })
  await db.transaction().execute((tx) => audit.record(tx, event))
}

async function destroy(parts: AdapterParts, kind: string, id: string): Promise<void> {
  const { db, audit, clock } = parts
  const hash = idHash(id)
  if (kind === 'Grant') return endGrant(db, hash)
  const now = parts.serving()
  const row = now?.route === 'revocation' ? await artifactById(db, kind, hash, clock.now()) : undefined
  if (!(await endToken(db, kind, hash)) || row === undefined || now === null) return
  const event = eventOf(now.context, 'token.revoked', {
    tenant: row.workspace_id,
    actor: { kind: 'client', id: row.client_id ?? '' },
    details: { what: kind },
  })
  await db.transaction().execute((tx) => audit.record(tx, event))
}

function clientStore({ db, clock }: AdapterParts): Adapter {
  const readOnly = async (): Promise<never> => {
    throw new Error('clients are registered by people only')
  }
  return {
    find: async (id) => {
      const row = isUuid(id) ? await goodClient(db, id, clock.now()) : undefined
      return row === undefined ? undefined : clientMetadata(row)
    },
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    upsert: readOnly,
    consume: readOnly,
    destroy: readOnly,
    revokeByGrantId: readOnly,
  }
}

/** A client as the library knows it (RFC 7591); in place of the secrets stand their hashes. */
function clientMetadata(row: GoodClient): AdapterPayload {
  const grants = row.grant_types.filter((one) => one !== 'client_credentials' || row.maker_role !== null)
  const native = row.auth_method === 'none' && row.redirect_uris.every((uri) => uri.startsWith('http:'))
  const withSecret = row.auth_method.startsWith('client_secret')
  return {
    client_id: row.id,
    ...(withSecret ? { client_secret: row.secret_hashes.join(' ') || 'no secret is good' } : {}),
    token_endpoint_auth_method: row.auth_method as ClientAuthMethod,
    ...(row.public_keys === null ? {} : { jwks: row.public_keys as never }),
    application_type: native ? 'native' : 'web',
    redirect_uris: row.redirect_uris,
    post_logout_redirect_uris: row.logout_redirect_uris,
    ...(row.backchannel_logout_uri === null
      ? {}
      : { backchannel_logout_uri: row.backchannel_logout_uri, backchannel_logout_session_required: true }),
    grant_types: grants,
    response_types: grants.includes('authorization_code') ? ['code'] : [],
    response_modes: ['query'],
    scope: row.scopes.join(' '),
    id_token_signed_response_alg: row.id_token_algorithm as SigningAlgorithm,
    dpop_bound_access_tokens: row.dpop,
    surety_workspace: row.workspace_id,
    surety_introspects: row.introspects,
  }
}

/** Compares an offered secret with the hashes that stand in its place, in constant time. */
export function isSecretOf(client: Client, offered: string): boolean {
  const actual = idHash(offered)
  const hashes = (client.clientSecret ?? '').split(' ').map((text) => Buffer.from(text, 'base64url'))
  return hashes.filter((hash) => hash.length === actual.length && timingSafeEqual(hash, actual)).length > 0
}
