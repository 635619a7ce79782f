import type { LookUp } from '../../encryption/index.ts'
import { sql } from 'kysely'
import { secondsAfter, type Clock } from '../../kernel/clock.ts'
import { secretHash, type Secret } from '../../kernel/secret.ts'
import type { Database } from '../../db/index.ts'

/** The workspace that checks act in; the protected service never hears of it. */
export const PROBE_WORKSPACE = '00000000-0000-4000-8000-00000000c4ec'

/** Makes sure the workspace of checks exists; its name is never shown. */
export async function ensureProbeWorkspace(db: Database, at: Date): Promise<void> {
  await db
    .insertInto('workspace')
    .values({ id: PROBE_WORKSPACE, name: Buffer.alloc(0), created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Removes accounts that a check made and, being killed, did not remove. */
export async function deleteStaleProbes(db: Database, now: Date): Promise<void> {
  await db
    .deleteFrom('account')
    .where('probe', '=', true)
    .where('created_at', '<', secondsAfter(now, -3600))
    .execute()
}

/** Removes the account that a check made, by the index of its address. */
export async function deleteProbe(db: Database, lookUp: LookUp): Promise<void> {
  await db.deleteFrom('account').where('probe', '=', true).where('email_index', 'in', lookUp).execute()
}

/** Makes a session of a check look as old, and as long unused, as is told. */
export async function ageSession(
  db: Database,
  id: string,
  ages: { readonly created_at: Date; readonly last_seen_at: Date },
): Promise<void> {
  await db.updateTable('session').set(ages).where('id', '=', id).execute()
}

/** Makes the last proof of a second factor in a session of a check look as old as is told. */
export async function ageProof(db: Database, id: string, provedAt: Date): Promise<void> {
  await db.updateTable('session').set({ proved_at: provedAt }).where('id', '=', id).execute()
}

/** Opens a burned challenge again for a session, for a known-bad run. */
export async function reviveChallenge(
  { db, clock }: { readonly db: Database; readonly clock: Clock },
  session: string,
  challenge: Secret<'challenge'>,
): Promise<void> {
  await db
    .updateTable('webauthn_challenge')
    .set({ challenge_hash: secretHash(challenge), expires_at: secondsAfter(clock.now(), 60) })
    .where('session_id', '=', session)
    .execute()
}

/** Sessions that reach data, and those among them that must not: proved by one factor, or of an account without a second one. */
export async function assuranceCensus(db: Database): Promise<{
  readonly accounts: number
  readonly fullSessions: number
  readonly oneFactor: number
  readonly withoutFactor: number
}> {
  return db
    .selectFrom('session')
    .where('ended_at', 'is', null)
    .where('level', '=', 'full')
    .select(({ fn, selectFrom }) => [
      fn.countAll<number>().as('fullSessions'),
      fn
        .countAll<number>()
        .filterWhere(sql<boolean>`cardinality(array(select distinct unnest(session.factors))) < 2`)
        .as('oneFactor'),
      fn
        .countAll<number>()
        .filterWhere(
          'session.account_id',
          'not in',
          selectFrom('second_factor').select(sql<string>`account_id`.as('account_id')),
        )
        .as('withoutFactor'),
      selectFrom('account')
        .select((account) => account.fn.countAll<number>().as('accounts'))
        .$asScalar()
        .$notNull()
        .as('accounts'),
    ])
    .executeTakeFirstOrThrow()
}

/** Breaks the memory of spent codes of an account, for a known-bad run. */
export async function forgetSpentCodes(db: Database, account: string): Promise<void> {
  await db.updateTable('totp_factor').set({ last_step: 0 }).where('account_id', '=', account).execute()
}

/** Makes the open codes of a probe account as old as codes may get. */
export async function ageCodes(db: Database, account: string, now: Date): Promise<void> {
  await db
    .updateTable('sms_code')
    .set({ expires_at: now })
    .where('account_id', '=', account)
    .where('used_at', 'is', null)
    .execute()
}

/** When the codes of a probe account were made and when they end. */
export function codesOf(db: Database, account: string) {
  return db
    .selectFrom('sms_code')
    .select(['created_at', 'expires_at'])
    .where('account_id', '=', account)
    .execute()
}

/** Breaks the memory of used codes of an account, for a known-bad run. */
export async function forgetUsedCodes(db: Database, account: string): Promise<void> {
  await db.updateTable('sms_code').set({ used_at: null }).where('account_id', '=', account).execute()
}

/** Breaks the rule that a number counts only once it is confirmed, for a known-bad run. */
export async function pretendConfirmed(db: Database, account: string, now: Date): Promise<void> {
  await db
    .updateTable('sms_factor')
    .set({ confirmed_at: now, usable_from: now })
    .where('account_id', '=', account)
    .execute()
}

/** Breaks the end of a session, for a known-bad run. */
export async function reviveSession(db: Database, id: string): Promise<void> {
  await db.updateTable('session').set({ ended_at: null, end_reason: null }).where('id', '=', id).execute()
}

/** How many letters of a kind wait for, or went to, an account. */
export async function lettersTo(db: Database, account: string, kind: string): Promise<number> {
  const row = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<number>().as('letters'))
    .where('account_id', '=', account)
    .where('kind', '=', kind)
    .executeTakeFirstOrThrow()
  return row.letters
}

/** Removes roles and rules that a check made and, being killed, did not remove. */
export async function deleteStaleRoles(db: Database, now: Date): Promise<void> {
  const before = secondsAfter(now, -3600)
  await db
    .deleteFrom('own_role')
    .where('workspace_id', '=', PROBE_WORKSPACE)
    .where('created_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('membership')
            .select('membership.account_id')
            .whereRef('membership.own_role_id', '=', 'own_role.id'),
        ),
      ),
    )
    .execute()
  await db
    .deleteFrom('duty_rule')
    .where('workspace_id', '=', PROBE_WORKSPACE)
    .where('created_at', '<', before)
    .execute()
}

/** Makes a key of a check look as old as is told. */
export async function ageKey(
  db: Database,
  id: string,
  ages: { readonly created_at?: Date; readonly expires_at: Date },
): Promise<void> {
  await db.updateTable('api_key').set(ages).where('id', '=', id).execute()
}
