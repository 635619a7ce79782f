import { sql, type Insertable } from 'kysely'
import type { Database, Tables } from '../../db/index.ts'
import { SENSITIVE, type StaffRole } from '../../kernel/permission.ts'
import { sensitiveOf } from './eligible.ts'
import type { ElevationRow } from './live.ts'

/** Why an elevation, or the request for one, is over. */
export type ElevationEnd =
  | 'unanswered'
  | 'denied'
  | 'withdrawn'
  | 'expired'
  | 'ended-early'
  | 'session-ended'
  | 'account-disabled'
  | 'factors-changed'
  | 'role-lost'
  | 'rights-withdrawn'
  | 'support-refused'

/** Stores a request, or a break-glass elevation. */
export async function insertElevation(db: Database, row: Insertable<Tables['elevation']>): Promise<void> {
  await db.insertInto('elevation').values(row).execute()
}

/**
 * The elevations of a live session that were given and not ended, whatever the clock says: the reader compares it. One
 * for a workspace that refuses support now is none.
 */
export async function elevationsOfSession(db: Database, session: string): Promise<ElevationRow[]> {
  const rows = await db
    .selectFrom('elevation')
    .innerJoin('session', 'session.id', 'elevation.session_id')
    .innerJoin('account', 'account.id', 'elevation.account_id')
    .leftJoin('workspace', (join) =>
      join
        .onRef('workspace.id', '=', 'elevation.workspace_id')
        .on('workspace.removed_at', 'is', null)
        .on('workspace.support_access', '=', true),
    )
    .select([
      'elevation.id',
      'elevation.kind',
      'elevation.account_id',
      'elevation.session_id',
      'elevation.workspace_id',
      'session.workspace_id as chosen',
      'elevation.permissions',
      'elevation.granted_at',
      'elevation.expires_at',
    ])
    .where('elevation.session_id', '=', session)
    .where('elevation.ended_at', 'is', null)
    .where('session.ended_at', 'is', null)
    .whereRef('session.account_id', '=', 'elevation.account_id')
    .where('account.disabled_at', 'is', null)
    .where(({ or, eb }) => or([eb('elevation.workspace_id', 'is', null), eb('workspace.id', 'is not', null)]))
    .orderBy('elevation.granted_at')
    .execute()
  return rows.flatMap((row) =>
    row.granted_at === null || row.expires_at === null
      ? []
      : [
          {
            id: row.id,
            kind: row.kind === 'break-glass' ? ('break-glass' as const) : ('approved' as const),
            account: row.account_id,
            session: row.session_id,
            workspace: row.workspace_id,
            entered: row.workspace_id !== null && row.chosen === row.workspace_id,
            permissions: sensitiveOf(row.permissions),
            grantedAt: row.granted_at,
            expiresAt: row.expires_at,
          },
        ],
  )
}

/** An elevation with the present state of whoever asked for it. */
export type ElevationState = Awaited<ReturnType<typeof elevationStates>>[number]

function states(db: Database) {
  return db
    .selectFrom('elevation')
    .innerJoin('account', 'account.id', 'elevation.account_id')
    .leftJoin('staff', 'staff.account_id', 'elevation.account_id')
    .leftJoin('session', 'session.id', 'elevation.session_id')
    .leftJoin('workspace', 'workspace.id', 'elevation.workspace_id')
    .selectAll('elevation')
    .select([
      'account.disabled_at',
      'account.probe',
      'staff.role as staff_role',
      'session.created_at as session_started',
      'session.ended_at as session_ended',
      'workspace.support_access',
      'workspace.removed_at as workspace_removed',
    ])
}

/** Everything that is not over: requests that wait, and elevations that count. */
export function elevationStates(db: Database) {
  return states(db).where('elevation.ended_at', 'is', null).orderBy('elevation.requested_at').execute()
}

/** One of them or of those that are over, held until the transaction ends. */
export function lockElevation(db: Database, id: string) {
  return states(db).where('elevation.id', '=', id).forUpdate('elevation').executeTakeFirst()
}

/** The same without holding it. */
export function elevationState(db: Database, id: string) {
  return states(db).where('elevation.id', '=', id).executeTakeFirst()
}

/** What an account asked for, newest first. */
export function elevationsOfAccount(db: Database, account: string, most: number) {
  return db
    .selectFrom('elevation')
    .selectAll()
    .where('account_id', '=', account)
    .orderBy('requested_at', 'desc')
    .limit(most)
    .execute()
}

/** The latest elevations and requests of everybody but checks, newest first. */
export function latestElevations(db: Database, most: number) {
  return db
    .selectFrom('elevation')
    .innerJoin('account', 'account.id', 'elevation.account_id')
    .selectAll('elevation')
    .where('account.probe', '=', false)
    .orderBy('elevation.requested_at', 'desc')
    .limit(most)
    .execute()
}

/** Break-glass elevations that nobody has looked at afterwards, oldest first. */
export function unreviewedBreakGlass(db: Database) {
  return db
    .selectFrom('elevation')
    .innerJoin('account', 'account.id', 'elevation.account_id')
    .selectAll('elevation')
    .where('elevation.kind', '=', 'break-glass')
    .where('elevation.reviewed_at', 'is', null)
    .where('account.probe', '=', false)
    .orderBy('elevation.requested_at')
    .execute()
}

/** Holds the requests of an account, so that they are counted one after another. */
export async function lockRequester(db: Database, account: string): Promise<void> {
  await db.selectFrom('account').select('id').where('id', '=', account).forUpdate().execute()
}

/** Writes a decision on a request that waits; false when somebody else was first. */
export async function decideElevation(
  db: Database,
  id: string,
  decision: {
    readonly decided_by: string
    readonly decided_at: Date
    readonly decision_reason: Buffer | null
    readonly granted_at?: Date
    readonly expires_at?: Date
    readonly ended_at?: Date
    readonly end_reason?: ElevationEnd
  },
): Promise<boolean> {
  const done = await db
    .updateTable('elevation')
    .set(decision)
    .where('id', '=', id)
    .where('decided_at', 'is', null)
    .where('granted_at', 'is', null)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Ends an elevation or a request; false when it was over. */
export async function endElevation(
  db: Database,
  id: string,
  reason: ElevationEnd,
  at: Date,
): Promise<boolean> {
  const done = await db
    .updateTable('elevation')
    .set({ ended_at: at, end_reason: reason })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** What of an account, a session or a workspace is not over, held until the transaction ends. */
export function openElevations(
  db: Database,
  of: { readonly account?: string; readonly session?: string; readonly workspace?: string },
) {
  let query = db.selectFrom('elevation').selectAll().where('ended_at', 'is', null)
  if (of.account !== undefined) query = query.where('account_id', '=', of.account)
  if (of.session !== undefined) query = query.where('session_id', '=', of.session)
  if (of.workspace !== undefined) query = query.where('workspace_id', '=', of.workspace)
  return query.orderBy('id').forUpdate().execute()
}

/** Writes that somebody looked at a break-glass elevation afterwards; false when somebody did before. */
export async function markReviewed(
  db: Database,
  id: string,
  review: { readonly reviewed_by: string; readonly reviewed_at: Date; readonly review_note: Buffer },
): Promise<boolean> {
  const done = await db
    .updateTable('elevation')
    .set(review)
    .where('id', '=', id)
    .where('kind', '=', 'break-glass')
    .where('reviewed_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The staff role of an account that is not disabled. */
export async function staffRoleOf(db: Database, account: string): Promise<StaffRole | null> {
  const row = await db
    .selectFrom('staff')
    .innerJoin('account', 'account.id', 'staff.account_id')
    .select('staff.role')
    .where('staff.account_id', '=', account)
    .where('account.disabled_at', 'is', null)
    .executeTakeFirst()
  return (row?.role as StaffRole | undefined) ?? null
}

/** When a session began; undefined when it was ended. */
export async function sessionStart(db: Database, session: string): Promise<Date | undefined> {
  const row = await db
    .selectFrom('session')
    .select('created_at')
    .where('id', '=', session)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return row?.created_at
}

/** Until when nothing sensitive is given to an account, after its factors were reset. */
export async function barredUntil(db: Database, account: string): Promise<Date | null> {
  const row = await db
    .selectFrom('account')
    .select('elevation_barred_until')
    .where('id', '=', account)
    .executeTakeFirst()
  return row?.elevation_barred_until ?? null
}

/** Whether an account is one that a check made for itself. */
export async function isProbe(db: Database, account: string): Promise<boolean> {
  const row = await db.selectFrom('account').select('probe').where('id', '=', account).executeTakeFirst()
  return row?.probe ?? false
}

/** The provider's staff with their sealed faces: people, or for the request of a check, other probes alone. */
export async function staffFaces(db: Database, probe: boolean) {
  const rows = await db
    .selectFrom('staff')
    .innerJoin('account', 'account.id', 'staff.account_id')
    .select(['account.id', 'account.email', 'account.display_name', 'staff.role'])
    .where('account.disabled_at', 'is', null)
    .where('account.probe', '=', probe)
    .orderBy('account.id')
    .execute()
  return rows.map((row) => ({ ...row, role: row.role as StaffRole }))
}

/** The owners of a workspace with their sealed faces. */
export function ownerFaces(db: Database, workspace: string) {
  return db
    .selectFrom('membership')
    .innerJoin('account', 'account.id', 'membership.account_id')
    .select(['account.id', 'account.email', 'account.display_name'])
    .where('membership.workspace_id', '=', workspace)
    .where('membership.role', '=', 'owner')
    .where('account.disabled_at', 'is', null)
    .where('account.probe', '=', false)
    .orderBy('account.id')
    .execute()
}

/** A workspace that support may be asked for: it exists and its owners allow it. */
export async function workspaceAllowsSupport(db: Database, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('workspace')
    .select('id')
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .where('support_access', '=', true)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether a workspace lets support in, by its owners' choice. */
export async function supportAccess(db: Database, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('workspace')
    .select('support_access')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.support_access ?? false
}

/** Writes that choice; false when it was so. */
export async function setSupportAccess(db: Database, id: string, allowed: boolean): Promise<boolean> {
  const done = await db
    .updateTable('workspace')
    .set({ support_access: allowed })
    .where('id', '=', id)
    .where('support_access', '!=', allowed)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/**
 * Sensitive permissions that stand in the data without a time: in a workspace's own role or in a key's scopes; and the
 * moment since when the oldest elevation counts that was not ended.
 */
export async function standingSensitive(
  db: Database,
): Promise<{ standing: number; given: number; oldest: Date | null }> {
  const sensitive = sql`${[...SENSITIVE]}::text[]`
  const { rows } = await sql<{ standing: number; given: number; oldest: Date | null }>`
    select
      (select count(*)::int from own_role where permissions && ${sensitive})
      + (select count(*)::int from api_key where scopes && ${sensitive} and revoked_at is null) as standing,
      (select count(*)::int from elevation where granted_at is not null) as given,
      (select min(granted_at) from elevation where granted_at is not null and ended_at is null) as oldest`.execute(
    db,
  )
  return rows[0] ?? { standing: 0, given: 0, oldest: null }
}

/** Makes an elevation of a check look as if it had ended so long ago. */
export async function ageElevation(
  db: Database,
  id: string,
  ages: { readonly granted_at: Date; readonly expires_at: Date },
): Promise<void> {
  await db.updateTable('elevation').set(ages).where('id', '=', id).execute()
}
