import type { FieldPlace } from '../../encryption/index.ts'
import { asTenant, type Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { DAY, secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import type { Permission } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { asSecret, newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { apiKeyLifetime } from '../parameters.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { KEY_SCOPES } from '../roles/roles.ts'
import {
  insertKey,
  isReplaced,
  keyByToken,
  keysOf,
  lockKey,
  revokeKeys,
  shortenKey,
  type KeyChoice,
} from './queries.ts'

/** What a program presents as `Authorization: Bearer sk_…`; stored only as a hash. */
export type ApiKey = Secret<'API key'>

/** How every key begins, so that scanners for leaked secrets find it. */
export const KEY_PREFIX = 'sk_'
const HINT_CHARACTERS = KEY_PREFIX.length + 5
/** After another one took its place a key is good for this long at most, in seconds. */
export const OVERLAP_SECONDS_MAX = 7 * DAY

type Parts = Pick<AccessParts, 'db' | 'clock' | 'policy' | 'keys' | 'audit'>

function labelField(id: string): FieldPlace {
  return { table: 'api_key', column: 'label', row: id }
}

/** What a key is made for. */
export interface KeyWish {
  readonly workspace: string
  readonly account: string
  readonly label: string
  readonly scopes: readonly Permission[]
  readonly seconds: number
}

/** Makes a key; it is shown this once. Throws `request.invalid` beyond the policy's lifetime. Policy 4.3-a.2. */
export async function makeKey(parts: Parts, context: RequestContext, wish: KeyWish) {
  requireAllowedWish(parts, wish)
  const made = await prepareKey(parts, wish)
  await asTenant(parts.db, wish.workspace, (tx) => storeKey(parts, tx, context, made.row))
  return made.face
}

/** A key lives as long as the policy lets it at most, and reaches only what programs can reach. */
function requireAllowedWish(
  { policy }: Pick<Parts, 'policy'>,
  wish: Pick<KeyWish, 'scopes' | 'seconds'>,
): void {
  const most = policy.read(apiKeyLifetime)
  if (wish.seconds <= 0 || wish.seconds > most)
    throw new Problem(
      'request.invalid',
      `expires: a key lives at least a second and at most ${apiKeyLifetime.type.show(most)}.`,
    )
  const refused = wish.scopes.filter((scope) => !(KEY_SCOPES as readonly Permission[]).includes(scope))
  if (wish.scopes.length === 0 || refused.length > 0)
    throw new Problem('request.invalid', `scopes: choose among ${KEY_SCOPES.join(', ')}.`)
}

async function prepareKey({ clock, keys }: Parts, wish: KeyWish, replaces: string | null = null) {
  const id = newId(clock)
  const key: ApiKey = asSecret(`${KEY_PREFIX}${newSecret()}`)
  const created_at = clock.now()
  const expires_at = secondsAfter(created_at, wish.seconds)
  const row = {
    id,
    workspace_id: wish.workspace,
    account_id: wish.account,
    label: await keys.sealText(wish.workspace, labelField(id), wish.label),
    hint: key.slice(0, HINT_CHARACTERS),
    token_hash: secretHash(key),
    scopes: [...new Set(wish.scopes)],
    created_at,
    expires_at,
    replaces,
  }
  const face = { id, key, hint: row.hint, scopes: row.scopes, expiresAt: expires_at.toISOString() }
  return { row, face }
}

async function storeKey(
  { audit }: Pick<Parts, 'audit'>,
  tx: Database,
  context: RequestContext,
  row: Awaited<ReturnType<typeof prepareKey>>['row'],
): Promise<void> {
  await insertKey(tx, row)
  const target = { kind: 'api-key', id: row.id }
  const details = { scopes: row.scopes, expires: row.expires_at.toISOString() }
  await audit.record(tx, eventOf(context, 'api-key.made', { tenant: row.workspace_id, target, details }))
}

/**
 * Makes a key with the same label and scopes in the place of another one, which stays good for the overlap, and never
 * longer than it would have been. The new one is its maker's: nobody takes over what only another person may do. Throws
 * `resource.unknown`, `resource.conflict`, `access.denied`, `request.invalid`. Policy 4.3-a.2.
 */
export async function rotateKey(
  parts: Parts,
  context: RequestContext,
  wish: {
    readonly workspace: string
    readonly id: string
    readonly overlapSeconds: number
    readonly seconds: number
  },
) {
  const { db, clock, keys, audit } = parts
  const { workspace, overlapSeconds, seconds } = wish
  if (overlapSeconds < 0 || overlapSeconds > OVERLAP_SECONDS_MAX)
    throw new Problem('request.invalid', 'overlap: the old key is good for another seven days at most.')
  return asTenant(db, workspace, async (tx) => {
    const now = clock.now()
    const old = await lockKey(tx, workspace, wish.id, now)
    if (old === undefined) throw new Problem('resource.unknown', 'There is no such key.')
    if (await isReplaced(tx, old.id))
      throw new Problem('resource.conflict', 'Another key took the place of this one already.')
    const scopes = KEY_SCOPES.filter((scope) => old.scopes.includes(scope))
    requireHeld(context, scopes)
    const label = await keys.openText(workspace, labelField(old.id), old.label)
    const account = context.caller.id
    requireAllowedWish(parts, { scopes, seconds })
    const made = await prepareKey(parts, { workspace, account, label, scopes, seconds }, old.id)
    await storeKey(parts, tx, context, made.row)
    const until = secondsAfter(now, overlapSeconds)
    await shortenKey(tx, old.id, until)
    const oldUntil = (until < old.expires_at ? until : old.expires_at).toISOString()
    const target = { kind: 'api-key', id: old.id }
    const details = { by: made.row.id, until: oldUntil }
    await audit.record(tx, eventOf(context, 'api-key.rotated', { tenant: workspace, target, details }))
    return { ...made.face, replaces: old.id, oldUntil }
  })
}

/** A key allows nothing that whoever makes it does not hold. Throws `access.denied`. Policy 4.3-a.2. */
export function requireHeld({ caller }: RequestContext, scopes: readonly Permission[]): void {
  const missing = scopes.filter((scope) => !caller.permissions.has(scope))
  if (missing.length > 0)
    throw new Problem('access.denied', `You do not hold ${missing.join(', ')} yourself.`)
}

/** What a key that is good now is, and what it allows: its scopes, as far as its maker may do that now. */
export async function goodKey(
  { db, clock, policy }: Pick<AccessParts, 'db' | 'clock' | 'policy'>,
  tokenHash: Buffer,
) {
  const now = clock.now()
  const row = await keyByToken(db, tokenHash, now)
  if (row === undefined) return undefined
  // The lifetime that the policy allows now counts, whatever it was when the key was made. Policy 4.3-a.2.
  if (secondsAfter(row.created_at, policy.read(apiKeyLifetime)) <= now) return undefined
  const holding = {
    workspaceRole: row.maker_role,
    rolePermissions: row.maker_permissions,
    roleUntil: row.maker_role_until,
    staffRole: null,
    scopes: row.scopes,
  }
  return { id: row.id, workspace: row.workspace_id, lastUsedAt: row.last_used_at, holding }
}

/** The keys of a workspace, or those that one account made, without the keys themselves. */
export async function listKeys(
  { db, keys }: Pick<Parts, 'db' | 'keys'>,
  workspace: string,
  account?: string,
) {
  const rows = await asTenant(db, workspace, (tx) => keysOf(tx, workspace, account))
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      label: await keys.openText(workspace, labelField(row.id), row.label),
      hint: row.hint,
      scopes: row.scopes,
      madeBy: row.account_id,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      lastUsedAt: row.last_used_at?.toISOString() ?? null,
      revokedAt: row.revoked_at?.toISOString() ?? null,
      /** The key in whose place this one came; while both are good, both are listed. */
      replaces: row.replaces,
      replacedBy: rows.find((other) => other.replaces === row.id)?.id ?? null,
    })),
  )
}

/** Revokes keys at once; returns how many. */
export async function endKeys(
  { clock, audit }: Pick<Parts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  workspace: string,
  which: KeyChoice,
): Promise<number> {
  const ended = await revokeKeys(tx, workspace, which, clock.now())
  for (const id of ended) {
    const target = { kind: 'api-key', id }
    await audit.record(tx, eventOf(context, 'api-key.revoked', { tenant: workspace, target }))
  }
  return ended.length
}
