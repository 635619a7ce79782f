import type { Database } from '../../db/index.ts'
import type { LookUp } from '../../encryption/index.ts'
import type { Holder } from './credential.ts'

/** Sessions of a holder that were not ended, held until the transaction ends. */
export async function openSessionIds(db: Database, holder: Holder): Promise<string[]> {
  let query = db
    .selectFrom('session')
    .select('id')
    .where('account_id', '=', holder.account)
    .where('ended_at', 'is', null)
  if (holder.workspace !== undefined) query = query.where('workspace_id', '=', holder.workspace)
  return (await query.forUpdate().execute()).map((row) => row.id)
}

/** The stored hashes of session tokens, by session. */
export function sessionHashes(db: Database, ids: readonly string[]) {
  return db.selectFrom('session').select(['id', 'token_hash']).where('id', 'in', ids).execute()
}

/** The workspaces in which an account has keys that are not revoked. */
export async function keyWorkspaces(db: Database, holder: Holder): Promise<string[]> {
  if (holder.workspace !== undefined) return [holder.workspace]
  const rows = await db
    .selectFrom('api_key')
    .select('workspace_id')
    .distinct()
    .where('account_id', '=', holder.account)
    .where('revoked_at', 'is', null)
    .execute()
  return rows.map((row) => row.workspace_id)
}

/** API keys of an account in a workspace that are not revoked, held until the transaction ends. */
export async function openKeyIds(db: Database, account: string, workspace: string): Promise<string[]> {
  const rows = await db
    .selectFrom('api_key')
    .select('id')
    .where('account_id', '=', account)
    .where('workspace_id', '=', workspace)
    .where('revoked_at', 'is', null)
    .forUpdate()
    .execute()
  return rows.map((row) => row.id)
}

/** The stored hashes of API keys, by key. */
export function keyHashes(db: Database, ids: readonly string[]) {
  return db.selectFrom('api_key').select(['id', 'token_hash']).where('id', 'in', ids).execute()
}

/**
 * Makes one-time links worthless that a holder made for others, and those that were made for the holder; returns their
 * ids.
 */
export async function voidLinksOf(
  db: Database,
  holder: Holder,
  /** By what the holder's address is looked up; null when nobody knows it any more. */
  address: LookUp | null,
  at: Date,
): Promise<string[]> {
  let query = db
    .updateTable('link')
    .set({ voided_at: at })
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .where((either) =>
      either.or([
        either('made_by', '=', holder.account),
        ...(address === null ? [] : [either('email_index', 'in', address)]),
      ]),
    )
  if (holder.workspace !== undefined) query = query.where('workspace_id', '=', holder.workspace)
  return (await query.returning('id').execute()).map((row) => row.id)
}

/** The stored hashes of one-time links, by link. */
export function linkHashes(db: Database, ids: readonly string[]) {
  return db.selectFrom('link').select(['id', 'token_hash']).where('id', 'in', ids).execute()
}

/** Forgets every device that an account is known on; returns their ids. */
export async function forgetDevices(db: Database, account: string): Promise<string[]> {
  const rows = await db.deleteFrom('device').where('account_id', '=', account).returning('id').execute()
  return rows.map((row) => row.id)
}

/** Which of these devices are still known. */
export async function devicesStill(db: Database, ids: readonly string[]): Promise<string[]> {
  const rows = await db.selectFrom('device').select('id').where('id', 'in', ids).execute()
  return rows.map((row) => row.id)
}

/** Replaces the password of an account by a hash that nothing matches; false when it was that already. */
export async function replaceByUnmatchable(
  db: Database,
  account: string,
  unmatchable: string,
  pepperVersion: number,
  at: Date,
): Promise<boolean> {
  const done = await db
    .updateTable('account')
    .set({ password_hash: unmatchable, pepper_version: pepperVersion, password_set_at: at })
    .where('id', '=', account)
    .where('password_hash', '!=', unmatchable)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Deletes every second factor and recovery code of an account; returns how many there were. */
export async function deleteFactors(db: Database, account: string): Promise<number> {
  let deleted = 0n
  for (const table of ['totp_factor', 'sms_factor', 'webauthn_key', 'recovery_code'] as const)
    deleted += (await db.deleteFrom(table).where('account_id', '=', account).executeTakeFirst())
      .numDeletedRows
  return Number(deleted)
}

/** What signing in with a password would compare with, and how many factors there are. */
export async function secretsOf(db: Database, account: string) {
  return db
    .selectFrom('account')
    .select(({ selectFrom }) => [
      'account.password_hash',
      'account.disabled_at',
      selectFrom('second_factor')
        .whereRef('second_factor.account_id', '=', 'account.id')
        .select(({ fn }) => fn.countAll<number>().as('factors'))
        .as('factors'),
      selectFrom('recovery_code')
        .whereRef('recovery_code.account_id', '=', 'account.id')
        .select(({ fn }) => fn.countAll<number>().as('codes'))
        .as('codes'),
    ])
    .where('account.id', '=', account)
    .executeTakeFirst()
}
