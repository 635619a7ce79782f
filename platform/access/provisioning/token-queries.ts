import type { Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** Stores a directory's token. */
export async function insertToken(db: Database, row: Insertable<Tables['directory_token']>): Promise<void> {
  await db.insertInto('directory_token').values(row).execute()
}

/** A token that is good at `now`: its maker is still a member whom nothing keeps out, with this role. */
export function tokenByHash(db: Database, hash: Buffer, now: Date) {
  return db
    .selectFrom('directory_token')
    .innerJoin('account', 'account.id', 'directory_token.account_id')
    .innerJoin('workspace', 'workspace.id', 'directory_token.workspace_id')
    .innerJoin('membership', (join) =>
      join
        .onRef('membership.account_id', '=', 'directory_token.account_id')
        .onRef('membership.workspace_id', '=', 'directory_token.workspace_id'),
    )
    .leftJoin('own_role', 'own_role.id', 'membership.own_role_id')
    .select([
      'directory_token.id',
      'directory_token.workspace_id',
      'directory_token.last_used_at',
      'membership.role',
      'membership.role_until',
      'membership.suspended_at',
      'own_role.permissions as role_permissions',
    ])
    .where('directory_token.token_hash', '=', hash)
    .where('directory_token.revoked_at', 'is', null)
    .where('directory_token.expires_at', '>', now)
    .where('account.disabled_at', 'is', null)
    .where('membership.suspended_at', 'is', null)
    .where('workspace.removed_at', 'is', null)
    .executeTakeFirst()
}

/** Who made a token. */
export async function makerOf(db: Database, id: string): Promise<string | null> {
  const row = await db
    .selectFrom('directory_token')
    .select('account_id')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.account_id ?? null
}

/** The tokens of a workspace, newest first. */
export function tokensOf(db: Database, workspace: string) {
  return db
    .selectFrom('directory_token')
    .select(['id', 'account_id', 'label', 'hint', 'created_at', 'expires_at', 'last_used_at', 'revoked_at'])
    .where('workspace_id', '=', workspace)
    .orderBy('created_at', 'desc')
    .execute()
}

/** A token of a workspace that is not revoked, held until the transaction ends. */
export function lockToken(db: Database, workspace: string, id: string) {
  return db
    .selectFrom('directory_token')
    .select(['id', 'label', 'expires_at'])
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** Lets a token end at a moment, never later than it would. */
export async function shortenToken(db: Database, id: string, at: Date): Promise<void> {
  await db
    .updateTable('directory_token')
    .set({ expires_at: at })
    .where('id', '=', id)
    .where('expires_at', '>', at)
    .execute()
}

/** Revokes tokens: one of a workspace, or those that an account made; returns their ids. */
export async function revokeTokens(
  db: Database,
  which: { readonly workspace?: string; readonly id?: string; readonly account?: string },
  at: Date,
): Promise<string[]> {
  let query = db.updateTable('directory_token').set({ revoked_at: at }).where('revoked_at', 'is', null)
  if (which.workspace !== undefined) query = query.where('workspace_id', '=', which.workspace)
  if (which.id !== undefined) query = query.where('id', '=', which.id)
  if (which.account !== undefined) query = query.where('account_id', '=', which.account)
  return (await query.returning('id').execute()).map((row) => row.id)
}

/** The stored hashes of tokens, by token. */
export function tokenHashes(db: Database, ids: readonly string[]) {
  return db.selectFrom('directory_token').select(['id', 'token_hash']).where('id', 'in', ids).execute()
}
