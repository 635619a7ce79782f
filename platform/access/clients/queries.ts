import { sql, type Insertable, type Updateable } from 'kysely'
import { compiledOnce, type Database, type Tables } from '../../db/index.ts'
import { administers } from '../factors/queries.ts'

/** Stores a client. */
export async function insertClient(db: Database, row: Insertable<Tables['oauth_client']>): Promise<void> {
  await db.insertInto('oauth_client').values(row).execute()
}

/** Stores the hash of a secret. */
export async function insertSecret(db: Database, row: Insertable<Tables['oauth_secret']>): Promise<void> {
  await db.insertInto('oauth_secret').values(row).execute()
}

/** Clients that are good at `now`: not revoked, not expired, of a workspace that is there. */
function goodClients(db: Database, now: Date) {
  return db
    .selectFrom('oauth_client')
    .innerJoin('workspace', 'workspace.id', 'oauth_client.workspace_id')
    .where('oauth_client.revoked_at', 'is', null)
    .where('oauth_client.expires_at', '>', now)
    .where('workspace.removed_at', 'is', null)
}

/** A client that is good at `now`, with the hashes of its secrets and the role of its maker, null when the maker has none. */
export async function goodClient(db: Database, id: string, now: Date) {
  const [row] = await clientsByIdNow(db, id, now)
  return row
}

const clientsByIdNow = compiledOnce((db: Database, id: string, now: Date) =>
  goodClients(db, now)
    .leftJoin('account', (join) =>
      join.onRef('account.id', '=', 'oauth_client.account_id').on('account.disabled_at', 'is', null),
    )
    .leftJoin('membership', (join) =>
      join
        .onRef('membership.account_id', '=', 'account.id')
        .onRef('membership.workspace_id', '=', 'oauth_client.workspace_id')
        .on('membership.suspended_at', 'is', null),
    )
    .selectAll('oauth_client')
    .select([
      'membership.role as maker_role',
      sql<string[]>`array(
        select translate(encode(secret.hash, 'base64'), '+/=', '-_') from oauth_secret secret
        where secret.client_id = oauth_client.id and secret.expires_at > ${now}
      )`.as('secret_hashes'),
    ])
    .where('oauth_client.id', '=', id),
)

/** What a client that is good at `now` proves itself with: a row for each of its secrets that has not expired. */
export const goodSecrets = compiledOnce((db: Database, id: string, now: Date) =>
  goodClients(db, now)
    .innerJoin('oauth_secret as secret', 'secret.client_id', 'oauth_client.id')
    .select([
      'oauth_client.account_id',
      'oauth_client.workspace_id',
      'oauth_client.auth_method',
      'oauth_client.introspects',
      'oauth_client.expires_at',
      'secret.hash',
      'secret.expires_at as secret_expires_at',
    ])
    .where('oauth_client.id', '=', id)
    .where('secret.expires_at', '>', now),
)

/** A client as the database has it, good at the moment. */
export type GoodClient = NonNullable<Awaited<ReturnType<typeof goodClient>>>

/** The clients of a workspace, newest first. */
export function clientsOf(db: Database, workspace: string) {
  return db
    .selectFrom('oauth_client')
    .selectAll()
    .where('workspace_id', '=', workspace)
    .orderBy('created_at', 'desc')
    .execute()
}

/** The secrets of a workspace's clients, newest first, without their hashes. */
export function secretsOf(db: Database, workspace: string) {
  return db
    .selectFrom('oauth_secret')
    .innerJoin('oauth_client', 'oauth_client.id', 'oauth_secret.client_id')
    .select([
      'oauth_secret.client_id',
      'oauth_secret.hint',
      'oauth_secret.created_at',
      'oauth_secret.expires_at',
    ])
    .where('oauth_client.workspace_id', '=', workspace)
    .orderBy('oauth_secret.created_at', 'desc')
    .execute()
}

/** Changes a client of a workspace that is not revoked; tells whether there is one. */
export async function updateClient(
  db: Database,
  workspace: string,
  id: string,
  change: Updateable<Tables['oauth_client']>,
): Promise<boolean> {
  const done = await db
    .updateTable('oauth_client')
    .set(change)
    .where('workspace_id', '=', workspace)
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** Lets every secret of a client end at `at` that would live longer. */
export async function shortenSecrets(db: Database, client: string, at: Date): Promise<void> {
  await db
    .updateTable('oauth_secret')
    .set({ expires_at: at })
    .where('client_id', '=', client)
    .where('expires_at', '>', at)
    .execute()
}

/** Revokes clients: one of a workspace, or all that an account made, in one workspace or everywhere; returns them. */
export function revokeClients(
  db: Database,
  which:
    | { readonly workspace: string; readonly id: string }
    | { readonly maker: string; readonly workspace?: string | undefined },
  at: Date,
) {
  let query = db.updateTable('oauth_client').set({ revoked_at: at }).where('revoked_at', 'is', null)
  if (which.workspace !== undefined) query = query.where('workspace_id', '=', which.workspace)
  query = 'id' in which ? query.where('id', '=', which.id) : query.where('account_id', '=', which.maker)
  return query.returning(['id', 'workspace_id']).execute()
}

/** A person as a client may see them; undefined unless they belong to the workspace and are not disabled. */
export function personOf(db: Database, account: string, workspace: string) {
  return db
    .selectFrom('account')
    .innerJoin('membership', 'membership.account_id', 'account.id')
    .select(['account.id', 'account.email', 'account.display_name', 'membership.role'])
    .where('account.id', '=', account)
    .where('account.disabled_at', 'is', null)
    .where('membership.workspace_id', '=', workspace)
    .where('membership.suspended_at', 'is', null)
    .executeTakeFirst()
}

/**
 * A person's session that was not ended, with two factors and what decides whether they are enough now; undefined when
 * there is none or the account is disabled.
 */
export async function fullSession(db: Database, id: string) {
  return db
    .selectFrom('session')
    .innerJoin('account', 'account.id', 'session.account_id')
    .leftJoin('staff', 'staff.account_id', 'session.account_id')
    .select(({ ref }) => [
      'session.id',
      'session.account_id',
      'session.created_at',
      'session.last_seen_at',
      'session.factors',
      'account.password_breached_at',
      'staff.role as staff_role',
      administers(ref('session.account_id')).as('administers'),
    ])
    .where('session.id', '=', id)
    .where('session.level', '=', 'full')
    .where('session.ended_at', 'is', null)
    .where('account.disabled_at', 'is', null)
    .executeTakeFirst()
}

/** The sealed name of a workspace. */
export async function workspaceName(db: Database, id: string): Promise<Buffer | undefined> {
  const row = await db.selectFrom('workspace').select('name').where('id', '=', id).executeTakeFirst()
  return row?.name
}

/** The sealed name of a client. */
export async function clientNameOf(db: Database, id: string): Promise<Buffer | undefined> {
  const row = await db.selectFrom('oauth_client').select('name').where('id', '=', id).executeTakeFirst()
  return row?.name
}
