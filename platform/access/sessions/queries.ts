import { sql, type Insertable } from 'kysely'
import { keptPlan, notify, type Database, type Tables } from '../../db/index.ts'
import type { FactorKind } from '../../kernel/caller.ts'
import type { StaffRole, WorkspaceRole } from '../../kernel/permission.ts'
import { accessChanged } from '../changed.ts'
import type { ElevationRow } from '../elevation/live.ts'
import { elevationsOfSession } from '../elevation/queries.ts'
import { administers } from '../factors/queries.ts'

/** Why a session is no more. */
export type EndReason = 'signed-out' | 'revoked' | 'expired' | 'replaced' | 'withdrawn'

/** A session that was not ended, with the present roles of its account. */
export interface SessionRow {
  readonly id: string
  readonly account_id: string
  readonly level: 'password' | 'enrolling' | 'full'
  readonly factors: readonly FactorKind[]
  readonly proved_at: Date | null
  readonly created_at: Date
  readonly last_seen_at: Date
  /** The workspace that the session was put into, whatever became of it. */
  readonly chosen_workspace_id: string | null
  /** Null when the workspace or the membership is gone or suspended. */
  readonly workspace_id: string | null
  readonly workspace_role: WorkspaceRole | null
  /** When the role ends, if it was given by an exception. */
  readonly role_until: Date | null
  /** What a workspace's own role allows; null for the roles that are built in. */
  readonly role_permissions: readonly string[] | null
  readonly staff_role: StaffRole | null
  /** Whether the account administers any workspace. */
  readonly administers: boolean
  /** Since when the account's password is known to be breached; nothing but another one can be chosen then. */
  readonly password_breached_at: Date | null
  /** What was given to this session for a time; whoever decides compares the time. */
  readonly elevations: readonly ElevationRow[]
}

/** Stores a session. */
export async function insertSession(db: Database, row: Insertable<Tables['session']>): Promise<void> {
  await db.insertInto('session').values(row).execute()
}

/** Stores a session that waits: `enrolling` when its account has no second factor yet, otherwise `password`. */
export async function insertWaitingSession(
  db: Database,
  row: Pick<Insertable<Tables['session']>, 'id' | 'token_hash' | 'account_id' | 'factors' | 'device'> & {
    readonly workspace_id: string | null
  },
  now: Date,
): Promise<'password' | 'enrolling'> {
  const { rows } = await sql<{ level: 'password' | 'enrolling' }>`
    insert into session (id, token_hash, account_id, level, factors, workspace_id, created_at, last_seen_at, device)
    values (${row.id}, ${row.token_hash}, ${row.account_id},
      case when exists (select from second_factor where account_id = ${row.account_id}) then 'password' else 'enrolling' end,
      ${row.factors}, ${row.workspace_id}, ${now}, ${now}, ${row.device})
    returning level ${keptPlan}`.execute(db)
  const [stored] = rows
  if (stored === undefined) throw new Error('a session was not stored')
  return stored.level
}

function sessionsWithRights(db: Database) {
  return db
    .selectFrom('session')
    .innerJoin('account', 'account.id', 'session.account_id')
    .leftJoin('workspace', (join) =>
      join.onRef('workspace.id', '=', 'session.workspace_id').on('workspace.removed_at', 'is', null),
    )
    .leftJoin('membership', (join) =>
      join
        .onRef('membership.account_id', '=', 'session.account_id')
        .onRef('membership.workspace_id', '=', 'workspace.id')
        .on('membership.suspended_at', 'is', null),
    )
    .leftJoin('own_role', 'own_role.id', 'membership.own_role_id')
    .leftJoin('staff', 'staff.account_id', 'session.account_id')
    .select(({ exists, ref, selectFrom }) => [
      'session.token_hash',
      'session.id',
      'session.account_id',
      'session.level',
      'session.factors',
      'session.proved_at',
      'session.created_at',
      'session.last_seen_at',
      'session.workspace_id as chosen_workspace_id',
      'membership.workspace_id',
      'membership.role as workspace_role',
      'membership.role_until',
      'own_role.permissions as role_permissions',
      'staff.role as staff_role',
      administers(ref('session.account_id')).as('administers'),
      'account.password_breached_at',
      exists(
        selectFrom('elevation')
          .select('elevation.id')
          .whereRef('elevation.session_id', '=', 'session.id')
          .where('elevation.ended_at', 'is', null)
          .where('elevation.granted_at', 'is not', null),
      ).as('elevated'),
    ])
}

/**
 * The sessions of these tokens, unless ended or of a disabled account, by the token's hash in base64; roles and
 * elevations as they are now.
 */
export async function sessionsByTokens(
  db: Database,
  tokenHashes: readonly Buffer[],
): Promise<Map<string, SessionRow>> {
  const rows = await sessionsWithRights(db)
    .where('session.token_hash', '=', sql<Buffer>`any(${[...tokenHashes]}::bytea[])`)
    .where('session.ended_at', 'is', null)
    .where('account.disabled_at', 'is', null)
    .modifyEnd(keptPlan)
    .execute()
  const found = new Map<string, SessionRow>()
  for (const { token_hash, elevated, ...row } of rows) {
    const elevations = elevated ? await elevationsOfSession(db, row.id) : []
    found.set(token_hash.toString('base64'), { ...row, elevations } as SessionRow)
  }
  return found
}

/** The session of a token, unless it was ended or its account disabled. */
export async function sessionByToken(db: Database, tokenHash: Buffer): Promise<SessionRow | undefined> {
  return (await sessionsByTokens(db, [tokenHash])).get(tokenHash.toString('base64'))
}

/**
 * Writes that a session was used at `seen`, unless a later use is known, it was ended, or any process wrote after
 * `writtenBefore`; tells the last use that is stored now, undefined when the session is over.
 */
export async function touchSession(
  db: Database,
  id: string,
  use: { readonly seen: Date; readonly now: Date; readonly writtenBefore: Date | null },
): Promise<Date | undefined> {
  const written = await db
    .updateTable('session')
    .set({ last_seen_at: use.seen, seen_written_at: use.now })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where('last_seen_at', '<', use.seen)
    .$if(use.writtenBefore !== null, (query) =>
      query.where((or) =>
        or.or([or('seen_written_at', 'is', null), or('seen_written_at', '<=', use.writtenBefore)]),
      ),
    )
    .returning('last_seen_at')
    .executeTakeFirst()
  if (written !== undefined) return written.last_seen_at
  const row = await db
    .selectFrom('session')
    .select('last_seen_at')
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return row?.last_seen_at
}

/** Ends a session if nobody used it after `lastUsed` meanwhile or it is past its age; tells whether this call ended it. */
export async function expireSession(
  db: Database,
  id: string,
  at: Date,
  limits: { readonly lastUsed: Date; readonly started: Date },
): Promise<boolean> {
  const done = await db
    .updateTable('session')
    .set({ ended_at: at, end_reason: 'expired' })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where((or) => or.or([or('last_seen_at', '<=', limits.lastUsed), or('created_at', '<=', limits.started)]))
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

const SECOND_FACTORS: ReadonlySet<FactorKind> = new Set(['totp', 'sms', 'webauthn', 'recovery-code'])

/**
 * Raises a session from exactly one level to `full` under a new token, with what it was proved with now; from `full`
 * it only proves again. Tells whether it was there to be raised. Policy 3.1-0.
 */
export async function raiseSession(
  db: Database,
  id: string,
  from: SessionRow['level'],
  proved: readonly FactorKind[],
  tokenHash: Buffer,
  at: Date,
): Promise<boolean> {
  // A new password proves no second factor.
  const provedAt = proved.some((one) => SECOND_FACTORS.has(one)) ? at : null
  const done = await sql`
    update session set level = 'full', token_hash = ${tokenHash}, last_seen_at = ${at},
      factors = array(select distinct unnest(factors || ${[...proved]}::text[])),
      proved_at = coalesce(${provedAt}::timestamptz, proved_at)
    where id = ${id} and level = ${from} and ended_at is null ${keptPlan}`.execute(db)
  // The token before is worthless at once, in every process.
  await notify(db, 'session_revoked', id)
  return done.numAffectedRows === 1n
}

/** Ends sessions of an account and returns their ids: one, all, all but one, or all in a workspace. */
export async function endSessions(
  db: Database,
  account: string,
  which: { readonly only?: string; readonly except?: string; readonly workspace?: string },
  reason: EndReason,
  at: Date,
): Promise<string[]> {
  let query = db
    .updateTable('session')
    .set({ ended_at: at, end_reason: reason })
    .where('account_id', '=', account)
    .where('ended_at', 'is', null)
  if (which.only !== undefined) query = query.where('id', '=', which.only)
  if (which.except !== undefined) query = query.where('id', '!=', which.except)
  if (which.workspace !== undefined) query = query.where('workspace_id', '=', which.workspace)
  return (await query.returning('id').execute()).map((row) => row.id)
}

/** Every session of an account that was not ended, newest first; the reader drops the expired ones. */
export function openSessions(db: Database, account: string) {
  return db
    .selectFrom('session')
    .select(['id', 'level', 'factors', 'proved_at', 'created_at', 'last_seen_at', 'device'])
    .where('account_id', '=', account)
    .where('ended_at', 'is', null)
    .orderBy('created_at', 'desc')
    .execute()
}

/** Puts a session into a workspace. */
export async function setSessionWorkspace(db: Database, id: string, workspace: string | null): Promise<void> {
  await db.updateTable('session').set({ workspace_id: workspace }).where('id', '=', id).execute()
  await notify(db, 'session_revoked', id)
}

/** Takes every session out of a workspace that is removed. */
export async function leaveWorkspace(db: Database, workspace: string): Promise<void> {
  await db.updateTable('session').set({ workspace_id: null }).where('workspace_id', '=', workspace).execute()
  await accessChanged(db, { workspace })
}

/** Deletes sessions that ended before `before` or started before it. */
export async function deleteOldSessions(db: Database, before: Date): Promise<void> {
  await db
    .deleteFrom('session')
    .where((or) => or.or([or('ended_at', '<', before), or('created_at', '<', before)]))
    .execute()
}
