import type { Database } from '../../db/index.ts'
import type { FieldPlace } from '../../encryption/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { Problem } from '../../kernel/problem.ts'
import { asSecret, newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { requireHeld } from '../api-keys/api-keys.ts'
import { accessChanged } from '../changed.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { deleteOfClients, workspaceOfClient } from './artifact-queries.ts'
import {
  clientNameOf,
  clientsOf,
  insertClient,
  insertSecret,
  revokeClients,
  secretsOf,
  shortenSecrets,
  updateClient,
} from './queries.ts'
import { permissionScopes } from './scopes.ts'
import { clientChanged } from './token-notices.ts'
import { requireSoundWish, type ClientWish } from './wish.ts'

/** What a client proves itself with; stored only as a hash. */
export type ClientSecret = Secret<'OAuth 2.0 client'>

/** How every such secret begins, so that scanners for leaked secrets find it. */
export const SECRET_PREFIX = 'ss_'
const HINT_CHARACTERS = SECRET_PREFIX.length + 5

/** What clients are made from. */
export type ClientParts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit' | 'privateIssuers'>

function nameField(id: string): FieldPlace {
  return { table: 'oauth_client', column: 'name', row: id }
}

function needsSecret(authMethod: string): boolean {
  return authMethod === 'client_secret_basic' || authMethod === 'client_secret_post'
}

/** Registers a client; its secret, if it has one, is shown this once. Policy 4.3-a.2. */
export async function makeClient(
  parts: ClientParts,
  context: RequestContext,
  wish: ClientWish & { readonly workspace: string; readonly account: string; readonly seconds: number },
) {
  const { db, clock, keys, audit } = parts
  requireSoundWish(wish, { privateAddresses: parts.privateIssuers })
  const id = newId(clock)
  const created_at = clock.now()
  const expires_at = secondsAfter(created_at, wish.seconds)
  const row = {
    id,
    workspace_id: wish.workspace,
    account_id: wish.account,
    name: await keys.sealText(wish.workspace, nameField(id), wish.name),
    ...addressesOf(wish),
    grant_types: [...new Set(wish.grantTypes)],
    scopes: [...new Set(wish.scopes)],
    auth_method: wish.authMethod,
    public_keys: wish.publicKeys === null ? null : JSON.stringify({ keys: wish.publicKeys }),
    id_token_algorithm: wish.idTokenAlgorithm,
    dpop: wish.dpop,
    introspects: wish.introspects,
    created_at,
    expires_at,
  }
  const secret = needsSecret(wish.authMethod) ? newClientSecret() : null
  await db.transaction().execute(async (tx) => {
    await insertClient(tx, row)
    if (secret !== null) await storeSecret(parts, tx, id, secret, expires_at)
    const target = { kind: 'client', id }
    const { scopes, grant_types: grants } = row
    const details = { scopes, grants, expires: expires_at.toISOString() }
    await audit.record(tx, eventOf(context, 'client.made', { tenant: wish.workspace, target, details }))
  })
  return { id, secret, expiresAt: expires_at.toISOString() }
}

function addressesOf(wish: Pick<ClientWish, 'redirectUris' | 'logoutRedirectUris' | 'backchannelLogoutUri'>) {
  return {
    redirect_uris: [...new Set(wish.redirectUris)],
    logout_redirect_uris: [...new Set(wish.logoutRedirectUris)],
    backchannel_logout_uri: wish.backchannelLogoutUri,
  }
}

function newClientSecret(): ClientSecret {
  return asSecret(`${SECRET_PREFIX}${newSecret()}`)
}

function storeSecret(
  { clock }: Pick<ClientParts, 'clock'>,
  tx: Database,
  client_id: string,
  secret: ClientSecret,
  expires_at: Date,
): Promise<void> {
  const hint = secret.slice(0, HINT_CHARACTERS)
  const row = { id: newId(clock), client_id, hash: secretHash(secret), hint }
  return insertSecret(tx, { ...row, created_at: clock.now(), expires_at })
}

/** The clients of a workspace, without their secrets. */
export async function listClients({ db, keys }: Pick<ClientParts, 'db' | 'keys'>, workspace: string) {
  const [rows, secrets] = await Promise.all([clientsOf(db, workspace), secretsOf(db, workspace)])
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      name: await keys.openText(workspace, nameField(row.id), row.name),
      grantTypes: row.grant_types,
      authMethod: row.auth_method,
      scopes: row.scopes,
      redirectUris: row.redirect_uris,
      logoutRedirectUris: row.logout_redirect_uris,
      backchannelLogoutUri: row.backchannel_logout_uri,
      idTokenAlgorithm: row.id_token_algorithm,
      dpop: row.dpop,
      introspects: row.introspects,
      madeBy: row.account_id,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      lastUsedAt: row.last_used_at?.toISOString() ?? null,
      revokedAt: row.revoked_at?.toISOString() ?? null,
      secrets: secrets
        .filter(({ client_id }) => client_id === row.id)
        .map(({ hint, created_at, expires_at }) => ({
          hint,
          createdAt: created_at.toISOString(),
          expiresAt: expires_at.toISOString(),
        })),
    })),
  )
}

/** What of a client can be changed later: whom it is for and how it proves itself never change. */
export type ClientChange = Pick<
  ClientWish,
  'name' | 'redirectUris' | 'logoutRedirectUris' | 'backchannelLogoutUri'
>

/**
 * Changes name and addresses of a client, which decide where people's answers go: only for whoever may do all that it may.
 * Throws `resource.unknown`, `access.denied`. Policy 4.3-a.2.
 */
export async function changeClient(
  parts: ClientParts,
  context: RequestContext,
  workspace: string,
  id: string,
  change: ClientChange,
): Promise<void> {
  const { db, keys, audit } = parts
  const now = (await clientsOf(db, workspace)).find((one) => one.id === id)
  if (now === undefined || now.revoked_at !== null) throw unknownClient()
  requireHeld(context, permissionScopes(now.scopes))
  const kept = {
    grantTypes: now.grant_types as ClientWish['grantTypes'],
    authMethod: now.auth_method as ClientWish['authMethod'],
    scopes: now.scopes,
    publicKeys: now.auth_method === 'private_key_jwt' ? [] : null,
    idTokenAlgorithm: now.id_token_algorithm as ClientWish['idTokenAlgorithm'],
    dpop: now.dpop,
    introspects: now.introspects,
  }
  requireSoundWish({ ...kept, ...change }, { privateAddresses: parts.privateIssuers })
  const name = await keys.sealText(workspace, nameField(id), change.name)
  await db.transaction().execute(async (tx) => {
    if (!(await updateClient(tx, workspace, id, { name, ...addressesOf(change) }))) throw unknownClient()
    const target = { kind: 'client', id }
    await audit.record(tx, eventOf(context, 'client.changed', { tenant: workspace, target }))
  })
}

function unknownClient(): Problem {
  return new Problem('resource.unknown', 'There is no such program.')
}

/**
 * Gives a client another secret; the ones before stay good for `overlapSeconds`. Whoever learns it can act as the client,
 * so only who may do all that it may. Throws `resource.unknown`, `access.denied`. Policy 4.3-a.2.
 */
export async function rotateSecret(
  parts: ClientParts,
  context: RequestContext,
  workspace: string,
  id: string,
  overlapSeconds: number,
) {
  const { db, clock, audit } = parts
  const row = (await clientsOf(db, workspace)).find((one) => one.id === id)
  if (row === undefined || row.revoked_at !== null) throw unknownClient()
  requireHeld(context, permissionScopes(row.scopes))
  if (!needsSecret(row.auth_method)) throw new Problem('resource.conflict', 'This program has no secret.')
  const secret = newClientSecret()
  const until = secondsAfter(clock.now(), overlapSeconds)
  await db.transaction().execute(async (tx) => {
    await shortenSecrets(tx, id, until)
    await storeSecret(parts, tx, id, secret, row.expires_at)
    await clientChanged(tx, id)
    const details = { olderUntil: until.toISOString() }
    const target = { kind: 'client', id }
    await audit.record(tx, eventOf(context, 'client.secret-made', { tenant: workspace, target, details }))
  })
  return { secret, olderUntil: until.toISOString() }
}

/** Revokes clients at once, with everything that was issued to them; returns their ids. Policy 3.2-c, 4.3-a.2. */
export async function endClients(
  { clock, audit }: Pick<ClientParts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  which: Parameters<typeof revokeClients>[1],
): Promise<string[]> {
  const ended = await revokeClients(tx, which, clock.now())
  const ids = ended.map(({ id }) => id)
  await deleteOfClients(tx, ids)
  for (const { id, workspace_id: tenant } of ended) {
    const target = { kind: 'client', id }
    await audit.record(tx, eventOf(context, 'client.revoked', { tenant, target }))
    await accessChanged(tx, { workspace: tenant })
  }
  return ids
}

/** The name of a client. */
export async function clientName(
  { db, keys }: Pick<ClientParts, 'db' | 'keys'>,
  id: string,
): Promise<string> {
  const [sealed, workspace] = await Promise.all([clientNameOf(db, id), workspaceOfClient(db, id)])
  if (sealed === undefined || workspace === undefined) throw unknownClient()
  return keys.openText(workspace, nameField(id), sealed)
}
