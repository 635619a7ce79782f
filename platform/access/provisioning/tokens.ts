import type { FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { Caller, RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import { bitsOf, permissionSet } from '../../kernel/permission-set.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { asSecret, newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { anonymous, arriving, type Origin } from '../identify/origin.ts'
import { noteRefusal, noteUse } from '../identify/program.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { mayProvision } from '../roles/power.ts'
import type { Throttle } from '../sign-in/throttle.ts'
import { requireMayProvision } from './joining.ts'
import { insertToken, lockToken, revokeTokens, shortenToken, tokenByHash, tokensOf } from './token-queries.ts'

/** What a directory presents as `Authorization: Bearer scim_…`; stored only as a hash. */
export type DirectoryToken = Secret<'directory token'>

/** How every token begins, so that scanners for leaked secrets find it. */
export const TOKEN_PREFIX = 'scim_'
const TOKEN_SHAPE = new RegExp(`^${TOKEN_PREFIX}[A-Za-z0-9_-]{43}$`)
const HINT_CHARACTERS = TOKEN_PREFIX.length + 5
/** After a new token took its place, the old one is good for this long. */
const OVERLAP_SECONDS = DAY
/** What a directory may do: nothing but provision people. */
const DIRECTORY_RIGHTS = permissionSet(bitsOf(['public', 'directory.provision']))

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'>

function labelField(id: string): FieldPlace {
  return { table: 'directory_token', column: 'label', row: id }
}

/** A token as it is handed out, once. */
export interface MadeToken {
  readonly id: string
  readonly token: DirectoryToken
  readonly hint: string
  readonly expiresAt: string
}

/** The bearer as a directory's token; null for a bearer of another kind. */
export function asDirectoryToken(bearer: string | undefined): DirectoryToken | null {
  return bearer?.startsWith(TOKEN_PREFIX) ? asSecret<'directory token'>(bearer) : null
}

/** The directory whose token this is; nobody when the token is not good, or its maker may no longer give roles. */
export async function identifyDirectory(
  parts: Pick<AccessParts, 'db' | 'clock' | 'audit'> & { readonly throttle: Throttle },
  token: DirectoryToken,
  origin: Origin,
): Promise<Caller> {
  const { db, clock } = parts
  const context = arriving(origin, clock)
  const row = TOKEN_SHAPE.test(token) ? await goodToken(db, secretHash(token), clock.now()) : undefined
  if (row === undefined) {
    await noteRefusal(parts, context, 'directory', 'directory-token.refused')
    return anonymous(origin)
  }
  const { id, workspace_id: tenant, last_used_at: lastUsedAt } = row
  await noteUse(parts, context, { kind: 'directory', id, tenant, lastUsedAt })
  return {
    ...anonymous(origin),
    kind: 'directory',
    id: row.id,
    level: 'full',
    workspaceId: row.workspace_id,
    permissions: DIRECTORY_RIGHTS,
  }
}

/** A token that is good now: whoever made it may still give what a directory gives. Policy 3.2-a, 4.3-a.2. */
export async function goodToken(db: Database, hash: Buffer, now: Date) {
  const row = await tokenByHash(db, hash, now)
  if (row === undefined) return undefined
  const { role, role_permissions: permissions, role_until: until, suspended_at: suspendedAt } = row
  const maker = {
    role: role as WorkspaceRole,
    permissions,
    until,
    suspendedAt,
    jobFunction: null,
    since: now,
  }
  return mayProvision(maker, now) ? row : undefined
}

/** Makes a token; it is shown this once. Throws `access.denied` for whoever may not give what a directory gives. */
export async function makeToken(
  parts: Parts,
  context: RequestContext,
  wish: { readonly workspace: string; readonly label: string; readonly seconds: number },
): Promise<MadeToken> {
  return parts.db.transaction().execute((tx) => storeToken(parts, tx, context, wish))
}

async function storeToken(
  { clock, keys, audit }: Parts,
  tx: Database,
  context: RequestContext,
  {
    workspace,
    label,
    seconds,
  }: { readonly workspace: string; readonly label: string; readonly seconds: number },
): Promise<MadeToken> {
  await requireMayProvision({ clock }, tx, workspace, context)
  const id = newId(clock)
  const token: DirectoryToken = asSecret(`${TOKEN_PREFIX}${newSecret()}`)
  const created_at = clock.now()
  const expires_at = secondsAfter(created_at, seconds)
  const hint = token.slice(0, HINT_CHARACTERS)
  await insertToken(tx, {
    id,
    workspace_id: workspace,
    account_id: context.caller.id,
    label: await keys.sealText(workspace, labelField(id), label),
    hint,
    token_hash: secretHash(token),
    created_at,
    expires_at,
  })
  const target = { kind: 'directory-token', id }
  const details = { expires: expires_at.toISOString() }
  await audit.record(tx, eventOf(context, 'directory-token.made', { tenant: workspace, target, details }))
  return { id, token, hint, expiresAt: expires_at.toISOString() }
}

/** The tokens of a workspace, without the tokens themselves. */
export async function listTokens({ db, keys }: Pick<Parts, 'db' | 'keys'>, workspace: string) {
  const rows = await tokensOf(db, workspace)
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      label: await keys.openText(workspace, labelField(row.id), row.label),
      hint: row.hint,
      madeBy: row.account_id,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      lastUsedAt: row.last_used_at?.toISOString() ?? null,
      revokedAt: row.revoked_at?.toISOString() ?? null,
    })),
  )
}

/** A new token in the place of another one, which is good for one more day at most. Throws `resource.unknown`. */
export async function rotateToken(
  parts: Parts,
  context: RequestContext,
  wish: { readonly workspace: string; readonly id: string; readonly seconds: number },
): Promise<MadeToken> {
  const { workspace, id, seconds } = wish
  return parts.db.transaction().execute(async (tx) => {
    const old = await lockToken(tx, workspace, id)
    if (old === undefined || old.expires_at <= parts.clock.now())
      throw new Problem('resource.unknown', 'There is no such token.')
    const label = await parts.keys.openText(workspace, labelField(id), old.label)
    const made = await storeToken(parts, tx, context, { workspace, label, seconds })
    await shortenToken(tx, id, secondsAfter(parts.clock.now(), OVERLAP_SECONDS))
    const target = { kind: 'directory-token', id }
    const about = { tenant: workspace, target, details: { next: made.id } }
    await parts.audit.record(tx, eventOf(context, 'directory-token.rotated', about))
    return made
  })
}

/** Revokes tokens at once; returns their ids. */
export async function endTokens(
  { clock, audit }: Pick<Parts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  which: { readonly workspace?: string; readonly id?: string; readonly account?: string },
): Promise<string[]> {
  const ended = await revokeTokens(tx, which, clock.now())
  for (const id of ended) {
    const target = { kind: 'directory-token', id }
    const tenant = which.workspace ?? context.caller.workspaceId
    await audit.record(tx, eventOf(context, 'directory-token.revoked', { tenant, target }))
  }
  return ended
}
