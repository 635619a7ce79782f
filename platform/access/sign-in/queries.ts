import { sql } from 'kysely'
import { compiledOnce, keptPlan, type Database } from '../../db/index.ts'
import type { Counter } from './lockout.ts'

/** How long the first lock lasts, and at most how long any. */
export const LOCK_SECONDS = { min: 15 * 60, max: 24 * 60 * 60 } as const

const COLUMNS = {
  'account-password': { table: 'account', prefix: 'password' },
  'account-code': { table: 'account', prefix: 'code' },
  'device-password': { table: 'device', prefix: 'password' },
  'device-code': { table: 'device', prefix: 'code' },
  'session-password': { table: 'session', prefix: 'password' },
  'session-code': { table: 'session', prefix: 'code' },
  'sms-code': { table: 'sms_factor', prefix: 'code' },
} as const satisfies Record<Counter['of'], { table: string; prefix: string }>

function columnsOf(counter: Counter) {
  const { table, prefix } = COLUMNS[counter.of]
  return {
    table: sql.table(table),
    failures: sql.ref(`${prefix}_failures`),
    locks: sql.ref(`${prefix}_locks`),
    until: sql.ref(`${prefix}_locked_until`),
  }
}

/** Counts an attempt as wrong in advance, unless a lock stands; undefined when one does or nobody has this counter. */
export async function takeAttempt(
  db: Database,
  counter: Counter,
  failuresMax: number,
  now: Date,
): Promise<{ locked_until: Date | null } | undefined> {
  const { table, failures, locks, until } = columnsOf(counter)
  const last = sql`${failures} + 1 >= ${failuresMax}::int`
  const seconds = sql`least(${LOCK_SECONDS.min}::int * power(2, least(${locks}, 20)), ${LOCK_SECONDS.max}::int)`
  const { rows } = await sql<{ locked_until: Date | null }>`
    update ${table} set
      ${failures} = case when ${last} then 0 else ${failures} + 1 end,
      ${locks} = case when ${last} then ${locks} + 1 else ${locks} end,
      ${until} = case when ${last} then ${now}::timestamptz + make_interval(secs => ${seconds}) end
    where id = ${counter.id}::uuid and (${until} is null or ${until} <= ${now}::timestamptz)
    returning ${until} as locked_until ${keptPlan}`.execute(db)
  return rows[0]
}

/** Takes back what `takeAttempt` counted, and the lock that it began. */
export async function returnAttempt(
  db: Database,
  counter: Counter,
  failuresMax: number,
  lockedUntil: Date | null,
): Promise<void> {
  const { table, failures, locks, until } = columnsOf(counter)
  const own = sql`${until} = ${lockedUntil}::timestamptz`
  await sql`
    update ${table} set
      ${failures} = case when ${own} then ${failuresMax}::int - 1 else greatest(${failures} - 1, 0) end,
      ${locks} = case when ${own} then greatest(${locks} - 1, 0) else ${locks} end,
      ${until} = case when ${own} then null else ${until} end
    where id = ${counter.id}::uuid`.execute(db)
}

/** Sets a counter back. */
export async function clearAttempts(db: Database, counter: Counter): Promise<void> {
  const { table, failures, locks, until } = columnsOf(counter)
  await sql`
    update ${table} set ${failures} = 0, ${locks} = 0, ${until} = null
    where id = ${counter.id}::uuid and (${failures} > 0 or ${locks} > 0 or ${until} is not null) ${keptPlan}`.execute(
    db,
  )
}

/** The device of an account that this token belongs to. */
export async function deviceByToken(
  db: Database,
  account: string,
  tokenHash: Buffer,
): Promise<string | undefined> {
  const [row] = await devicesByToken(db, account, tokenHash)
  return row?.id
}

const devicesByToken = compiledOnce((db: Database, account: string, tokenHash: Buffer) =>
  db
    .selectFrom('device')
    .select('id')
    .where('token_hash', '=', tokenHash)
    .where('account_id', '=', account)
    .modifyEnd(keptPlan),
)

/** Whether an account knows any device. */
export async function hasDevice(db: Database, account: string): Promise<boolean> {
  const row = await db
    .selectFrom('device')
    .select('id')
    .where('account_id', '=', account)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Remembers a device of an account. */
export async function insertDevice(
  db: Database,
  row: { readonly id: string; readonly account_id: string; readonly token_hash: Buffer; readonly at: Date },
): Promise<void> {
  const { at, ...rest } = row
  await db
    .insertInto('device')
    .values({ ...rest, created_at: at, last_used_at: at })
    .execute()
}

/** Gives the device of an account that has the token `before` another one; tells whether there is such a device. */
export async function renewDevice(
  db: Database,
  account: string,
  before: Buffer,
  next: Buffer,
  at: Date,
): Promise<boolean> {
  return (await renewedDevices(db, account, before, next, at)).length > 0
}

// By its id, so that of two sign-ins at once the later one finds the device that the earlier one renewed.
const renewedDevices = compiledOnce((db: Database, account: string, before: Buffer, next: Buffer, at: Date) =>
  db
    .updateTable('device')
    .set({ token_hash: next, last_used_at: at })
    .where('id', '=', (one) =>
      one
        .selectFrom('device as known')
        .select('known.id')
        .where('known.token_hash', '=', before)
        .where('known.account_id', '=', account),
    )
    .returning('id')
    .modifyEnd(keptPlan),
)

/** Forgets devices that were not used since `before`. */
export async function deleteDevicesUnusedSince(db: Database, before: Date): Promise<void> {
  await db.deleteFrom('device').where('last_used_at', '<', before).execute()
}
