import { sql, type Insertable } from 'kysely'
import type { LookUp } from '../../encryption/index.ts'
import type { Database, Tables } from '../../db/index.ts'

/** Held while a code is sent, so that budgets are exact however many ask at once. */
const SEND_LOCK = 0x5ec0_0013

/** Lets only one transaction at a time decide whether a code is sent. */
export async function lockSending(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(${SEND_LOCK}::bigint)`.execute(db)
}

/** Stores a number that still has to be confirmed, instead of any other such one of the account. */
export async function insertPendingNumber(
  db: Database,
  row: Insertable<Tables['sms_factor']>,
): Promise<void> {
  await db
    .deleteFrom('sms_factor')
    .where('account_id', '=', row.account_id)
    .where('confirmed_at', 'is', null)
    .execute()
  await db.insertInto('sms_factor').values(row).execute()
}

/** A number of an account that waits to be confirmed since `madeAfter`. */
export function pendingNumber(db: Database, account: string, id: string, madeAfter: Date) {
  return db
    .selectFrom('sms_factor')
    .selectAll()
    .where('account_id', '=', account)
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .where('created_at', '>', madeAfter)
    .executeTakeFirst()
}

/** Confirms a number; tells whether this call was the first. */
export async function confirmNumber(db: Database, id: string, at: Date, usableFrom: Date): Promise<boolean> {
  const done = await db
    .updateTable('sms_factor')
    .set({ confirmed_at: at, usable_from: usableFrom })
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The confirmed numbers of an account, oldest first. */
export function confirmedNumbers(db: Database, account: string) {
  return db
    .selectFrom('sms_factor')
    .selectAll()
    .where('account_id', '=', account)
    .where('confirmed_at', 'is not', null)
    .orderBy('created_at')
    .execute()
}

/** Notes when a number was used last. */
export async function noteNumberUse(db: Database, id: string, at: Date): Promise<void> {
  await db.updateTable('sms_factor').set({ last_used_at: at }).where('id', '=', id).execute()
}

/** Removes a number of an account; tells whether it was there. */
export async function deleteNumber(db: Database, account: string, id: string): Promise<boolean> {
  const done = await db
    .deleteFrom('sms_factor')
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()
  return done.numDeletedRows === 1n
}

/** Whether an account belongs to a check of the system. */
export async function isProbe(db: Database, account: string): Promise<boolean> {
  const row = await db.selectFrom('account').select('probe').where('id', '=', account).executeTakeFirst()
  return row?.probe === true
}

/** Stores a code; any other open one of the session for the same purpose is worth nothing from then on. */
export async function insertCode(db: Database, row: Insertable<Tables['sms_code']>): Promise<void> {
  await db
    .updateTable('sms_code')
    .set({ voided_at: row.created_at })
    .where('session_id', '=', row.session_id ?? null)
    .where('purpose', '=', row.purpose)
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .execute()
  await db.insertInto('sms_code').values(row).execute()
}

/** The open code of a session, with the number it went to; a number that was removed takes its codes along. */
export function openCode(
  db: Database,
  wanted: {
    readonly session: string
    readonly account: string
    readonly purpose: string
    readonly now: Date
  },
) {
  return db
    .selectFrom('sms_code')
    .innerJoin('sms_factor', 'sms_factor.id', 'sms_code.factor_id')
    .select(['sms_code.id', 'sms_code.hash', 'sms_code.factor_id'])
    .where('sms_code.session_id', '=', wanted.session)
    .where('sms_code.account_id', '=', wanted.account)
    .where('sms_factor.account_id', '=', wanted.account)
    .where('sms_code.purpose', '=', wanted.purpose)
    .where('sms_code.used_at', 'is', null)
    .where('sms_code.voided_at', 'is', null)
    .where('sms_code.expires_at', '>', wanted.now)
    .executeTakeFirst()
}

/** Uses a code up; false when somebody else was first or it expired. */
export async function useCode(db: Database, id: string, at: Date): Promise<boolean> {
  const done = await db
    .updateTable('sms_code')
    .set({ used_at: at })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('voided_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Whose codes are counted. */
export interface CodesOf {
  readonly number_index?: LookUp
  readonly account_id?: string
  readonly area?: string
  readonly country?: string
  readonly workspace_id?: string
}

/** How many codes were sent since `since`; those of checks count only for their own account. */
export async function codesSince(db: Database, of: CodesOf, since: Date): Promise<number> {
  let query = db
    .selectFrom('sms_code')
    .select(({ fn }) => fn.countAll<number>().as('sent'))
    .where('created_at', '>', since)
  const { number_index: number, ...others } = of
  if (number !== undefined) query = query.where('number_index', 'in', number)
  for (const [column, value] of Object.entries(others))
    query = query.where(column as keyof typeof others, '=', value)
  if (of.account_id === undefined) query = query.where('country', '<>', 'check')
  return (await query.executeTakeFirstOrThrow()).sent
}

/** How many codes were sent in a while, to a country or at all, and how many of them came back. */
export async function conversion(
  db: Database,
  country: string | null,
  between: { readonly from: Date; readonly to: Date },
): Promise<{ readonly sent: number; readonly back: number }> {
  let query = db
    .selectFrom('sms_code')
    .select(({ fn }) => [fn.countAll<number>().as('sent'), fn.count<number>('used_at').as('back')])
    .where('created_at', '>', between.from)
    .where('created_at', '<=', between.to)
    .where('country', '<>', 'check')
  if (country !== null) query = query.where('country', '=', country)
  return query.executeTakeFirstOrThrow()
}

/** Whether one of these is closed at `now`. */
export async function isClosed(db: Database, scopes: readonly string[], now: Date): Promise<boolean> {
  const row = await db
    .selectFrom('sms_closure')
    .select('scope')
    .where('scope', 'in', scopes)
    .where('until', '>', now)
    .executeTakeFirst()
  return row !== undefined
}

/** Closes a country, or everything, for a while. */
export async function close(db: Database, scope: string, at: Date, until: Date): Promise<void> {
  await db
    .insertInto('sms_closure')
    .values({ scope, closed_at: at, until })
    .onConflict((conflict) => conflict.column('scope').doUpdateSet({ closed_at: at, until }))
    .execute()
}

/** Removes codes that no budget counts any more, and closures that ended. */
export async function deleteOldCodes(db: Database, before: Date): Promise<void> {
  await db.deleteFrom('sms_code').where('created_at', '<', before).execute()
  await db.deleteFrom('sms_closure').where('until', '<', before).execute()
}
