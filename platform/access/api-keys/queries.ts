import type { Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'

/** Stores a key. */
export async function insertKey(db: Database, row: Insertable<Tables['api_key']>): Promise<void> {
  await db.insertInto('api_key').values(row).execute()
}

/** A key that is good at `now`, with the present role of its maker: no role, no key. */
export async function keyByToken(db: Database, tokenHash: Buffer, now: Date) {
  const row = await db
    .selectFrom('api_key')
    .innerJoin('account', 'account.id', 'api_key.account_id')
    .innerJoin('workspace', 'workspace.id', 'api_key.workspace_id')
    .innerJoin('membership', (join) =>
      join
        .onRef('membership.account_id', '=', 'api_key.account_id')
        .onRef('membership.workspace_id', '=', 'api_key.workspace_id')
        .on('membership.suspended_at', 'is', null),
    )
    .leftJoin('own_role', 'own_role.id', 'membership.own_role_id')
    .select([
      'api_key.id',
      'api_key.workspace_id',
      'api_key.scopes',
      'api_key.created_at',
      'api_key.last_used_at',
      'membership.role as maker_role',
      'membership.role_until as maker_role_until',
      'own_role.permissions as maker_permissions',
    ])
    .where('api_key.token_hash', '=', tokenHash)
    .where('api_key.revoked_at', 'is', null)
    .where('api_key.expires_at', '>', now)
    .where((or) => or.or([or('membership.role_until', 'is', null), or('membership.role_until', '>', now)]))
    .where('account.disabled_at', 'is', null)
    .where('workspace.removed_at', 'is', null)
    .executeTakeFirst()
  return row === undefined ? undefined : { ...row, maker_role: row.maker_role as WorkspaceRole }
}

/** A key of a workspace that is good at `now`, held until the transaction ends. */
export function lockKey(db: Database, workspace: string, id: string, now: Date) {
  return db
    .selectFrom('api_key')
    .select(['id', 'label', 'scopes', 'expires_at', 'account_id'])
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .forUpdate()
    .executeTakeFirst()
}

/** Lets a key end earlier. */
export async function shortenKey(db: Database, id: string, until: Date): Promise<void> {
  await db
    .updateTable('api_key')
    .set({ expires_at: until })
    .where('id', '=', id)
    .where('expires_at', '>', until)
    .execute()
}

/** Whether another key took the place of this one already and is not revoked. */
export async function isReplaced(db: Database, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('api_key')
    .select('id')
    .where('replaces', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** The hash of a key of a workspace, by its id. */
export async function keyHash(db: Database, workspace: string, id: string): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom('api_key')
    .select('token_hash')
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.token_hash
}

/** The keys of a workspace, or those of them that one account made, newest first. */
export function keysOf(db: Database, workspace: string, account?: string) {
  return db
    .selectFrom('api_key')
    .$if(account !== undefined, (query) => query.where('account_id', '=', account ?? ''))
    .select([
      'id',
      'account_id',
      'label',
      'hint',
      'scopes',
      'created_at',
      'expires_at',
      'last_used_at',
      'revoked_at',
      'replaces',
    ])
    .where('workspace_id', '=', workspace)
    .orderBy('created_at', 'desc')
    .execute()
}

/** One key by its id, all that an account made, or one if that account made it. */
export type KeyChoice =
  | { readonly id: string; readonly account?: string }
  | { readonly account: string; readonly id?: string }

/** Revokes keys of a workspace; returns their ids. */
export async function revokeKeys(
  db: Database,
  workspace: string,
  which: KeyChoice,
  at: Date,
): Promise<string[]> {
  const query = db
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where('workspace_id', '=', workspace)
    .where('revoked_at', 'is', null)
  const { id, account } = which
  const rows = await query
    .$if(id !== undefined, (chosen) => chosen.where('id', '=', id ?? ''))
    .$if(account !== undefined, (chosen) => chosen.where('account_id', '=', account ?? ''))
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}
