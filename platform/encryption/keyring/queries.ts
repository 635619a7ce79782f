import { sql } from 'kysely'
import { generateDataKey, keyFingerprint } from '#envelope'
import type { Keyring } from './database.ts'

/** What a key of a tenant is used for. */
export type KeyPurpose = 'data' | 'index'

/** What was done with keys. */
export type KeyAction = 'created' | 'opened' | 'rotated' | 'released' | 'retired' | 'destroyed'

/** Which version of which key: what seals or looks up for a tenant, or what seals for one of its persons. */
export type KeyName = { readonly tenant: string; readonly version: number } & (
  | { readonly purpose: KeyPurpose }
  | { readonly person: string }
)

const NOTHING = Buffer.alloc(0)

/** Where the versions of a key lie, and what tells it from others of its tenant. */
function placeOf(key: KeyName) {
  return 'person' in key
    ? ({ table: 'person_key', column: 'person', value: key.person } as const)
    : ({ table: 'data_key', column: 'purpose', value: key.purpose } as const)
}

/** Changes one live version of a key; tells whether there was one. */
async function changeKey(
  keyring: Keyring,
  key: KeyName,
  to: { readonly wrapped: Buffer } & ({ readonly under: number } | { readonly destroyed_at: Date }),
): Promise<boolean> {
  const { table, column, value } = placeOf(key)
  const done = await keyring
    .updateTable(table)
    .set(to)
    .where('tenant', '=', key.tenant)
    .where(sql.ref(column), '=', value)
    .where('version', '=', key.version)
    .where('destroyed_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The key that wraps a tenant's other keys, wrapped under the root key. */
export interface StoredTenantKey {
  readonly version: number
  readonly wrapped: Buffer
  readonly fingerprint: string
  readonly root: string
}

/** A version of a tenant's key; `wrapped` is empty once it was destroyed. */
export interface StoredKey {
  readonly purpose: KeyPurpose
  readonly version: number
  readonly wrapped: Buffer
  readonly fingerprint: string
  readonly under: number
  readonly created_at: Date
}

/** What a tenant has: its own key, and every version of the others, oldest first. */
export interface TenantRows {
  readonly tenantKey: StoredTenantKey | undefined
  /** Whether there ever was one. */
  readonly known: boolean
  readonly keys: readonly StoredKey[]
}

/** Reads what a tenant has. */
export async function tenantRows(keyring: Keyring, tenant: string): Promise<TenantRows> {
  const own = await keyring
    .selectFrom('tenant_key')
    .select(['version', 'wrapped', 'fingerprint', 'root', 'destroyed_at'])
    .where('tenant', '=', tenant)
    .execute()
  const keys = await keyring
    .selectFrom('data_key')
    .select(['purpose', 'version', 'wrapped', 'fingerprint', 'under', 'created_at'])
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
    .orderBy('version')
    .execute()
  return {
    tenantKey: own.find((key) => key.destroyed_at === null),
    known: own.length > 0,
    keys: keys as StoredKey[],
  }
}

/** A key that wraps, as it is stored. */
export interface NewTenantKey {
  readonly tenant: string
  readonly version: number
  readonly wrapped: Buffer
  readonly fingerprint: string
  readonly root: string
  readonly wrapped_at: Date
  readonly created_at: Date
}

/** A key version as it is stored. */
export interface NewKey {
  readonly tenant: string
  readonly purpose: KeyPurpose
  readonly version: number
  readonly wrapped: Buffer
  readonly fingerprint: string
  readonly under: number
  readonly created_at: Date
}

/** Stores a tenant's own key unless another process was first, or it once had one; tells whether it did. */
export async function storeTenantKey(keyring: Keyring, key: NewTenantKey): Promise<boolean> {
  const done = await keyring
    .insertInto('tenant_key')
    .values(key)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** Stores a key version unless another process stored that version first; tells whether it did. */
export async function storeKey(keyring: Keyring, key: NewKey): Promise<boolean> {
  const done = await keyring
    .insertInto('data_key')
    .values(key)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/**
 * Holds a tenant's own key until the end of the transaction, and returns its version; undefined when it has none. Whoever
 * makes versions of keys holds it to read, whoever replaces or destroys them to change.
 */
export async function lockTenantKey(
  keyring: Keyring,
  tenant: string,
  mode: 'to read' | 'to change',
): Promise<number | undefined> {
  const live = keyring
    .selectFrom('tenant_key')
    .select('version')
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
  // An update locks the row anyway; a role without DELETE may lock it to share only if it may update it.
  const lock = mode === 'to change' ? live.forUpdate() : live.forShare()
  for (;;) {
    const row = await lock.executeTakeFirst()
    // One that was replaced while this waited has a follower, which the first look could not see.
    if (row !== undefined || (await live.executeTakeFirst()) === undefined) return row?.version
  }
}

/** Puts newly wrapped bytes in the place of a key's old ones; the key itself stays as it is. */
export async function replaceWrapping(
  keyring: Keyring,
  key: KeyName,
  to: { readonly wrapped: Buffer; readonly under: number },
): Promise<void> {
  await changeKey(keyring, key, to)
}

/** Destroys one version of a tenant's own key, which nothing is wrapped under any more. */
export async function destroyTenantKey(
  keyring: Keyring,
  tenant: string,
  version: number,
  at: Date,
): Promise<void> {
  await keyring
    .updateTable('tenant_key')
    .set({ wrapped: NOTHING, destroyed_at: at })
    .where('tenant', '=', tenant)
    .where('version', '=', version)
    .where('destroyed_at', 'is', null)
    .execute()
}

/** Destroys one version of a key; tells whether there was one. */
export function destroyVersion(keyring: Keyring, key: KeyName, at: Date): Promise<boolean> {
  return changeKey(keyring, key, { wrapped: NOTHING, destroyed_at: at })
}

/** Destroys every key of a tenant, or of one person: what they sealed can never be opened again. Returns how many there were. */
export async function destroyKeys(
  keyring: Keyring,
  { tenant, person }: { readonly tenant: string; readonly person: string | null },
  at: Date,
): Promise<number> {
  let count = 0
  // No version is made meanwhile that this would not see.
  await lockTenantKey(keyring, tenant, 'to change')
  const tables =
    person === null ? (['tenant_key', 'data_key', 'person_key'] as const) : (['person_key'] as const)
  for (const table of tables) {
    let query = keyring
      .updateTable(table)
      .set({ wrapped: NOTHING, destroyed_at: at })
      .where('tenant', '=', tenant)
      .where('destroyed_at', 'is', null)
    if (person !== null) query = query.where(sql.ref('person'), '=', person)
    count += Number((await query.executeTakeFirst()).numUpdatedRows)
  }
  if (person !== null && count === 0) await neverMade(keyring, { tenant, person }, at)
  return count
}

/** The trace of a person who had no key: none is ever made, and a database that comes back from a backup hears of it too. */
async function neverMade(
  keyring: Keyring,
  of: { readonly tenant: string; readonly person: string },
  at: Date,
): Promise<void> {
  const fingerprint = keyFingerprint(generateDataKey())
  const trace = {
    ...of,
    version: 1,
    wrapped: NOTHING,
    fingerprint,
    under: 1,
    created_at: at,
    destroyed_at: at,
  }
  await keyring
    .insertInto('person_key')
    .values(trace)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** A tenant's newest key of a purpose. */
export interface CurrentKey {
  readonly tenant: string
  readonly version: number
  readonly created_at: Date
}

/** The newest live key of this purpose of every tenant that has keys, oldest first. */
export async function currentKeys(keyring: Keyring, purpose: KeyPurpose): Promise<CurrentKey[]> {
  const newest = keyring
    .selectFrom('data_key')
    .distinctOn('tenant')
    .select(['tenant', 'version', 'created_at'])
    .where('purpose', '=', purpose)
    .where('destroyed_at', 'is', null)
    .orderBy('tenant')
    .orderBy('version', 'desc')
    .as('newest')
  return keyring.selectFrom(newest).selectAll().orderBy('created_at').execute()
}

/** Every stored key that seals or looks up and was not destroyed. */
export function storedKeys(keyring: Keyring) {
  return keyring
    .selectFrom('data_key')
    .select(['tenant', 'purpose', 'version', 'wrapped', 'fingerprint', 'under', 'created_at'])
    .where('destroyed_at', 'is', null)
    .execute()
}

/** Every tenant's own key that was not destroyed. */
export function storedTenantKeys(keyring: Keyring) {
  return keyring
    .selectFrom('tenant_key')
    .select(['tenant', 'version', 'wrapped', 'fingerprint', 'root', 'created_at'])
    .where('destroyed_at', 'is', null)
    .execute()
}

/** Wraps a tenant's own key under another root: compare and set on the old bytes; tells whether they were still there. */
export async function rewrapTenantKey(
  keyring: Keyring,
  key: { readonly tenant: string; readonly version: number; readonly wrapped: Buffer },
  to: { readonly wrapped: Buffer; readonly root: string; readonly wrapped_at: Date },
): Promise<boolean> {
  const done = await keyring
    .updateTable('tenant_key')
    .set(to)
    .where('tenant', '=', key.tenant)
    .where('version', '=', key.version)
    .where('wrapped', '=', key.wrapped)
    .where('destroyed_at', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows === 1n
}

/** The tenants that have keys. */
export async function tenantsWithKeys(keyring: Keyring): Promise<readonly string[]> {
  const rows = await keyring
    .selectFrom('tenant_key')
    .select('tenant')
    .distinct()
    .where('destroyed_at', 'is', null)
    .execute()
  return rows.map(({ tenant }) => tenant)
}

/** The tenants whose keys were all destroyed. */
export async function destroyedTenants(keyring: Keyring): Promise<ReadonlySet<string>> {
  const rows = await keyring
    .selectFrom('tenant_key')
    .select('tenant')
    .groupBy('tenant')
    .having((one) => one.fn<boolean>('bool_and', [sql`destroyed_at is not null`]), '=', true)
    .execute()
  return new Set(rows.map((row) => row.tenant))
}

/** The fingerprints of every key that ever sealed values of a tenant, live or destroyed, as `tenant/fingerprint`. */
export async function sealingFingerprints(
  keyring: Keyring,
): Promise<readonly { readonly tenant: string; readonly fingerprint: string }[]> {
  return keyring
    .selectFrom('data_key')
    .select(['tenant', 'fingerprint'])
    .where('purpose', '=', 'data')
    .unionAll(keyring.selectFrom('person_key').select(['tenant', 'fingerprint']))
    .execute()
}

/** Makes the live keys of one kind of a tenant, or of its persons, as old as `at`, inside a transaction that is undone. */
export async function backdateKeys(
  keyring: Keyring,
  tenant: string,
  kind: KeyPurpose | 'persons',
  at: Date,
): Promise<void> {
  const query = keyring
    .updateTable(kind === 'persons' ? 'person_key' : 'data_key')
    .set({ created_at: at })
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
  await (kind === 'persons' ? query : query.where(sql.ref('purpose'), '=', kind)).execute()
}

/** Since when each root key, or its newest version, is in use, by its fingerprint; a keeper's versions share one. */
export async function rootKeysSince(
  keyring: Keyring,
): Promise<readonly { readonly fingerprint: string; readonly since: Date }[]> {
  return keyring
    .selectFrom('tenant_key')
    .select([
      'root as fingerprint',
      sql<Date>`greatest(min(wrapped_at), (select max(started_at) from root_change
        where root_change.root = tenant_key.root and finished_at is not null))`.as('since'),
    ])
    .groupBy('root')
    .execute()
}

/** Rewrites the pages that held destroyed keys, of persons or of tenants and persons; a server that does not let the role do that warns and leaves them. */
export async function clearPages(keyring: Keyring, of: 'persons' | 'all'): Promise<void> {
  const tables = of === 'persons' ? ['person_key'] : ['tenant_key', 'data_key', 'person_key']
  for (const table of tables) await rewritePages(keyring, table)
}

/** SQLSTATE of a lock that was not to be had in time. */
const LOCKED = '55P03'
const REWRITE_TRIES = 30

/** Stands in nobody's way for longer than a second: everybody who reads the table later waits behind it. */
async function rewritePages(keyring: Keyring, table: string): Promise<void> {
  for (let tried = 1; ; tried++)
    try {
      await keyring.connection().execute(async (one) => {
        await sql`set lock_timeout = '1s'`.execute(one)
        try {
          await sql`vacuum (full) ${sql.table(table)}`.execute(one)
        } finally {
          await sql`reset lock_timeout`.execute(one)
        }
      })
      return
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== LOCKED || tried === REWRITE_TRIES) throw error
    }
}

/** True when the keyring answers; throws what it or the connection says when it does not. */
export async function keyringAnswers(keyring: Keyring): Promise<boolean> {
  await sql`select 1`.execute(keyring)
  return true
}
