import { sql } from 'kysely'
import type { Keyring } from '../keyring/database.ts'
import type { RootHealth, RootUse } from './root.ts'

/** What is noted of a root key at each look. */
export interface SeenRoot {
  readonly fingerprint: string
  readonly provider: string
  readonly name: string
  readonly state: RootHealth['state']
  readonly policy_hash: string | null
  readonly versions: number | null
}

/** Notes how a root key is; returns what was noted before, undefined at the first look. */
export async function noteSeen(keyring: Keyring, seen: SeenRoot, at: Date): Promise<SeenRoot | undefined> {
  const before = await keyring
    .selectFrom('root_seen')
    .select(['fingerprint', 'provider', 'name', 'state', 'policy_hash', 'versions'])
    .where('fingerprint', '=', seen.fingerprint)
    .executeTakeFirst()
  const { state, policy_hash, versions } = seen
  await keyring
    .insertInto('root_seen')
    .values({ ...seen, first_seen: at, seen_at: at })
    .onConflict((conflict) =>
      conflict.column('fingerprint').doUpdateSet({ state, policy_hash, versions, seen_at: at }),
    )
    .execute()
  return before as SeenRoot | undefined
}

/** How many live keys of tenants are wrapped under each root key, and since when the oldest of them is. */
export function wrappedUnder(keyring: Keyring) {
  return keyring
    .selectFrom('tenant_key')
    .select((one) => [
      'root',
      sql<number>`count(*)::int`.as('keys'),
      one.fn.min<Date>('wrapped_at').as('since'),
    ])
    .where('destroyed_at', 'is', null)
    .groupBy('root')
    .orderBy('root')
    .execute()
}

/** A live key of a tenant, as it is wrapped. */
export interface WrappedRow {
  readonly tenant: string
  readonly version: number
  readonly wrapped: Buffer
}

/** Some live keys that another root wrapped, or this one before `before`. */
export function notYetMoved(
  keyring: Keyring,
  { root, before, most }: { readonly root: string; readonly before: Date; readonly most: number },
): Promise<WrappedRow[]> {
  return keyring
    .selectFrom('tenant_key')
    .select(['tenant', 'version', 'wrapped'])
    .where('destroyed_at', 'is', null)
    .where((one) => one.or([one('root', '!=', root), one('wrapped_at', '<', before)]))
    .orderBy('tenant')
    .orderBy('version')
    .limit(most)
    .execute()
}

/** A change of the root key. */
export interface RootChange {
  readonly id: string
  readonly root: string
  readonly started_at: Date
  readonly moved: number
  readonly finished_at: Date | null
}

/** Notes that a change begins. */
export async function beginChange(
  keyring: Keyring,
  change: { readonly id: string; readonly root: string; readonly started_at: Date },
): Promise<void> {
  await keyring.insertInto('root_change').values(change).execute()
}

/** Notes how far a change is. */
export async function noteMoved(
  keyring: Keyring,
  id: string,
  more: number,
  finishedAt: Date | null,
): Promise<void> {
  await keyring
    .updateTable('root_change')
    .set((one) => ({ moved: one('moved', '+', more), finished_at: finishedAt }))
    .where('id', '=', id)
    .execute()
}

/** The last changes, newest first. */
export function rootChanges(keyring: Keyring, most: number): Promise<RootChange[]> {
  return keyring
    .selectFrom('root_change')
    .select(['id', 'root', 'started_at', 'moved', 'finished_at'])
    .orderBy('started_at', 'desc')
    .limit(most)
    .execute()
}

/** Notes a request that a keeper served, once. */
export async function insertRootUse(keyring: Keyring, root: string, use: RootUse): Promise<void> {
  await keyring
    .insertInto('root_use')
    .values({ root, ...use })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** Forgets requests from before `cutoff`. */
export async function removeRootUsesBefore(keyring: Keyring, cutoff: Date): Promise<void> {
  await keyring.deleteFrom('root_use').where('at', '<', cutoff).execute()
  await keyring.deleteFrom('root_stranger').where('at', '<', cutoff).execute()
}

/** Says of a tenant's live key that another root wrapped it, inside a transaction that is undone. */
export async function misplaceKey(keyring: Keyring, tenant: string, root: string): Promise<void> {
  await keyring
    .updateTable('tenant_key')
    .set({ root })
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
    .execute()
}
