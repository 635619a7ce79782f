import { sql, type Insertable } from 'kysely'
import { compiledOnce, type Database, type Tables } from '../../db/index.ts'
import type { FactorKind } from '../../kernel/caller.ts'
import type { WorkspaceRole } from '../../kernel/permission.ts'
import { administers } from '../factors/queries.ts'

/** One thing that was issued, as it is stored: an id only as its hash. */
export type ArtifactRow = Insertable<Tables['oauth_artifact']>

/** Something that was issued and is forgotten. */
export interface Forgotten {
  readonly kind: string
  readonly id_hash: Buffer
}

/** Stores something issued, in place of what has the same id; what was used up stays so. */
export async function upsertArtifact(db: Database, row: ArtifactRow): Promise<void> {
  const { kind: _kind, id_hash: _id, created_at: _at, ...change } = row
  await db
    .insertInto('oauth_artifact')
    .values(row)
    .onConflict((conflict) => conflict.columns(['kind', 'id_hash']).doUpdateSet(change))
    .execute()
}

/** Stores something that may be there once only; tells whether this call stored it. */
export async function insertOnce(db: Database, row: ArtifactRow): Promise<boolean> {
  const done = await db
    .insertInto('oauth_artifact')
    .values(row)
    .onConflict((conflict) => conflict.columns(['kind', 'id_hash']).doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** What has this id and has not expired. */
export function artifactById(db: Database, kind: string, idHash: Buffer, now: Date) {
  return db
    .selectFrom('oauth_artifact')
    .select(['id_hash', 'workspace_id', 'payload', 'consumed_at', 'client_id', 'account_id', 'session_id'])
    .where('kind', '=', kind)
    .where('id_hash', '=', idHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/** What has this second id and has not expired. */
export function artifactByUid(db: Database, kind: string, uidHash: Buffer, now: Date) {
  return db
    .selectFrom('oauth_artifact')
    .select(['id_hash', 'workspace_id', 'payload', 'consumed_at', 'client_id', 'account_id', 'session_id'])
    .where('kind', '=', kind)
    .where('uid_hash', '=', uidHash)
    .where('expires_at', '>', now)
    .executeTakeFirst()
}

/**
 * A token that stands: neither it nor its client nor the consent behind it has expired or was revoked, its workspace is
 * there, and whoever it acts for, the person or else the client's maker, is not disabled and belongs to the workspace now. Policy 3.2-c, 4.3-a.2.
 */
export async function standingToken(db: Database, kind: string, idHash: Buffer, now: Date) {
  const [row] = await standingTokens(db, kind, idHash, now)
  return row === undefined ? undefined : { ...row, workspace_role: row.workspace_role as WorkspaceRole }
}

const STANDING_COLUMNS = [
  'token.client_id',
  'token.account_id',
  'token.scopes',
  'token.proof_key',
  'token.session_id',
  'token.payload',
  'token.consumed_at',
  'token.id_hash',
  'token.expires_at',
  'holder.id as holder_id',
  'given.expires_at as grant_expires_at',
  'client.expires_at as client_expires_at',
  'client.workspace_id',
  'client.last_used_at',
  'membership.role as workspace_role',
  'membership.role_until',
  'own_role.permissions as role_permissions',
  'session.created_at as session_created_at',
  'session.last_seen_at as session_last_seen_at',
] as const

const standingTokens = compiledOnce((db: Database, kind: string, idHash: Buffer, now: Date) =>
  db
    .selectFrom('oauth_artifact as token')
    .innerJoin('oauth_client as client', 'client.id', 'token.client_id')
    .innerJoin('workspace', 'workspace.id', 'client.workspace_id')
    .innerJoin('account as holder', (join) =>
      join.on('holder.id', '=', sql`coalesce(token.account_id, client.account_id)`),
    )
    .innerJoin('membership', (join) =>
      join
        .onRef('membership.account_id', '=', 'holder.id')
        .onRef('membership.workspace_id', '=', 'client.workspace_id'),
    )
    .leftJoin('own_role', 'own_role.id', 'membership.own_role_id')
    .leftJoin('session', 'session.id', 'token.session_id')
    .leftJoin('staff', 'staff.account_id', 'session.account_id')
    .leftJoin('oauth_artifact as given', (join) =>
      join.on('given.kind', '=', 'Grant').onRef('given.id_hash', '=', 'token.grant_hash'),
    )
    .select(({ ref }) => [
      ...STANDING_COLUMNS,
      sql<FactorKind[] | null>`session.factors`.as('session_factors'),
      'holder.password_breached_at',
      'staff.role as staff_role',
      // Asked only about what lives with a session.
      sql<boolean>`case when session.id is null then false else ${administers(ref('holder.id'))} end`.as(
        'administers',
      ),
    ])
    .where('token.kind', '=', kind)
    .where('token.id_hash', '=', idHash)
    .where('token.expires_at', '>', now)
    .where('client.revoked_at', 'is', null)
    .where('client.expires_at', '>', now)
    .where('workspace.removed_at', 'is', null)
    .where('holder.disabled_at', 'is', null)
    .where('membership.suspended_at', 'is', null)
    .where((or) => or.or([or('token.session_id', 'is', null), or('session.id', 'is not', null)]))
    .where('session.ended_at', 'is', null)
    .where((or) => or.or([or('token.grant_hash', 'is', null), or('given.expires_at', '>', now)])),
)

/** A token that stands, with what its holder's rights follow from. */
export type StandingToken = NonNullable<Awaited<ReturnType<typeof standingToken>>>

/** Marks something as used up; tells whether this call did it. */
export async function consumeArtifact(
  db: Database,
  kind: string,
  idHash: Buffer,
  at: Date,
): Promise<boolean> {
  const done = await db
    .updateTable('oauth_artifact')
    .set({ consumed_at: at })
    .where('kind', '=', kind)
    .where('id_hash', '=', idHash)
    .where('consumed_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Forgets one thing; tells whether it was there. */
export async function deleteArtifact(db: Database, kind: string, idHash: Buffer): Promise<boolean> {
  const done = await db
    .deleteFrom('oauth_artifact')
    .where('kind', '=', kind)
    .where('id_hash', '=', idHash)
    .executeTakeFirst()
  return done.numDeletedRows === 1n
}

/**
 * Forgets everything of one kind that came from a grant, or, without a kind, everything and the grant itself; returns what
 * there was.
 */
export function deleteGrant(db: Database, grantHash: Buffer, kind?: string): Promise<Forgotten[]> {
  let query = db.deleteFrom('oauth_artifact')
  query =
    kind === undefined
      ? query.where((or) =>
          or.or([
            or('grant_hash', '=', grantHash),
            or.and([or('kind', '=', 'Grant'), or('id_hash', '=', grantHash)]),
          ]),
        )
      : query.where('grant_hash', '=', grantHash).where('kind', '=', kind)
  return query.returning(['kind', 'id_hash']).execute()
}

/** The person's session behind a browser's visit, by the hash of the visit's second id. */
export async function sessionOfVisit(db: Database, uidHash: Buffer): Promise<string | null> {
  const row = await db
    .selectFrom('oauth_artifact')
    .select('session_id')
    .where('kind', '=', 'Session')
    .where('uid_hash', '=', uidHash)
    .executeTakeFirst()
  return row?.session_id ?? null
}

/** The workspace of a client, whatever became of either. */
export async function workspaceOfClient(db: Database, client: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('oauth_client')
    .select('workspace_id')
    .where('id', '=', client)
    .executeTakeFirst()
  return row?.workspace_id
}

/** What a person allowed clients to do in their name: one row a grant that has not expired. */
export function grantsOf(db: Database, account: string, now: Date) {
  return db
    .selectFrom('oauth_artifact as given')
    .innerJoin('oauth_client as client', 'client.id', 'given.client_id')
    .select([
      'given.id_hash',
      'given.created_at',
      'given.scopes',
      'client.id as client_id',
      'client.name as client_name',
      'client.workspace_id',
    ])
    .where('given.kind', '=', 'Grant')
    .where('given.account_id', '=', account)
    .where('given.expires_at', '>', now)
    .where('client.revoked_at', 'is', null)
    .orderBy('given.created_at', 'desc')
    .execute()
}

/** Forgets what acts in the name of an account, in one workspace or everywhere; returns the hashes of what did. */
export async function deleteOfAccount(
  db: Database,
  account: string,
  workspace?: string,
): Promise<Forgotten[]> {
  let query = db.deleteFrom('oauth_artifact').where('account_id', '=', account)
  if (workspace !== undefined)
    query = query.where('client_id', 'in', (inner) =>
      inner.selectFrom('oauth_client').select('id').where('workspace_id', '=', workspace),
    )
  return query.returning(['kind', 'id_hash']).execute()
}

/** Forgets everything that was issued to clients. */
export async function deleteOfClients(db: Database, clients: readonly string[]): Promise<void> {
  if (clients.length === 0) return
  await db.deleteFrom('oauth_artifact').where('client_id', 'in', clients).execute()
}

/** Which of these are still there and not used up. */
export function presentArtifacts(db: Database, kind: string, hashes: readonly Buffer[], now: Date) {
  return db
    .selectFrom('oauth_artifact')
    .select('id_hash')
    .where('kind', '=', kind)
    .where('id_hash', 'in', hashes)
    .where('expires_at', '>', now)
    .execute()
}

/** Deletes what expired before `before`. */
export async function deleteExpired(db: Database, before: Date): Promise<void> {
  await db.deleteFrom('oauth_artifact').where('expires_at', '<', before).execute()
  await db.deleteFrom('oauth_secret').where('expires_at', '<', before).execute()
}
