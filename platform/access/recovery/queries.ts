import type { Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'

/** What a link from a letter is for. */
export type AccountLinkKind = 'recovery' | 'unlock' | 'cancel-reset' | 'enrol'

/** Stores a link; earlier ones of its kind for the account are worth nothing from then on, but for those that stop something. */
export async function insertAccountLink(
  db: Database,
  row: Insertable<Tables['account_link']> & { readonly created_at: Date; readonly kind: AccountLinkKind },
): Promise<void> {
  if (row.kind !== 'cancel-reset') await voidAccountLinks(db, row.account_id, row.created_at, row.kind)
  await db.insertInto('account_link').values(row).execute()
}

/** Makes the open links of an account worthless, of one kind or all; returns their ids. */
export async function voidAccountLinks(
  db: Database,
  account: string,
  at: Date,
  kind?: AccountLinkKind,
): Promise<string[]> {
  let query = db
    .updateTable('account_link')
    .set({ voided_at: at })
    .where('account_id', '=', account)
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  return (await query.returning('id').execute()).map((row) => row.id)
}

/** A link that can be used at `now`, with the account that it belongs to. */
export function openAccountLink(db: Database, tokenHash: Buffer, now: Date) {
  return db
    .selectFrom('account_link')
    .innerJoin('account', 'account.id', 'account_link.account_id')
    .select(['account_link.id', 'account_link.kind', 'account_link.account_id', 'account_link.reset_id'])
    .where('account_link.token_hash', '=', tokenHash)
    .where('account_link.used_at', 'is', null)
    .where('account_link.voided_at', 'is', null)
    .where('account_link.expires_at', '>', now)
    .where('account.disabled_at', 'is', null)
    .executeTakeFirst()
}

/** Uses a link up; false when somebody else was first or it expired. */
export async function useAccountLink(db: Database, id: string, now: Date): Promise<boolean> {
  const done = await db
    .updateTable('account_link')
    .set({ used_at: now })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The stored hashes of links, by link. */
export function accountLinkHashes(db: Database, ids: readonly string[]) {
  return db.selectFrom('account_link').select(['id', 'token_hash']).where('id', 'in', ids).execute()
}

/** Removes links that ended before `before`. */
export async function deleteOldAccountLinks(db: Database, before: Date): Promise<void> {
  await db.deleteFrom('account_link').where('expires_at', '<', before).execute()
}

/** How many API keys of an account still work. */
export async function liveKeys(db: Database, account: string, now: Date): Promise<number> {
  const row = await db
    .selectFrom('api_key')
    .select(({ fn }) => fn.countAll<number>().as('keys'))
    .where('account_id', '=', account)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return row.keys
}

/** Forgets every device of an account. */
export async function forgetDevices(db: Database, account: string): Promise<void> {
  await db.deleteFrom('device').where('account_id', '=', account).execute()
}

/** Removes every second factor and recovery code of an account; tells how many factors there were. */
export async function deleteFactors(db: Database, account: string): Promise<number> {
  let removed = 0n
  for (const table of ['totp_factor', 'sms_factor', 'webauthn_key'] as const)
    removed += (await db.deleteFrom(table).where('account_id', '=', account).executeTakeFirst())
      .numDeletedRows
  await db.deleteFrom('recovery_code').where('account_id', '=', account).execute()
  return Number(removed)
}

/** From now on only the session that shows the link from the letter sets up a factor, and nothing is given for a while. */
export async function closeEnrolment(db: Database, account: string, barredUntil: Date): Promise<void> {
  await db
    .updateTable('account')
    .set({ enrol_by_link: true, enrol_session_id: null, elevation_barred_until: barredUntil })
    .where('id', '=', account)
    .execute()
}

/** Lets this session of the account set up a factor. */
export async function openEnrolment(db: Database, account: string, session: string): Promise<void> {
  await db.updateTable('account').set({ enrol_session_id: session }).where('id', '=', account).execute()
}

/** Whether this session may set up the account's first factor, as far as a reset decides about it. */
export async function mayEnrolFirst(db: Database, account: string, session: string): Promise<boolean> {
  const row = await db
    .selectFrom('account')
    .select(['enrol_by_link', 'enrol_session_id'])
    .where('id', '=', account)
    .executeTakeFirst()
  return row !== undefined && (!row.enrol_by_link || row.enrol_session_id === session)
}

/** A reset as it is stored. */
export type ResetRow = NonNullable<Awaited<ReturnType<typeof openReset>>>

/** Stores a request; false when one is open for the account. */
export async function insertReset(db: Database, row: Insertable<Tables['factor_reset']>): Promise<boolean> {
  const done = await db
    .insertInto('factor_reset')
    .values(row)
    .onConflict((conflict) => conflict.column('account_id').where('ended_at', 'is', null).doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** An open reset, held until the transaction ends. */
export function openReset(db: Database, id: string) {
  return db
    .selectFrom('factor_reset')
    .selectAll()
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

/** The open resets, of one account or all, the oldest first. */
export function openResets(db: Database, account?: string) {
  let query = db.selectFrom('factor_reset').selectAll().where('ended_at', 'is', null).orderBy('requested_at')
  if (account !== undefined) query = query.where('account_id', '=', account)
  return query.execute()
}

/** Notes who agreed. */
export async function approveReset(db: Database, id: string, by: string, at: Date): Promise<void> {
  await db
    .updateTable('factor_reset')
    .set({ approved_by: by, approved_at: at })
    .where('id', '=', id)
    .execute()
}

/** Ends a reset. */
export async function endReset(
  db: Database,
  id: string,
  reason: 'done' | 'cancelled' | 'expired',
  at: Date,
): Promise<void> {
  await db
    .updateTable('factor_reset')
    .set({ ended_at: at, end_reason: reason })
    .where('id', '=', id)
    .execute()
}
