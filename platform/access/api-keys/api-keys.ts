import type { FieldPlace } from '../../encryption/index.ts'
import type { Database } from '../../db/index.ts'
import type { RequestContext } from '../../kernel/caller.ts'
import { secondsAfter } from '../../kernel/clock.ts'
import { newId } from '../../kernel/id.ts'
import type { Permission } from '../../kernel/permission.ts'
import { Problem } from '../../kernel/problem.ts'
import { asSecret, newSecret, secretHash, type Secret } from '../../kernel/secret.ts'
import { eventOf, type AccessParts } from '../parts.ts'
import { KEY_SCOPES } from '../roles/roles.ts'
import { insertKey, keysOf, revokeKeys } from './queries.ts'

/** What a program presents as `Authorization: Bearer sk_…`; stored only as a hash. */
export type ApiKey = Secret<'API key'>

/** How every key begins, so that scanners for leaked secrets find it. */
export const KEY_PREFIX = 'sk_'
const HINT_CHARACTERS = KEY_PREFIX.length + 5
/** A key lives a year at most. */
const KEY_SECONDS_MAX = 365 * 24 * 60 * 60

type Parts = Pick<AccessParts, 'db' | 'clock' | 'keys' | 'audit'>

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

/** Makes a key; it is shown this once. Policy 4.3-a.2. */
export async function makeKey(parts: Parts, context: RequestContext, wish: KeyWish) {
  const { db, clock, keys, audit } = parts
  if (wish.seconds <= 0 || wish.seconds > KEY_SECONDS_MAX)
    throw new Problem('request.invalid', 'expires: a key lives at least a second and at most 365 days.')
  const refused = wish.scopes.filter((scope) => !(KEY_SCOPES as readonly Permission[]).includes(scope))
  if (wish.scopes.length === 0 || refused.length > 0)
    throw new Problem('request.invalid', `scopes: choose among ${KEY_SCOPES.join(', ')}.`)
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
  }
  await db.transaction().execute(async (tx) => {
    await insertKey(tx, row)
    const target = { kind: 'api-key', id }
    const details = { scopes: row.scopes, expires: expires_at.toISOString() }
    await audit.record(tx, eventOf(context, 'api-key.made', { tenant: wish.workspace, target, details }))
  })
  return { id, key, hint: row.hint, scopes: row.scopes, expiresAt: expires_at.toISOString() }
}

/** The keys of a workspace, without the keys themselves. */
export async function listKeys({ db, keys }: Pick<Parts, 'db' | 'keys'>, workspace: string) {
  const rows = await keysOf(db, workspace)
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
    })),
  )
}

/** Revokes keys at once; returns how many. */
export async function endKeys(
  { clock, audit }: Pick<Parts, 'clock' | 'audit'>,
  tx: Database,
  context: RequestContext,
  workspace: string,
  which: { readonly id: string } | { readonly account: string },
): Promise<number> {
  const ended = await revokeKeys(tx, workspace, which, clock.now())
  for (const id of ended) {
    const target = { kind: 'api-key', id }
    await audit.record(tx, eventOf(context, 'api-key.revoked', { tenant: workspace, target }))
  }
  return ended.length
}
