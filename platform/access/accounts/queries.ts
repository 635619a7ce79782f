import { sql, type Insertable, type Updateable } from 'kysely'
import type { LookUp } from '../../encryption/index.ts'
import { isUuid } from '../../kernel/id.ts'
import { compiledOnce, holdLookUp, keptPlan, type Database, type Tables } from '../../db/index.ts'

/** A row of an account that is stored for the first time, with what its address is looked up by. */
export type NewAccount = Omit<Insertable<Tables['account']>, 'email_index'> & { readonly email_index: LookUp }

/** Stores an account; false when its address has one already. */
export async function insertAccount(db: Database, row: NewAccount): Promise<boolean> {
  const { email_index: lookUp } = row
  await holdLookUp(db, lookUp)
  if (lookUp.length > 1 && (await accountByEmail(db, lookUp)) !== undefined) return false
  const done = await db
    .insertInto('account')
    .values({ ...row, email_index: lookUp[0] })
    .onConflict((conflict) => conflict.column('email_index').doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** An account with the workspace that its sessions begin in: the one it joined first. */
function accounts(db: Database) {
  return db
    .selectFrom('account')
    .select(({ selectFrom }) => [
      'account.id',
      'account.password_hash',
      'account.pepper_version',
      'account.breach_checked_at',
      'account.password_breached_at',
      'account.probe',
      'account.disabled_at',
      'account.email_index',
      selectFrom('membership')
        .innerJoin('workspace', 'workspace.id', 'membership.workspace_id')
        .whereRef('membership.account_id', '=', 'account.id')
        .where('workspace.removed_at', 'is', null)
        .orderBy('membership.created_at')
        .orderBy('membership.workspace_id')
        .limit(1)
        .select('membership.workspace_id')
        .as('workspace_id'),
    ])
}

/**
 * What signing in needs to know of an account, by the blind index of its address, and the device of this token if it is
 * one of the account's: one statement, whatever there is of both.
 */
export async function accountSigningIn(db: Database, lookUp: LookUp, deviceHash: Buffer | null) {
  const [row] = await accountsSigningIn(db, [...lookUp], deviceHash)
  return row
}

const accountsSigningIn = compiledOnce((db: Database, lookUp: Buffer[], deviceHash: Buffer | null) =>
  accounts(db)
    .select(({ selectFrom }) =>
      selectFrom('device')
        .whereRef('device.account_id', '=', 'account.id')
        .where('device.token_hash', '=', deviceHash)
        .select('device.id')
        .as('device_id'),
    )
    .where(sql<boolean>`account.email_index = any(${lookUp}::bytea[])`)
    .modifyEnd(keptPlan),
)

/** An account by the blind index of its address. */
export function accountByEmail(db: Database, lookUp: LookUp) {
  return accounts(db).where('account.email_index', 'in', lookUp).executeTakeFirst()
}

/** The same by id. */
export function accountById(db: Database, id: string) {
  return accounts(db).where('account.id', '=', id).executeTakeFirst()
}

/** The sealed fields of an account. */
export function sealedAccount(db: Database, id: string) {
  return db
    .selectFrom('account')
    .select(['id', 'email', 'display_name'])
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Holds the account until the transaction ends, so that changes of its factors happen one after another; false when it is gone. */
export async function lockAccount(db: Database, id: string): Promise<boolean> {
  const row = await db.selectFrom('account').select('id').where('id', '=', id).forUpdate().executeTakeFirst()
  return row !== undefined
}

/** Replaces the password hash, unless it is no longer `expected`; tells whether it did. */
export async function replacePasswordHash(
  db: Database,
  account: string,
  expected: string,
  next: Pick<NewAccount, 'password_hash' | 'pepper_version'> &
    Partial<Pick<NewAccount, 'password_set_at' | 'breach_checked_at' | 'password_breached_at'>>,
): Promise<boolean> {
  const done = await db
    .updateTable('account')
    .set(next)
    .where('id', '=', account)
    .where('password_hash', '=', expected)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Gives an account that is open a password; false for one that is disabled. */
export async function reopenWith(
  db: Database,
  id: string,
  secrets: Updateable<Tables['account']>,
): Promise<boolean> {
  const done = await db
    .updateTable('account')
    .set(secrets)
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Those of these accounts that are stored. */
export async function accountsAmong(db: Database, ids: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('account')
    .select('id')
    // One parameter, however many were ever erased; names of another shape are no accounts.
    .where(sql<boolean>`id = any(${ids.filter(isUuid)}::uuid[])`)
    .forUpdate()
    .execute()
  return rows.map(({ id }) => id)
}

/** Deletes an account with everything that is its own. */
export async function deleteAccount(db: Database, id: string): Promise<void> {
  await db.deleteFrom('account').where('id', '=', id).execute()
}

/** Holds an account that is closed until the transaction ends; false when it is open or gone. */
export async function lockClosedAccount(db: Database, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('account')
    .select('id')
    .where('id', '=', id)
    .where('disabled_at', 'is not', null)
    .forUpdate()
    .executeTakeFirst()
  return row !== undefined
}

/** Removes the accounts in a workspace that nobody can sign in with. */
export async function deleteProbesOf(db: Database, workspace: string): Promise<void> {
  await db
    .deleteFrom('account')
    .where('probe', '=', true)
    .where('id', 'in', (members) =>
      members.selectFrom('membership').select('account_id').where('workspace_id', '=', workspace),
    )
    .execute()
}
