import { sql, type Expression, type Insertable } from 'kysely'
import { compiledOnce, keptPlan, type Database, type Tables } from '../../db/index.ts'

/** Stores a factor that still has to be confirmed, instead of any other such one of the account. */
export async function insertPendingFactor(
  db: Database,
  row: Insertable<Tables['totp_factor']>,
): Promise<void> {
  await db
    .deleteFrom('totp_factor')
    .where('account_id', '=', row.account_id)
    .where('confirmed_at', 'is', null)
    .execute()
  await db.insertInto('totp_factor').values(row).execute()
}

/** A factor that waits to be confirmed, made after `madeAfter`. */
export function pendingFactor(db: Database, account: string, id: string, madeAfter: Date) {
  return db
    .selectFrom('totp_factor')
    .select(['id', 'secret'])
    .where('account_id', '=', account)
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .where('created_at', '>', madeAfter)
    .executeTakeFirst()
}

/** Confirms a factor and spends the code that did it; tells whether this call was the first. */
export async function confirmFactor(db: Database, id: string, step: number, at: Date): Promise<boolean> {
  const done = await db
    .updateTable('totp_factor')
    .set({ confirmed_at: at, last_step: step })
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The confirmed factors of an account, oldest first. */
export const confirmedFactors = compiledOnce((db: Database, account: string) =>
  db
    .selectFrom('totp_factor')
    .select(['id', 'label', 'secret', 'created_at'])
    .where('account_id', '=', account)
    .where('confirmed_at', 'is not', null)
    .orderBy('created_at')
    .modifyEnd(keptPlan),
)

/** Spends a step of a factor; false when it, or a later one, was spent before. Policy 3.1-a. */
export async function spendStep(db: Database, id: string, step: number): Promise<boolean> {
  return (await spentSteps(db, id, step)).length === 1
}

const spentSteps = compiledOnce((db: Database, id: string, step: number) =>
  db
    .updateTable('totp_factor')
    .set({ last_step: step })
    .where('id', '=', id)
    .where('last_step', '<', step)
    .returning('id')
    .modifyEnd(keptPlan),
)

/** Removes a factor of an account; tells whether it was there. */
export async function deleteFactor(db: Database, account: string, id: string): Promise<boolean> {
  const done = await db
    .deleteFrom('totp_factor')
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()
  return done.numDeletedRows === 1n
}

/** Replaces every recovery code of an account. */
export async function replaceRecoveryCodes(
  db: Database,
  account: string,
  hashes: readonly Buffer[],
  at: Date,
): Promise<void> {
  await db.deleteFrom('recovery_code').where('account_id', '=', account).execute()
  const rows = hashes.map((hash) => ({ account_id: account, hash, created_at: at }))
  await db.insertInto('recovery_code').values(rows).execute()
}

/** Spends a recovery code; false when it was spent or never made. */
export async function spendRecoveryCode(
  db: Database,
  account: string,
  hash: Buffer,
  at: Date,
): Promise<boolean> {
  const done = await db
    .updateTable('recovery_code')
    .set({ used_at: at })
    .where('account_id', '=', account)
    .where('hash', '=', hash)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** How many recovery codes are left. */
export async function recoveryCodesLeft(db: Database, account: string): Promise<number> {
  const row = await db
    .selectFrom('recovery_code')
    .select(({ fn }) => fn.countAll<number>().as('left'))
    .where('account_id', '=', account)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow()
  return row.left
}

/** Whatever stands as a second factor of an account now, oldest first. */
export const secondFactorsOf = compiledOnce((db: Database, account: string) =>
  db
    .selectFrom('second_factor')
    .select(['id', 'kind', 'label', 'created_at', 'last_used_at'])
    .where('account_id', '=', account)
    .orderBy('created_at')
    .orderBy('id')
    .modifyEnd(keptPlan),
)

/** Whether an account administers a workspace: by a built-in role, or by one of the workspace's own that edits people or keys. */
export function administers(account: Expression<string>) {
  return sql<boolean>`exists (
    select from membership
    left join own_role on own_role.id = membership.own_role_id
    where membership.account_id = ${account} and membership.suspended_at is null
      and (membership.role in ('owner', 'admin')
        or own_role.permissions && array['people.edit', 'api-key.edit']))`
}

/** What decides which second factors count for an account; undefined when there is no such account. */
export async function standingRow(db: Database, account: string) {
  const [row] = await standingRows(db, account)
  return row
}

const standingRows = compiledOnce((db: Database, account: string) =>
  db
    .selectFrom('account')
    .leftJoin('staff', 'staff.account_id', 'account.id')
    .select(({ ref }) => [
      sql<boolean>`staff.account_id is not null`.as('staff'),
      administers(ref('account.id')).as('administers'),
    ])
    .where('account.id', '=', account)
    .modifyEnd(keptPlan),
)

/** Names a factor of an account that can have a name; tells whether there is one. */
export async function setLabel(
  db: Database,
  account: string,
  id: string,
  sealed: Readonly<Record<'totp_factor' | 'webauthn_key', Buffer>>,
): Promise<boolean> {
  for (const table of ['totp_factor', 'webauthn_key'] as const) {
    const done = await db
      .updateTable(table)
      .set({ label: sealed[table] })
      .where('account_id', '=', account)
      .where('id', '=', id)
      .executeTakeFirst()
    if (done.numUpdatedRows === 1n) return true
  }
  return false
}
