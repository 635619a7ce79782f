import type { Database } from '../../db/index.ts'

/** Notes that the service was asked about the present password and does not list it. */
export async function noteChecked(
  db: Database,
  account: string,
  passwordHash: string,
  at: Date,
): Promise<void> {
  await db
    .updateTable('account')
    .set({ breach_checked_at: at })
    .where('id', '=', account)
    .where('password_hash', '=', passwordHash)
    .execute()
}

/** Marks the present password as breached; tells whether it was not marked before. */
export async function noteBreached(
  db: Database,
  account: string,
  passwordHash: string,
  at: Date,
): Promise<boolean> {
  const done = await db
    .updateTable('account')
    .set({ password_breached_at: at, breach_checked_at: at })
    .where('id', '=', account)
    .where('password_hash', '=', passwordHash)
    .where('password_breached_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** How many accounts hash their passwords in which way: the first 7 characters of the hashes, e.g. `$2b$12$`, and the pepper. */
export function hashKinds(db: Database) {
  return db
    .selectFrom('account')
    .select(({ fn, val }) => [
      fn<string>('left', ['password_hash', val(7)]).as('prefix'),
      'pepper_version',
      fn.countAll<number>().as('accounts'),
    ])
    .groupBy(['prefix', 'pepper_version'])
    .orderBy('prefix')
    .orderBy('pepper_version')
    .execute()
}
