import { hash, timingSafeEqual } from 'node:crypto'
import type { AdapterPayload } from 'oidc-provider'
import type { PermissionSet } from '../../kernel/permission-set.ts'
import { asSecret, secretHash } from '../../kernel/secret.ts'
import type { AccessParts } from '../parts.ts'
import { openIdentityCache } from '../sessions/identity-cache.ts'
import type { Identity } from '../sessions/worthless.ts'
import { openPayload, rightsByToken } from './adapter.ts'
import { standingToken, type StandingToken } from './artifact-queries.ts'
import { goodSecrets } from './queries.ts'
import { rememberedClient, tokenName } from './token-notices.ts'

/** More of each than this are not remembered. */
const TOKENS_MAX = 20_000
const CLIENTS_MAX = 5000
const USE_EVERY_MS = 60_000

/** A kind of token that opens the API. */
export type AccessTokenKind = 'AccessToken' | 'ClientCredentials'

interface RememberedToken extends Identity {
  readonly row: StandingToken
  /** What was sealed of it; opened at the first question. */
  readonly payload: () => Promise<AdapterPayload>
}

/** A token that stands, with what its holder may do by it at the moment of asking. */
export type KnownToken = Pick<RememberedToken, 'row' | 'payload'> & { readonly rights: PermissionSet }

/** A client that is good and proved itself by its secret. */
export interface KnownClient extends Identity {
  readonly client: string
  readonly workspace: string
  readonly introspects: boolean
  readonly expiresAt: Date
  readonly secrets: readonly { readonly hash: Buffer; readonly expiresAt: Date }[]
}

/**
 * Access tokens and clients in memory, on the same terms as sessions: believed only while this process surely hears of
 * changes, never what was not found, and every end in time compared at every question. Policy 3.2-0, 4.3-a.2.
 */
export interface TokenBook {
  /** The token, if it stands now. */
  standing(kind: AccessTokenKind, value: string): Promise<KnownToken | null>
  /** The client, if it has this secret; null also for one that proves itself in another way. */
  proven(client: string, secret: string): Promise<KnownClient | null>
  /** Whether a use of a client is to be written: at most once a minute by this process. */
  isUseDue(client: string, written: Date | null): boolean
  close(): void
}

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'notices'>

/** Opens the book; without notices it asks the database every time. */
export function openTokenBook(parts: Parts): TokenBook {
  const tokens = openIdentityCache<RememberedToken>(parts.notices, { entriesMax: TOKENS_MAX })
  const clients = openIdentityCache<KnownClient>(parts.notices, { entriesMax: CLIENTS_MAX })
  return {
    standing: async (kind, value) => {
      const digest = hash('sha256', value, 'base64')
      const key = `${kind} ${digest}`
      const read = (): Promise<RememberedToken | undefined> => readToken(parts, kind, digest)
      const found = tokens.known(key) ?? (await tokens.find(key, read))
      if (found === undefined) return null
      const rights = rightsNow(parts, found.row)
      if (rights !== null) return { ...found, rights }
      // A session may have been used, or have proved more, since: only the database says that it is over.
      tokens.forget({ session: found.id })
      const anew = await tokens.find(key, read, true)
      const rightsAnew = anew === undefined ? null : rightsNow(parts, anew.row)
      return anew === undefined || rightsAnew === null ? null : { ...anew, rights: rightsAnew }
    },
    proven: async (client, secret) => {
      const read = (): Promise<KnownClient | undefined> => readClient(parts, client)
      const found = clients.known(client) ?? (await clients.find(client, read))
      return found !== undefined && hasSecret(found, secret, parts.clock.now()) ? found : null
    },
    isUseDue: usesOnceAMinute(parts),
    close: () => {
      tokens.close()
      clients.close()
    },
  }
}

function usesOnceAMinute({ clock }: Pick<Parts, 'clock'>): TokenBook['isUseDue'] {
  const lastUse = new Map<string, number>()
  return (client, written) => {
    const now = clock.now().getTime()
    const last = Math.max(lastUse.get(client) ?? 0, written?.getTime() ?? 0)
    if (last > now - USE_EVERY_MS) return false
    // What is forgotten is only looked up again.
    if (lastUse.size >= CLIENTS_MAX) lastUse.clear()
    lastUse.set(client, now)
    return true
  }
}

/** What a token that was found standing allows now; null once time alone ended it, or what it stands on. */
function rightsNow(parts: Parts, row: StandingToken): PermissionSet | null {
  const nowMs = parts.clock.now().getTime()
  const ends = [row.expires_at, row.client_expires_at, row.grant_expires_at]
  if (ends.some((at) => at !== null && at.getTime() <= nowMs)) return null
  return rightsByToken(parts, row)
}

async function readToken(
  parts: Parts,
  kind: AccessTokenKind,
  digest: string,
): Promise<RememberedToken | undefined> {
  const row = await standingToken(parts.db, kind, Buffer.from(digest, 'base64'), parts.clock.now())
  if (row === undefined) return undefined
  let opened: Promise<AdapterPayload> | undefined
  return {
    id: tokenName(row.id_hash),
    account_id: row.holder_id,
    chosen_workspace_id: row.workspace_id,
    session_id: row.session_id,
    row,
    payload: () => {
      opened ??= openPayload(parts, row).catch((error: unknown) => {
        opened = undefined
        throw error
      })
      return opened
    },
  }
}

async function readClient({ db, clock }: Parts, client: string): Promise<KnownClient | undefined> {
  const rows = await goodSecrets(db, client, clock.now())
  const [first] = rows
  if (first === undefined || !first.auth_method.startsWith('client_secret')) return undefined
  return {
    id: rememberedClient(client),
    account_id: first.account_id,
    chosen_workspace_id: first.workspace_id,
    client,
    workspace: first.workspace_id,
    introspects: first.introspects,
    expiresAt: first.expires_at,
    secrets: rows.map((row) => ({ hash: row.hash, expiresAt: row.secret_expires_at })),
  }
}

/** Compares with every secret, in time that does not depend on which of them fits. */
function hasSecret({ expiresAt, secrets }: KnownClient, offered: string, now: Date): boolean {
  const actual = secretHash(asSecret(offered))
  const good = secrets.filter((one) => timingSafeEqual(one.hash, actual) && one.expiresAt > now)
  return good.length > 0 && expiresAt > now
}
