import type { Insertable } from 'kysely'
import type { Database, Tables } from '../../../db/index.ts'

/** What a challenge was asked for. */
export type Purpose = 'add' | 'sign-in' | 'passkey' | 'step-up'

/** Stores a challenge; a session has one for each purpose, the latest. */
export async function insertChallenge(
  db: Database,
  row: Insertable<Tables['webauthn_challenge']>,
): Promise<void> {
  const { challenge_hash, expires_at } = row
  await db
    .insertInto('webauthn_challenge')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['session_id', 'purpose']).doUpdateSet({ challenge_hash, expires_at }),
    )
    .execute()
}

/** Burns the open challenge of a session for a purpose, whatever was answered; undefined when there is none. */
export function burnSessionChallenge(db: Database, session: string, purpose: Purpose) {
  return db
    .deleteFrom('webauthn_challenge')
    .where('session_id', '=', session)
    .where('purpose', '=', purpose)
    .returning(['challenge_hash', 'expires_at'])
    .executeTakeFirst()
}

/** Burns a challenge that was asked for before there was a session. */
export function burnPasskeyChallenge(db: Database, challengeHash: Buffer) {
  return db
    .deleteFrom('webauthn_challenge')
    .where('challenge_hash', '=', challengeHash)
    .where('purpose', '=', 'passkey')
    .returning(['challenge_hash', 'expires_at'])
    .executeTakeFirst()
}

/** Removes challenges that nobody answered in time. */
export async function deleteOldChallenges(db: Database, now: Date): Promise<void> {
  await db.deleteFrom('webauthn_challenge').where('expires_at', '<=', now).execute()
}

/** Stores a key; false when this credential is registered already, by whomever. */
export async function insertKey(db: Database, row: Insertable<Tables['webauthn_key']>): Promise<boolean> {
  const done = await db
    .insertInto('webauthn_key')
    .values(row)
    .onConflict((conflict) => conflict.column('credential_id').doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** The keys of an account, as a browser is told to look for them. */
export function keysOf(db: Database, account: string) {
  return db
    .selectFrom('webauthn_key')
    .select(['id', 'credential_id', 'transports', 'backed_up', 'user_verified'])
    .where('account_id', '=', account)
    .orderBy('created_at')
    .execute()
}

/** A key by the name that it gave itself, with whether its account is disabled. */
export function keyByCredential(db: Database, credential: Buffer) {
  return db
    .selectFrom('webauthn_key')
    .innerJoin('account', 'account.id', 'webauthn_key.account_id')
    .select([
      'webauthn_key.id',
      'webauthn_key.account_id',
      'webauthn_key.credential_id',
      'webauthn_key.public_key',
      'account.disabled_at',
    ])
    .where('webauthn_key.credential_id', '=', credential)
    .executeTakeFirst()
}

/**
 * Notes a use of a key with its counter; false when the counter did not go on, as with a copied key, or the key is
 * gone. A key that does not count says zero every time.
 */
export async function useKey(
  db: Database,
  id: string,
  use: { readonly counter: number; readonly backedUp: boolean; readonly at: Date },
): Promise<boolean> {
  const done = await db
    .updateTable('webauthn_key')
    .set({ counter: use.counter, backed_up: use.backedUp, last_used_at: use.at })
    .where('id', '=', id)
    .where((or) =>
      or.or([or('counter', '<', use.counter), or.and([or('counter', '=', 0), or.val(use.counter === 0)])]),
    )
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Removes a key of an account; tells whether it was there. */
export async function deleteKey(db: Database, account: string, id: string): Promise<boolean> {
  const done = await db
    .deleteFrom('webauthn_key')
    .where('account_id', '=', account)
    .where('id', '=', id)
    .executeTakeFirst()
  return done.numDeletedRows === 1n
}
