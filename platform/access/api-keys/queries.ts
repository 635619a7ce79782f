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
        .onRef('membership.workspace_id', '=', 'api_key.workspace_id'),
    )
    .select([
      'api_key.id',
      'api_key.workspace_id',
      'api_key.scopes',
      'api_key.last_used_at',
      'membership.role as maker_role',
    ])
    .where('api_key.token_hash', '=', tokenHash)
    .where('api_key.revoked_at', 'is', null)
    .where('api_key.expires_at', '>', now)
    .where('account.disabled_at', 'is', null)
    .where('workspace.removed_at', 'is', null)
    .executeTakeFirst()
  return row === undefined ? undefined : { ...row, maker_role: row.maker_role as WorkspaceRole }
}

/** Writes that a key was used, at most once a minute; tells whether this call wrote. */
export async function touchKey(db: Database, id: string, now: Date, writtenBefore: Date): Promise<boolean> {
  const done = await db
    .updateTable('api_key')
    .set({ last_used_at: now })
    .where('id', '=', id)
    .where((or) => or.or([or('last_used_at', 'is', null), or('last_used_at', '<=', writtenBefore)]))
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The keys of a workspace, newest first. */
export function keysOf(db: Database, workspace: string) {
  return db
    .selectFrom('api_key')
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
    ])
    .where('workspace_id', '=', workspace)
    .orderBy('created_at', 'desc')
    .execute()
}

/** Revokes keys of a workspace: one by its id, or all that an account made; returns their ids. */
export async function revokeKeys(
  db: Database,
  workspace: string,
  which: { readonly id: string } | { readonly account: string },
  at: Date,
): Promise<string[]> {
  const query = db
    .updateTable('api_key')
    .set({ revoked_at: at })
    .where('workspace_id', '=', workspace)
    .where('revoked_at', 'is', null)
  const rows = await (
    'id' in which ? query.where('id', '=', which.id) : query.where('account_id', '=', which.account)
  )
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}
