import type { Keyring } from './database.ts'

/** The key of a person; `wrapped` is empty once it was destroyed. */
export interface StoredPersonKey {
  readonly person: string
  readonly wrapped: Buffer
  readonly fingerprint: string
  readonly under: number
}

/** The key of one person of a tenant, if one was ever made. */
export function personKey(
  keyring: Keyring,
  tenant: string,
  person: string,
): Promise<StoredPersonKey | undefined> {
  return keyring
    .selectFrom('person_key')
    .select(['person', 'wrapped', 'fingerprint', 'under'])
    .where('tenant', '=', tenant)
    .where('person', '=', person)
    .executeTakeFirst()
}

/** Every live key of a tenant's persons. */
export function personKeys(keyring: Keyring, tenant: string): Promise<StoredPersonKey[]> {
  return keyring
    .selectFrom('person_key')
    .select(['person', 'wrapped', 'fingerprint', 'under'])
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is', null)
    .execute()
}

/** Fingerprints of the keys of persons of a tenant who were forgotten. */
export async function destroyedPersonKeys(keyring: Keyring, tenant: string): Promise<readonly string[]> {
  const rows = await keyring
    .selectFrom('person_key')
    .select('fingerprint')
    .where('tenant', '=', tenant)
    .where('destroyed_at', 'is not', null)
    .execute()
  return rows.map(({ fingerprint }) => fingerprint)
}

/** Stores a person's key unless another process was first, or one was destroyed; tells whether it did. */
export async function storePersonKey(
  keyring: Keyring,
  key: StoredPersonKey & { readonly tenant: string; readonly created_at: Date },
): Promise<boolean> {
  const done = await keyring
    .insertInto('person_key')
    .values(key)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return done.numInsertedOrUpdatedRows === 1n
}

/** What was destroyed and may never come back. */
export interface Tombstone {
  readonly tenant: string
  /** Null: everything of the tenant. */
  readonly person: string | null
  readonly destroyedAt: Date
}

/** Every tenant and person whose keys were destroyed. */
export async function tombstones(keyring: Keyring): Promise<readonly Tombstone[]> {
  const tenants = await keyring
    .selectFrom('tenant_key as dead')
    .select((one) => ['tenant', one.fn.max<Date>('destroyed_at').as('destroyedAt')])
    .where((one) =>
      one.not(
        one.exists(
          one
            .selectFrom('tenant_key as live')
            .whereRef('live.tenant', '=', 'dead.tenant')
            .where('live.destroyed_at', 'is', null),
        ),
      ),
    )
    .groupBy('tenant')
    .execute()
  const gone = new Set(tenants.map(({ tenant }) => tenant))
  const persons = await keyring
    .selectFrom('person_key')
    .select(['tenant', 'person', 'destroyed_at as destroyedAt'])
    .where('destroyed_at', 'is not', null)
    .execute()
  return [
    ...tenants.map((one) => ({ ...one, person: null })),
    ...persons
      .filter(({ tenant }) => !gone.has(tenant))
      .map((one) => ({ ...one, destroyedAt: one.destroyedAt ?? new Date(0) })),
  ]
}
